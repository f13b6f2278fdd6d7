"""Incidents: what must not pass unseen. Read-only; a person closes one with a note."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from generations.admin.bases import RecordAdmin, demand
from generations.admin.trail import plain
from generations.models import Incident
from generations.services import incidents

LONGEST_NOTE = 2000


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("Open")), ("closed", gettext_lazy("Closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(Incident)
class IncidentAdmin(RecordAdmin):
    list_display = ("kind", "state", "why", "times", "opened_at", "last_seen_at")
    list_filter = (OpenFilter, "kind")
    sortable_by = ("opened_at", "last_seen_at")
    empty_icon = "verified"
    empty_title = gettext_lazy("No incidents")
    empty_text = gettext_lazy("Contradictions, odd answers and alarms would stand here.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        demand(request, "view_incident")
        incident = _incident_or_404(object_id)
        return self.page(
            request,
            "platform/incident.html",
            title=incident.get_kind_display(),
            incident=incident,
            details=[(key, plain(value)) for key, value in incident.detail.items()],
            can_close=_can_close(request) and incident.closed_at is None,
            longest_note=LONGEST_NOTE,
        )

    def get_urls(self) -> list[URLPattern]:
        close = self.admin_site.admin_view(self.close_view)
        name = "generations_incident_close"
        return [path("<int:pk>/close/", close, name=name), *super().get_urls()]

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "change_incident")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        incident = _incident_or_404(str(pk))
        page = redirect(reverse("admin:generations_incident_change", args=[incident.pk]))
        note = request.POST.get("note", "").strip()[:LONGEST_NOTE]
        if not note:
            messages.error(request, _("Say in the note what was found, then close the incident."))
        elif incidents.close(incident, by=user, note=note, now=timezone.now()):
            messages.success(request, _("The incident is closed."))
        else:
            messages.warning(request, _("Somebody has closed this incident already."))
        return page

    @display(
        description=gettext_lazy("State"),
        label={"open": "warning", "closed": "success"},
    )
    def state(self, incident: Incident) -> tuple[str, str]:
        return ("closed", _("Closed")) if incident.closed_at else ("open", _("Open"))

    @display(description=gettext_lazy("Cause"))
    def why(self, incident: Incident) -> str:
        return incident.cause

    @display(description=gettext_lazy("Times seen"))
    def times(self, incident: Incident) -> int:
        return incident.seen_count


def _can_close(request: HttpRequest) -> bool:
    return request.user.has_perm("generations.change_incident")


def _incident_or_404(object_id: str) -> Incident:
    found = None
    if object_id.isascii() and object_id.isdigit() and len(object_id) < 19:
        related = ("generation", "closed_by")
        found = Incident.objects.select_related(*related).filter(pk=int(object_id)).first()
    if found is None:
        raise Http404
    return found
