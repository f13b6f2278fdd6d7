"""Presets: every change makes a new version; what was made with an old one stays as it was."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Max, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from generations.admin import faults
from generations.admin.bases import PlatformAdmin, demand, user_of
from generations.admin.parameters import ParametersForm, Raw, choice_text, label_of
from generations.catalog import get_model
from generations.models import Preset, PresetVersion
from generations.services import presets, visibility
from generations.services.errors import InvalidRequest
from generations.services.request import DEFAULT_MODEL


class PresetForm(ParametersForm):
    name = Raw(label=gettext_lazy("Name"), widget=UnfoldAdminTextInputWidget({"maxlength": 120}))
    is_shared = forms.BooleanField(
        label=gettext_lazy("Shared with everybody"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )


@admin.register(Preset)
class PresetAdmin(PlatformAdmin):
    list_display = ("name", "newest", "fills", "owner", "is_shared", "state")
    list_filter = ("is_shared",)
    search_fields = ("name__istartswith", "slug__exact")
    search_help_text = gettext_lazy("Beginning of the name")
    sortable_by = ("name",)
    add_text = gettext_lazy("New preset")
    empty_icon = "tune"
    empty_title = gettext_lazy("No presets yet")
    empty_text = gettext_lazy("A preset keeps the parameters that you use again and again.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preset]:
        user = user_of(request)
        rows = Preset.objects.select_related("owner").prefetch_related("versions")
        rows = rows.annotate(newest_number=Max("versions__version"))
        return rows if visibility.sees_all(user) else rows.filter(Q(owner=user) | Q(is_shared=True))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            not isinstance(obj, Preset) or _may_change(user_of(request), obj)
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = demand(request, "add_preset")
        spec = get_model(DEFAULT_MODEL)
        assert spec is not None
        data = request.POST if request.method == "POST" else None
        form = PresetForm(data, spec=spec, is_partial=True, initial=_like(request, user))
        if data is not None and form.is_valid():
            try:
                preset = presets.create(
                    user=user,
                    name=data.get("name", "")[:120],
                    model=spec.id,
                    parameters=form.given(),
                    is_shared=form.cleaned_data["is_shared"],
                    now=timezone.now(),
                )
            except InvalidRequest as refusal:
                faults.show(form, refusal.faults)
            else:
                messages.success(request, _("The preset is made."))
                return redirect(_page_of(preset))
        return self._form_page(request, form, title=_("New preset"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = demand(request, "view_preset")
        preset = self._preset_or_404(request, object_id)
        versions = list(preset.versions.select_related("created_by").order_by("-version"))
        spec = get_model(preset.model)
        can_change = (
            spec is not None
            and preset.archived_at is None
            and self.has_change_permission(request, preset)
        )
        if spec is None or not can_change:
            return self._form_page(
                request, None, title=preset.name, preset=preset, versions=versions
            )
        if request.method != "POST":
            form = PresetForm(spec=spec, is_partial=True, initial=versions[0].input)
            return self._form_page(
                request, form, title=preset.name, preset=preset, versions=versions
            )
        form = PresetForm(request.POST, spec=spec, is_partial=True)
        try:
            newest = presets.change(preset, user=user, parameters=form.given(), now=timezone.now())
        except InvalidRequest as refusal:
            faults.show(form, refusal.faults)
            return self._form_page(
                request, form, title=preset.name, preset=preset, versions=versions
            )
        if newest.version == versions[0].version:
            messages.info(request, _("Nothing has changed, so there is no new version."))
        else:
            messages.success(request, _("Version %(number)s is made.") % {"number": newest.version})
        return redirect(_page_of(preset))

    def get_urls(self) -> list[URLPattern]:
        archive = self.admin_site.admin_view(self.archive_view)
        name = "generations_preset_archive"
        return [path("<int:pk>/archive/", archive, name=name), *super().get_urls()]

    def archive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        demand(request, "change_preset")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        preset = self._preset_or_404(request, str(pk))
        if not self.has_change_permission(request, preset):
            raise Http404
        presets.archive(preset, now=timezone.now())
        messages.success(request, _("The preset is archived and can no longer be chosen."))
        return redirect("admin:generations_preset_changelist")

    def _preset_or_404(self, request: HttpRequest, object_id: str) -> Preset:
        found = None
        if object_id.isascii() and object_id.isdigit() and len(object_id) < 19:
            found = self.get_queryset(request).filter(pk=int(object_id)).first()
        if found is None:
            raise Http404
        return found

    def _form_page(
        self, request: HttpRequest, form: PresetForm | None, *, title: str, **context: Any
    ) -> HttpResponse:
        preset: Preset | None = context.get("preset")
        fields = [form[p.name] for p in form.spec.fields] if form else []
        context["versions"] = [(v, _shown(v)) for v in context.get("versions", [])]
        can_create = user_of(request).has_perm("generations.add_generation")
        return self.page(
            request,
            "platform/preset.html",
            title=title,
            form=form,
            parameters=fields,
            can_use=can_create and preset is not None and preset.archived_at is None,
            **context,
        )

    @display(description=gettext_lazy("Version"))
    def newest(self, preset: Preset) -> str:
        return f"v{preset.newest_number}"  # type: ignore[attr-defined]

    @display(description=gettext_lazy("Fills in"))
    def fills(self, preset: Preset) -> str:
        newest = max(preset.versions.all(), key=lambda version: version.version)
        return ", ".join(str(label_of(name)) for name in newest.input) or "—"

    @display(
        description=gettext_lazy("State"),
        label={"in_use": "success", "archived": "default"},
    )
    def state(self, preset: Preset) -> tuple[str, str]:
        return ("archived", _("Archived")) if preset.archived_at else ("in_use", _("In use"))


def _may_change(user: User, preset: Preset) -> bool:
    return preset.owner_id == user.pk or user.is_superuser


def _like(request: HttpRequest, user: User) -> dict[str, Any]:
    """Answer the parameters of the generation named by ?like=, to begin a preset with."""
    try:
        pk = UUID(request.GET.get("like", ""))
    except ValueError:
        return {}
    like = visibility.generations(user).filter(pk=pk).first()
    return {key: value for key, value in like.input.items() if value is not None} if like else {}


def _shown(version: PresetVersion) -> list[tuple[str, str]]:
    return [(str(label_of(k)), choice_text(k, str(v))) for k, v in version.input.items()]


def _page_of(preset: Preset) -> str:
    return reverse("admin:generations_preset_change", args=[preset.pk])
