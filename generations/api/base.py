"""What every view of the API shares: the caller, the size of bodies, private answers."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import User
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generations.api.parsers import MOST_BYTES
from generations.api.problems import Refused
from generations.models import ApiToken, Scope

READ: Mapping[str, Scope | None] = {"GET": Scope.GENERATIONS_READ}


class ApiView(APIView):
    """A view whose `scopes` name the scope that each of its methods needs."""

    scopes: ClassVar[Mapping[str, Scope | None]] = READ
    most_bytes: ClassVar[int] = MOST_BYTES
    # OPTIONS would only tell what the documents say.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @property
    def caller(self) -> User:
        user = self.request.user
        assert isinstance(user, User), "the permission lets known callers in only"
        return user

    @property
    def token(self) -> ApiToken | None:
        """The token that the call came with; None in a session of the admin."""
        return self.request.auth if isinstance(self.request.auth, ApiToken) else None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything looks at the body: the check of a session's CSRF token would read it.
        self._check_length(request)
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response.setdefault("Cache-Control", "private, no-cache")
        return super().finalize_response(request, response, *args, **kwargs)

    def _check_length(self, request: Request) -> None:
        length = request.META.get("CONTENT_LENGTH") or ""
        if "HTTP_TRANSFER_ENCODING" in request.META and not length:
            raise Refused("length_required")
        if length.isdigit() and int(length[:20]) > self.most_bytes:
            raise Refused("body_too_large")


class Nowhere(ApiView):
    """Every address under the API that is none: unknown callers learn nothing of that."""

    scopes: ClassVar[Mapping[str, Scope | None]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Refused("not_found")


def made(body: Any, location: str) -> Response:
    """Answer 201 with the address of what was made."""
    return Response(body, status=201, headers={"Location": location})
