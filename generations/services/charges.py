"""What KIE has taken for our tasks, as its balance must have seen it at any moment.

A charge falls at an unknown instant of the sending, a refund at one before our last read of the
failure. At such moments the books cannot say what the balance must be: they are not clear, and nothing
is compared there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from generations.models import AttemptState, FailureCode, Generation, Status, SubmissionAttempt
from generations.services.submit import LEASE

# Two clocks, and an answer under way: so far may a moment of KIE's be from one of ours.
SLACK = timedelta(seconds=15)
# Decisions and late evidence change what is older; so far back everything is looked at again.
LOOK_BACK = timedelta(days=3)
_FAILED_AT_KIE = {FailureCode.PROVIDER_FAILED, FailureCode.MODERATION}


@dataclass(frozen=True, slots=True)
class Charge:
    """One task of ours: it took `taken` at some moment of its sending.

    From `doubt_from` to `doubt_until` some of it may have come back; then `kept` remained. Without
    `doubt_from` nothing ever came back; without an end it is still in doubt. Where `is_open`, nobody
    knows whether it was charged at all.
    """

    generation_id: UUID
    sent_from: datetime
    sent_until: datetime | None
    taken: int
    kept: int
    doubt_from: datetime | None = None
    doubt_until: datetime | None = None
    is_open: bool = False
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class Levels:
    """By moment: what all charges together have taken, and whether that is certain there."""

    taken: Sequence[int]
    is_clear: Sequence[bool]


def first_moment(*, now: datetime) -> datetime:
    """Answer since when the balance has to be looked at again."""
    since = now - LOOK_BACK
    unsettled = _attempts().filter(
        Q(generation__finished_at__isnull=True) | Q(generation__finished_at__gte=since)
    )
    oldest = unsettled.aggregate(at=Min("opened_at"))["at"]
    return min(since, oldest - 2 * SLACK) if oldest else since


def charges_after(moment: datetime) -> list[Charge]:
    """Answer every charge that may have changed the balance after a moment, oldest first."""
    rows = _attempts().filter(
        Q(opened_at__gte=moment - SLACK - LEASE)
        | Q(generation__finished_at__isnull=True)
        | Q(generation__finished_at__gte=moment - SLACK)
    )
    rows = rows.select_related("generation").order_by("opened_at", "pk")
    return [_charge(row) for row in rows]


def levels(charges: Sequence[Charge], moments: Sequence[datetime]) -> Levels:
    """Answer what the charges had taken at each of the moments, which are in order."""
    end = len(moments)
    steps, clouds = [0] * (end + 1), [0] * (end + 1)
    for charge in charges:
        clouds[bisect_left(moments, charge.sent_from)] += 1
        sent = end if charge.sent_until is None else bisect_right(moments, charge.sent_until)
        clouds[sent] -= 1
        if charge.is_open:
            continue
        steps[sent] += charge.taken
        if charge.doubt_from is None:
            continue
        back = end if charge.doubt_until is None else bisect_left(moments, charge.doubt_until)
        back = max(sent, back)
        clouds[min(back, max(sent, bisect_left(moments, charge.doubt_from)))] += 1
        clouds[back] -= 1
        steps[back] += charge.kept - charge.taken
    return Levels(
        taken=list(accumulate(steps))[:end],
        is_clear=[count == 0 for count in accumulate(clouds)][:end],
    )


def _attempts() -> QuerySet[SubmissionAttempt]:
    """The attempts that may have been charged."""
    harmless = [AttemptState.REFUSED, AttemptState.UNSENT]
    return SubmissionAttempt.objects.exclude(state__in=harmless)


def _charge(attempt: SubmissionAttempt) -> Charge:
    generation = attempt.generation
    cost = generation.cost_micro_credits or 0
    sent_from, sent_until = attempt.opened_at - SLACK, _sent_until(attempt)
    quote = generation.reported_micro_credits or generation.quote_micro_credits
    common = (generation.pk, sent_from, sent_until)
    match generation.status:
        case Status.SUBMITTING:
            return Charge(generation.pk, sent_from, None, quote, quote)
        case Status.UNKNOWN:
            return Charge(*common, quote, quote, is_open=True)
        case Status.RUNNING:
            seen_at = generation.last_poll_at if generation.fail_seen_at is None else None
            return Charge(*common, quote, 0, doubt_from=seen_at or sent_from)
        case Status.NEEDS_REVIEW:
            return Charge(*common, quote, quote)
        case Status.FAILED if generation.failure_code in _FAILED_AT_KIE:
            return Charge(
                *common,
                generation.quote_micro_credits,
                cost,
                doubt_from=sent_from,
                doubt_until=_end(generation),
                failure_code=generation.failure_code,
            )
    return Charge(*common, cost, cost, failure_code=generation.failure_code)


def _sent_until(attempt: SubmissionAttempt) -> datetime:
    # Evidence may close an attempt much later; the request itself went out within its lease.
    last = attempt.opened_at + LEASE
    return min(attempt.closed_at or last, last) + SLACK


def _end(generation: Generation) -> datetime | None:
    return generation.finished_at + SLACK if generation.finished_at else None
