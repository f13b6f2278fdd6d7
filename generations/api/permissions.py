"""What a caller may do: a token's scopes, or what the permissions of an admin session come to."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from generations.api.problems import Refused
from generations.models import ApiToken, Scope

# What a session must be permitted to have a scope.
_SESSION_NEEDS: Mapping[Scope, str] = {
    Scope.GENERATIONS_READ: "generations.view_generation",
    Scope.GENERATIONS_WRITE: "generations.add_generation",
    Scope.PRESETS_WRITE: "generations.add_preset",
    Scope.USAGE_READ: "generations.view_all_generations",
    Scope.LEDGER_READ: "generations.view_all_generations",
}
# A scope narrows what its user may do and never widens it: writing needs the user's own right too.
_USER_NEEDS: Mapping[Scope, str] = {
    Scope.GENERATIONS_WRITE: "generations.add_generation",
    Scope.PRESETS_WRITE: "generations.add_preset",
}


class HasScope(BasePermission):
    """The caller is known and has the scope that the view's `scopes` names for the method.

    A scope of None lets every known caller in. A method without an entry is an error in the view.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.allowed_methods:
            return True  # answered 405 a moment later
        scope = view.scopes[method]
        if scope is None:
            return True
        if scope not in scopes_of(request):
            raise Refused("scope_missing", detail=_naming(scope))
        if scope in _USER_NEEDS and not user.has_perm(_USER_NEEDS[scope]):
            raise Refused("permission_denied")
        return True


class HasScopeOrIsStaff(HasScope):
    """As HasScope; a member of staff with an admin session needs none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        in_session = isinstance(request.user, User) and request.auth is None
        return (in_session and request.user.is_staff) or super().has_permission(request, view)


def scopes_of(request: Request) -> frozenset[str]:
    """Answer every scope that a known caller has."""
    if isinstance(request.auth, ApiToken):
        return frozenset(request.auth.scopes)
    user = request.user
    return frozenset(scope for scope, right in _SESSION_NEEDS.items() if user.has_perm(right))


def _naming(scope: Scope) -> str:
    return f"{scope}"
