"""What every page of the admin stands on: no deletion, cheap counting, own rows only."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList as UnfoldChangeList

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts no further than MOST_COUNTED rows, so that a list is as quick at a million of them."""

    template_name = "platform/pagination.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: MOST_COUNTED + 1].count()

    @property
    def is_capped(self) -> bool:
        return self.count > MOST_COUNTED


class QuietChangeList(UnfoldChangeList):
    """Offers "show all" only where a search or a filter hides something."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class PlatformAdmin(ModelAdmin):
    """A page of ours: nothing is deleted, nothing is done to many rows at once."""

    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = False
    list_per_page = 50
    list_max_show_all = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QuietChangeList

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def page(
        self, request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any
    ) -> TemplateResponse:
        """Answer a page of ours inside the admin's frame."""
        request.current_app = self.admin_site.name
        frame = self.admin_site.each_context(request) | {
            "model_admin": self,
            "title": title,
            "content_title": title,
            "is_popup": False,
        }
        return TemplateResponse(request, template, frame | context, status=status)


class RecordAdmin(PlatformAdmin):
    """A page of records: read-only for everybody, superusers included."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def user_of(request: HttpRequest) -> User:
    """Answer who is logged in; the admin lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def demand(request: HttpRequest, permission: str) -> User:
    """Answer the user when the permission is there. Raises PermissionDenied otherwise."""
    user = user_of(request)
    if not user.has_perm(f"generations.{permission}"):
        raise PermissionDenied
    return user
