"""The trail of a generation for people: what happened, when, by whom, and with which detail."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from generations.models import EventKind, Generation, GenerationEvent, Status

_GOOD = {EventKind.ACCEPTED, EventKind.SUCCEEDED, EventKind.VIDEO_ARCHIVED, EventKind.ATTACHED}
_BAD = {EventKind.REFUSED, EventKind.FAILED, EventKind.VIDEO_LOST}
_ODD = {
    EventKind.ANSWER_LOST,
    EventKind.NEEDS_REVIEW,
    EventKind.FAIL_SEEN,
    EventKind.VIDEO_AT_RISK,
    EventKind.POSTPONED,
}
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One thing that happened; `tone` is good, bad, odd or plain."""

    at: datetime
    what: str
    actor: str
    move: str
    details: tuple[tuple[str, str], ...]
    tone: str


def trail_of(generation: Generation) -> list[TrailEntry]:
    """Answer the newest MOST_SHOWN entries, newest first."""
    return [_entry(event) for event in generation.events.order_by("-seq")[:MOST_SHOWN]]


def _entry(event: GenerationEvent) -> TrailEntry:
    kind = EventKind(event.kind)
    move = ""
    detail = dict(event.detail)
    if kind is EventKind.PROVIDER_STATE:
        move = _state(detail.pop("to", ""))
        detail.pop("from", "")
    elif event.to_status and event.from_status and event.from_status != event.to_status:
        move = f"{Status(event.from_status).label} → {Status(event.to_status).label}"
    return TrailEntry(
        at=event.at,
        what=str(kind.label),
        actor=_("the platform") if event.actor == "system" else event.actor,
        move=move,
        details=tuple((_name(key), plain(value)) for key, value in detail.items() if value),
        tone="good"
        if kind in _GOOD
        else "bad"
        if kind in _BAD
        else "odd"
        if kind in _ODD
        else "plain",
    )


def plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(part) for part in value)
    return str(value)


def _state(state: str) -> str:
    return {
        "waiting": _("waits at KIE"),
        "queuing": _("in KIE's queue"),
        "generating": _("is being made"),
        "success": _("made"),
        "fail": _("failed"),
    }.get(state, state)


def _name(key: str) -> str:
    return {
        "attempt": _("attempt"),
        "bytes": _("bytes"),
        "charged_credits": _("charged, credits"),
        "code": _("code"),
        "credits": _("credits"),
        "decision": _("decision"),
        "evidence": _("evidence"),
        "from": _("from"),
        "message": _("message"),
        "problem": _("problem"),
        "provider_message": _("KIE's words"),
        "quote_credits": _("quote, credits"),
        "retry_of": _("retry of"),
        "task_id": _("KIE task"),
        "to": _("to"),
        "why": _("why"),
    }.get(key, key)
