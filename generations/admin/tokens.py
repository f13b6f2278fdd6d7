"""API tokens: everybody's own, and all of them for those who look after them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from generations.admin.bases import RecordAdmin, demand, user_of
from generations.models import ApiToken, Scope
from generations.money import micro
from generations.services import tokens

_EXPIRIES = [
    ("30", gettext_lazy("In 30 days")),
    ("90", gettext_lazy("In 90 days")),
    ("365", gettext_lazy("In a year")),
    ("", gettext_lazy("Never")),
]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("What uses it: a script, a service, a person's notebook."),
        widget=UnfoldAdminTextInputWidget(),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    expires_days = forms.ChoiceField(
        label=gettext_lazy("Expires"),
        choices=_EXPIRIES,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    cap_usd = forms.DecimalField(
        label=gettext_lazy("At most in a month, in dollars"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        decimal_places=6,
        localize=True,
        help_text=gettext_lazy("Nothing more is accepted with this token then. Empty: no limit."),
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    list_display = ("name_or_key", "owner", "may", "made", "expires", "last_used_at", "revoke")
    list_select_related = ("user",)
    add_text = gettext_lazy("Make a token")
    empty_icon = "key_off"
    empty_title = gettext_lazy("No tokens yet")
    empty_text = gettext_lazy("A program needs a token to work here through the API.")
    list_display_links = None
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        user = user_of(request)
        rows = ApiToken.objects.select_related("user").order_by("-created")
        return rows if user.has_perm("generations.view_apitoken") else rows.filter(user=user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # own tokens are everybody's to see; get_queryset keeps to them

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.add_apitoken")

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        name = "generations_apitoken_revoke"
        return [path("<str:digest>/revoke/", revoke, name=name), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = demand(request, "add_apitoken")
        initial = {"scopes": [Scope.GENERATIONS_READ, Scope.GENERATIONS_WRITE]}
        form = TokenForm(request.POST if request.method == "POST" else None, initial=initial)
        token = ""
        if form.is_valid():
            days = form.cleaned_data["expires_days"]
            record, token = tokens.create(
                user=user,
                name=form.cleaned_data["name"],
                scopes=tuple(form.cleaned_data["scopes"]),
                expires_in=timedelta(days=int(days)) if days else None,
                cap_micro_usd=_cap_of(form),
                now=timezone.now(),
            )
            self.log_addition(request, record, [{"added": {}}])
        response = self.page(
            request, "platform/token.html", title=_("New API token"), form=form, token=token
        )
        response["Cache-Control"] = "no-store"
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return redirect("admin:generations_apitoken_changelist")

    def revoke_view(self, request: HttpRequest, digest: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = user_of(request)
        token = self.get_queryset(request).filter(pk=digest).first()
        may_revoke = token is not None and (
            token.user_id == user.pk or user.has_perm("generations.delete_apitoken")
        )
        if token is None or not may_revoke:
            raise Http404
        self.log_deletions(request, ApiToken.objects.filter(pk=token.pk))
        tokens.revoke(token, now=timezone.now())
        messages.success(request, _("The token is revoked and works no longer."))
        return redirect("admin:generations_apitoken_changelist")

    @display(description=gettext_lazy("Name"))
    def name_or_key(self, token: ApiToken) -> str:
        return f"{token.name} ({token.token_key}…)" if token.name else f"{token.token_key}…"

    @display(description=gettext_lazy("Owner"))
    def owner(self, token: ApiToken) -> str:
        return token.user.get_username()

    @display(description=gettext_lazy("Made"))
    def made(self, token: ApiToken) -> Any:
        return token.created

    @display(description=gettext_lazy("Allowed to"))
    def may(self, token: ApiToken) -> str:
        return ", ".join(str(Scope(scope).label) for scope in token.scopes if scope in Scope.values)

    @display(description=gettext_lazy("Expires"), empty_value=gettext_lazy("Never"))
    def expires(self, token: ApiToken) -> Any:
        return token.expiry

    @display(description="")
    def revoke(self, token: ApiToken) -> str:
        return render_to_string("platform/token_revoke.html", {"token": token})


def _cap_of(form: TokenForm) -> int | None:
    cap = form.cleaned_data["cap_usd"]
    return None if cap is None else micro(cap)
