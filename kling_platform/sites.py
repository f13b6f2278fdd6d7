"""The admin site: unfold's, under a content policy of its own."""

from collections.abc import Callable
from typing import Any

from csp.constants import UNSAFE_EVAL
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from unfold.sites import UnfoldAdminSite

# unfold runs on Alpine.js, which evaluates expressions; only the admin's pages allow that.
_admin_policy = csp_update({"script-src": ["'self'", UNSAFE_EVAL]})


# django-q2's pages unpickle whatever lies in its tables, and one of their buttons runs tasks again.
_HIDDEN_APPS = {"django_q"}


class PlatformAdminSite(UnfoldAdminSite):
    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        shown = [model for model in models if model._meta.app_label not in _HIDDEN_APPS]
        super().register(shown, admin_class, **options)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        return _admin_policy(super().admin_view(view, cacheable))

    @method_decorator(_admin_policy)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().login(request, extra_context)
