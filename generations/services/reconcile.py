"""Reading KIE's balance, and holding it against our books: every difference is one break.

All that may still change is judged anew each time, so a decision or late evidence that makes a quiet
stretch wrong, or a break right, is noticed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from generations.models import (
    AttemptState,
    BalanceBreak,
    BalanceSnapshot,
    Evidence,
    FailureCode,
    Generation,
    IncidentKind,
    SnapshotSource,
    Status,
    SubmissionAttempt,
    TopUp,
)
from generations.money import credits_text, micro
from generations.services import break_guess, incidents, movement
from generations.services.errors import DecisionRefused
from generations.services.movement import Pair

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=5)
# Nothing was read for so long: the platform, or KIE, was away.
PAUSE = timedelta(minutes=15)
POLICY_OF = timedelta(days=30)
LONGEST_TEXT = 2000


class Client(Protocol):
    def credit_balance(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Findings:
    """What a comparison came to. `compared_until` is None when there was nothing to compare yet."""

    compared_until: datetime | None
    found: int
    open_breaks: int


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """How many failures KIE's records call refunded, charged, or say nothing about."""

    returned: int
    kept: int
    silent: int


def is_due(*, now: datetime) -> bool:
    """Tell whether the balance should be read: after a few minutes, or soon after a lost answer."""
    newest = BalanceSnapshot.objects.order_by("at").last()
    if newest is None or now - newest.at >= EVERY or newest.at > now + EVERY:
        return True
    lost = SubmissionAttempt.objects.filter(state=AttemptState.UNKNOWN, closed_at__gt=newest.at)
    return lost.exists()


def take_snapshot(
    *, client: Client, now: datetime, source: SnapshotSource = SnapshotSource.PLATFORM
) -> BalanceSnapshot:
    """Read KIE's balance and keep it. Raises a ReadFailed, and ValueError for an absurd amount."""
    micro_credits = micro(client.credit_balance())
    newest = BalanceSnapshot.objects.order_by("at").last()
    if source is SnapshotSource.PLATFORM and (newest is None or now - newest.at >= PAUSE):
        source = SnapshotSource.STARTUP
    return BalanceSnapshot.objects.create(at=now, micro_credits=micro_credits, source=source)


def judge(*, now: datetime) -> Findings:
    """Compare the balance with the books; open, adjust and close breaks."""
    with transaction.atomic():
        # The oldest snapshot is everybody's lock: two judges would find everything twice.
        BalanceSnapshot.objects.select_for_update().order_by("pk").first()
        moved = movement.of(now=now)
        for number, snapshot in moved.shown.items():
            TopUp.objects.filter(pk=number).update(shown_in=snapshot)
        found = sum(_judge_pair(pair, moved, now) for pair in moved.pairs)
    return Findings(
        compared_until=moved.pairs[-1].last.at if moved.pairs else None,
        found=found,
        open_breaks=BalanceBreak.objects.filter(explained_at__isnull=True).count(),
    )


def explain(found: BalanceBreak, *, explanation: str, by: User, now: datetime) -> None:
    """Close a break with a person's words. Raises DecisionRefused without them, or when it is closed."""
    said = explanation.strip()[:LONGEST_TEXT]
    if not said:
        raise DecisionRefused(_("Say what the difference was: a break is closed with its reason."))
    rows = BalanceBreak.objects.filter(pk=found.pk, explained_at__isnull=True)
    if not rows.update(
        explanation=said, explained_at=now, explained_by=by, owner=found.owner or by
    ):
        raise DecisionRefused(_("Somebody has explained this break already."))


def take_over(found: BalanceBreak, *, by: User) -> None:
    """Make a person the owner of an open break."""
    BalanceBreak.objects.filter(pk=found.pk, explained_at__isnull=True).update(owner=by)


def record_top_up(
    *,
    micro_credits: int,
    at: datetime,
    by: User | None,
    now: datetime,
    reference: str = "",
    note: str = "",
) -> TopUp:
    """Record what was paid in at KIE. Raises DecisionRefused for nothing, or for the future."""
    if not micro_credits:
        raise DecisionRefused(_("A top-up of nothing is none."))
    if at > now:
        raise DecisionRefused(_("A top-up is recorded when it has been made."))
    made = TopUp.objects.create(
        at=at,
        micro_credits=micro_credits,
        reference=reference.strip()[:200],
        note=note.strip()[:500],
        by=by,
        recorded_at=now,
    )
    judge(now=now)
    return made


def refund_policy(*, now: datetime) -> RefundPolicy:
    """Answer what KIE has done with the charges of failed tasks, by its own records, lately."""
    failed = Generation.objects.filter(
        status=Status.FAILED,
        failure_code__in=[FailureCode.PROVIDER_FAILED, FailureCode.MODERATION],
        finished_at__gte=now - POLICY_OF,
    )
    said = failed.filter(cost_evidence=Evidence.PROVIDER)
    returned = said.filter(cost_micro_credits=0).count()
    kept = said.count() - returned
    return RefundPolicy(returned=returned, kept=kept, silent=failed.count() - returned - kept)


def _judge_pair(pair: Pair, moved: movement.Movement, now: datetime) -> int:
    rest = pair.unexplained
    if rest == 0 or rest in _sums(pair.open_charges):
        return 0
    still_open = [known for known in pair.breaks if known.explained_at is None]
    if still_open:
        _adjust(still_open[-1], rest, now)
        return 0
    _open(pair, rest, moved, now)
    return 1


def _open(pair: Pair, difference: int, moved: movement.Movement, now: datetime) -> None:
    made = BalanceBreak.objects.create(
        from_snapshot=pair.first,
        to_snapshot=pair.last,
        expected_micro_credits=pair.actual - difference,
        actual_micro_credits=pair.actual,
        difference_micro_credits=difference,
        guess=break_guess.of(pair, difference, moved.charges, now=now),
        opened_at=now,
    )
    incidents.report(
        IncidentKind.BALANCE_BREAK,
        cause=f"break {made.pk}",
        now=now,
        detail={"difference_credits": credits_text(difference), "looks_like": str(made.guess)},
    )


def _adjust(known: BalanceBreak, rest: int, now: datetime) -> None:
    """Later evidence has changed what the books expect: the same break, with another difference."""
    difference = known.difference_micro_credits + rest
    values: dict[str, object] = {
        "difference_micro_credits": difference,
        "expected_micro_credits": known.actual_micro_credits - difference,
    }
    if difference == 0:
        # Without a person the explanation is what the difference was.
        was = credits_text(known.difference_micro_credits)
        values |= {"explained_at": now, "explanation": was}
    BalanceBreak.objects.filter(pk=known.pk, explained_at__isnull=True).update(**values)


def _sums(amounts: tuple[int, ...]) -> set[int]:
    """Every sum that some of the amounts make; few different amounts, so few sums."""
    sums = {0}
    for amount in amounts:
        sums |= {known + amount for known in sums}
    return sums
