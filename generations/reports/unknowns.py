"""What waits for a person: lost answers and successes without a result, with what is known of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from generations.models import (
    AttemptState,
    BalanceBreak,
    BalanceSnapshot,
    CallbackHit,
    EventKind,
    Generation,
    Incident,
    IncidentKind,
    LedgerEntry,
    PostingKind,
    Status,
    SubmissionAttempt,
)

WAITING = (Status.UNKNOWN, Status.NEEDS_REVIEW)
MOST_SHOWN = 50
# The balance is read every few minutes: what lies further off is no witness of one request.
WITNESS_WITHIN = timedelta(hours=1)
_SLACK = timedelta(seconds=15)
_MOST_CALLBACKS = 5


@dataclass(frozen=True, slots=True)
class BalanceWitness:
    """KIE's balance around a sending, in micro-credits. `others` counts what else was sent between."""

    before_at: datetime
    after_at: datetime
    change: int
    others: int


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that came: when, and which task it named ("" for none)."""

    at: datetime
    task_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One generation that waits for a decision, with its evidence.

    `lost_at` is when the answer was given up, or when KIE first said success without a result.
    """

    generation: Generation
    attempt: SubmissionAttempt | None
    lost_at: datetime | None
    why: str
    callbacks: tuple[Callback, ...]
    disproved: tuple[str, ...]
    balance: BalanceWitness | None
    is_in_suspense: bool


def count_waiting() -> int:
    """Answer how many generations wait for a person."""
    return Generation.objects.filter(status__in=WAITING).count()


def count_open_breaks() -> int:
    """Answer how many differences of KIE's balance nobody has explained."""
    return BalanceBreak.objects.filter(explained_at__isnull=True).count()


def waiting() -> list[Waiting]:
    """Answer the MOST_SHOWN that have waited longest, the oldest first."""
    related = ("created_by", "price", "image", "project")
    rows = Generation.objects.select_related(*related).filter(status__in=WAITING)
    return [describe(row) for row in rows.order_by("submitted_at", "created_at")[:MOST_SHOWN]]


def describe(generation: Generation) -> Waiting:
    """Answer what is known of one of them."""
    states = [AttemptState.UNKNOWN, AttemptState.ACCEPTED]
    attempt = generation.attempts.filter(state__in=states).order_by("-seq").first()
    event = generation.events.filter(kind=EventKind.NEEDS_REVIEW).order_by("-seq").first()
    is_unknown = generation.status == Status.UNKNOWN
    lost_at = attempt.closed_at if attempt else None
    why = attempt.outcome if attempt else ""
    if not is_unknown:
        lost_at, why = (event.at, str(event.detail.get("problem") or "")) if event else (None, "")
    return Waiting(
        generation=generation,
        attempt=attempt,
        lost_at=lost_at,
        why=why,
        callbacks=_callbacks(generation),
        disproved=_disproved(generation),
        balance=_balance(attempt) if is_unknown and attempt else None,
        is_in_suspense=LedgerEntry.objects.filter(
            generation=generation, kind=PostingKind.SUSPECT
        ).exists(),
    )


def _callbacks(generation: Generation) -> tuple[Callback, ...]:
    hits = CallbackHit.objects.filter(attempt__generation=generation).order_by("-received_at")
    return tuple(Callback(hit.received_at, hit.named_task_id) for hit in hits[:_MOST_CALLBACKS])


def _disproved(generation: Generation) -> tuple[str, ...]:
    """The task ids that were named and whose record was of another request."""
    wrong = Incident.objects.filter(generation=generation, kind=IncidentKind.WRONG_ECHO)
    return tuple(wrong.order_by("opened_at").values_list("cause", flat=True)[:_MOST_CALLBACKS])


def _balance(attempt: SubmissionAttempt) -> BalanceWitness | None:
    sent, lost = attempt.opened_at - _SLACK, (attempt.closed_at or attempt.opened_at) + _SLACK
    near = BalanceSnapshot.objects.filter(
        at__gte=sent - WITNESS_WITHIN, at__lte=lost + WITNESS_WITHIN
    )
    before = near.filter(at__lte=sent).order_by("at").last()
    after = near.filter(at__gte=lost).order_by("at").first()
    if before is None or after is None:
        return None
    others = SubmissionAttempt.objects.filter(
        opened_at__gte=before.at - _SLACK, opened_at__lte=after.at
    ).exclude(pk=attempt.pk)
    return BalanceWitness(
        before_at=before.at,
        after_at=after.at,
        change=after.micro_credits - before.micro_credits,
        others=others.count(),
    )
