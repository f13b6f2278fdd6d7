"""One generation: where it stands, what came of it, what was asked, and all that happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from generations.admin import scope, words
from generations.admin.bases import PlatformAdmin, demand
from generations.admin.generation_list import badge
from generations.admin.parameters import PICTURE, choice_text, label_of
from generations.admin.trail import trail_of
from generations.models import Generation, Lane, Status, VideoState
from generations.services import lane, visibility


@dataclass(frozen=True, slots=True)
class Shown:
    """A named value on the page."""

    name: str
    value: str


def generation_page(admin: PlatformAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    user = demand(request, "view_generation")
    generation = scope.generation_or_404(user, pk)
    return admin.page(
        request,
        "platform/generation/page.html",
        title=Truncator(generation.prompt_start).chars(60),
        **_context(generation, user),
    )


def live_part(admin: PlatformAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the page's content anew, or 204 (which changes nothing) when nothing has happened."""
    user = demand(request, "view_generation")
    generation = scope.generation_or_404(user, pk)
    if request.GET.get("seen") == _mark(generation, lane.get()):
        return HttpResponse(status=204)
    return render(request, "platform/generation/body.html", _context(generation, user))


def _context(generation: Generation, user: User) -> dict[str, Any]:
    now = timezone.now()
    state = lane.get()
    video = getattr(generation, "video", None)
    may_write = user.has_perm("generations.add_generation")
    return {
        "generation": generation,
        "badge": badge(generation),
        "explanation": words.explain(generation, lane=state, now=now),
        "failure": _failure(generation),
        "is_moving": words.is_moving(generation),
        "mark": _mark(generation, state),
        "started_at": generation.submitted_at or generation.created_at,
        "elapsed": _elapsed(generation, now),
        "video": video,
        "can_play": video is not None and video.state == VideoState.ARCHIVED,
        "video_url": f"/api/v1/generations/{generation.pk}/video/",
        "parameters": _parameters(generation),
        "image_url": generation.input.get(PICTURE) or "",
        "quote": words.quote_text(generation),
        "cost": words.cost_text(generation),
        "evidence": words.evidence_text(generation),
        "notices": _notices(generation),
        "tags": [tag.name for tag in generation.tags.all()],
        "trail": trail_of(generation),
        "attempts": list(generation.attempts.order_by("-seq")),
        "incidents": list(generation.incidents.order_by("-opened_at")),
        "retries": list(visibility.generations(user).filter(retry_of=generation)),
        "can_cancel": may_write and generation.status == Status.QUEUED,
        "can_retry": may_write and generation.is_terminal,
        "can_copy": may_write,
    }


def _mark(generation: Generation, state: Lane) -> str:
    """Answer what changes with the page: every event raises the version, the video's included."""
    is_held = generation.status == Status.QUEUED and (state.paused_at or state.blocked_code)
    return f"{generation.version}{'-held' if is_held else ''}"


def _elapsed(generation: Generation, now: datetime) -> str:
    end = generation.finished_at or now
    seconds = max(0, int((end - generation.created_at).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _parameters(generation: Generation) -> list[Shown]:
    return [
        Shown(str(label_of(name)), choice_text(name, str(value)))
        for name, value in generation.input.items()
        if name not in {PICTURE, "prompt"}
    ]


def _failure(generation: Generation) -> list[Shown]:
    if generation.status != Status.FAILED:
        return []
    told = [
        (_("Reason"), generation.get_failure_code_display()),
        (_("Detail"), generation.failure_detail),
        (_("Code at KIE"), generation.provider_code),
        (_("KIE's words"), generation.provider_message),
        (_("Decided by"), generation.decided_by.get_username() if generation.decided_by else ""),
        (_("Their note"), generation.decision_note),
    ]
    return [Shown(name, value) for name, value in told if value]


def _notices(generation: Generation) -> list[str]:
    language = (get_language() or "ru")[:2]
    return [
        notice["messages"].get(language) or notice["messages"].get("ru", notice["code"])
        for notice in generation.warnings
    ]
