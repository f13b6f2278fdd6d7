"""Users and roles on unfold's forms. Nobody is deleted: who leaves is deactivated."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from generations.admin.bases import PlatformAdmin, user_of

_ONLY_SUPERUSERS_GIVE = ("is_superuser", "groups", "user_permissions")

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, PlatformAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("username", "email", "is_staff", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        given = super().get_readonly_fields(request, obj)
        return given if user_of(request).is_superuser else (*given, *_ONLY_SUPERUSERS_GIVE)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Whoever changed a superuser's password would be one.
        is_above = isinstance(obj, User) and obj.is_superuser
        return super().has_change_permission(request, obj) and (
            user_of(request).is_superuser or not is_above
        )


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, PlatformAdmin):  # type: ignore[misc]
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser
