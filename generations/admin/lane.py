"""The submission lane: whether anything is being sent to KIE, and the switch for it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from generations.admin.bases import RecordAdmin, demand, user_of
from generations.models import Generation, Lane, Status
from generations.services import lane

MOST_COUNTED = 1000
LONGEST_REASON = 500


def banner(request: HttpRequest) -> dict[str, Any]:
    """Answer what every page of the admin says at its top when nothing is being sent."""
    if not request.user.is_authenticated:
        return {}
    state = lane.get()
    return {"lane": state} if state.paused_at or state.blocked_code is not None else {}


@admin.register(Lane)
class LaneAdmin(RecordAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("generations.view_generation")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("pause/", wrap(self.pause_view), name="generations_lane_pause"),
            path("resume/", wrap(self.resume_view), name="generations_lane_resume"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        demand(request, "view_generation")
        waiting = Generation.objects.filter(status=Status.QUEUED)[: MOST_COUNTED + 1].count()
        return self.page(
            request,
            "platform/lane.html",
            title=_("Submission lane"),
            model_admin=None,
            state=lane.get(),
            waiting=waiting,
            waiting_is_capped=waiting > MOST_COUNTED,
            most_counted=MOST_COUNTED,
            can_switch=user_of(request).has_perm("generations.pause_submissions"),
            longest_reason=LONGEST_REASON,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return redirect("admin:generations_lane_changelist")

    def pause_view(self, request: HttpRequest) -> HttpResponse:
        user = demand(request, "pause_submissions")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        if not reason:
            messages.error(request, _("Say why, so that the others know when to resume."))
        else:
            lane.pause(by=user.get_username(), reason=reason, now=timezone.now())
            messages.success(request, _("Sending is paused. What is running at KIE goes on."))
        return redirect("admin:generations_lane_changelist")

    def resume_view(self, request: HttpRequest) -> HttpResponse:
        demand(request, "pause_submissions")
        if request.method == "POST":
            lane.resume()
            messages.success(request, _("Sending goes on."))
            return redirect("admin:generations_lane_changelist")
        waiting = Generation.objects.filter(status=Status.QUEUED)[: MOST_COUNTED + 1].count()
        return self.page(
            request,
            "platform/lane_resume.html",
            title=_("Resume sending?"),
            state=lane.get(),
            waiting=waiting,
        )
