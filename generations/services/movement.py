"""How KIE's balance has moved, pair by pair of snapshots, against what our books expect.

Only snapshots at which the books are clear are compared. Top-ups are people's notes with people's
moments: each is counted in the pair whose balance shows it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from generations.models import BalanceBreak, BalanceSnapshot, TopUp
from generations.services import charges
from generations.services.charges import Charge

# A person's note of a payment, and the payment itself, may lie so far apart.
TOP_UP_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two snapshots with clear books, and all between them, in micro-credits; losses are negative.

    `open_charges` may or may not have been taken in between: nobody knows yet.
    """

    first: BalanceSnapshot
    last: BalanceSnapshot
    actual: int
    charged: int
    topped_up: int
    breaks: tuple[BalanceBreak, ...]
    open_charges: tuple[int, ...]

    @property
    def expected(self) -> int:
        return self.topped_up - self.charged

    @property
    def unexplained(self) -> int:
        """What is left after charges, top-ups and the breaks that are known already."""
        known = sum(found.difference_micro_credits for found in self.breaks)
        return self.actual - self.expected - known


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the platform's zone, in micro-credits. Without a comparison `compared` is 0.

    `undecided` is what only a lost answer accounts for, if it was charged.
    """

    day: date
    snapshots: int
    compared: int
    closing: int
    actual: int
    charged: int
    topped_up: int
    difference: int
    undecided: int
    is_explained: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """Everything from a moment on."""

    snapshots: Sequence[BalanceSnapshot]
    pairs: Sequence[Pair]
    charges: Sequence[Charge]
    # The snapshots in which payments, by their numbers, show for the first time.
    shown: Mapping[int, BalanceSnapshot]


def of(*, now: datetime, start: datetime | None = None) -> Movement:
    """Answer the movement from a moment on; without one, since all that may still change."""
    start = start or charges.first_moment(now=now)
    snapshots = _snapshots(start)
    if not snapshots:
        return Movement([], [], [], {})
    taken = charges.charges_after(snapshots[0].at)
    moments = [snapshot.at for snapshot in snapshots]
    levels = charges.levels(taken, moments)
    related = ("from_snapshot", "to_snapshot", "owner", "explained_by")
    breaks = list(
        BalanceBreak.objects.select_related(*related).filter(to_snapshot__at__gt=moments[0])
    )
    # Nothing is compared in the middle of a known break: it would be found in two halves.
    clear = [
        number
        for number, moment in enumerate(moments)
        if levels.is_clear[number]
        and not any(found.from_snapshot.at < moment < found.to_snapshot.at for found in breaks)
    ]
    pairs = [
        Pair(
            first=snapshots[a],
            last=snapshots[b],
            actual=snapshots[b].micro_credits - snapshots[a].micro_credits,
            charged=levels.taken[b] - levels.taken[a],
            topped_up=0,
            breaks=tuple(_within(breaks, moments[a], moments[b])),
            open_charges=tuple(_open(taken, moments[a], moments[b])),
        )
        for a, b in pairwise(clear)
    ]
    pairs, shown = _with_top_ups(pairs, now)
    return Movement(snapshots, pairs, taken, shown)


def days(movement: Movement) -> list[Day]:
    """Answer a row for each day with a snapshot, newest first. A pair counts on its last day."""
    zone = ZoneInfo(settings.TIME_ZONE)
    by_day: dict[date, list[BalanceSnapshot]] = defaultdict(list)
    for snapshot in movement.snapshots:
        by_day[snapshot.at.astimezone(zone).date()].append(snapshot)
    pairs: dict[date, list[Pair]] = defaultdict(list)
    for pair in movement.pairs:
        pairs[pair.last.at.astimezone(zone).date()].append(pair)
    return [_day(day, by_day[day], pairs[day]) for day in sorted(by_day, reverse=True)]


def _day(day: date, snapshots: list[BalanceSnapshot], pairs: list[Pair]) -> Day:
    breaks = [found for pair in pairs for found in pair.breaks]
    return Day(
        day=day,
        snapshots=len(snapshots),
        compared=len(pairs),
        closing=snapshots[-1].micro_credits,
        actual=sum(pair.actual for pair in pairs),
        charged=sum(pair.charged for pair in pairs),
        topped_up=sum(pair.topped_up for pair in pairs),
        difference=sum(found.difference_micro_credits for found in breaks),
        undecided=sum(pair.unexplained for pair in pairs),
        is_explained=all(found.explained_at for found in breaks),
    )


def _snapshots(start: datetime) -> list[BalanceSnapshot]:
    """The snapshots since a moment, and the last one before it."""
    rows = BalanceSnapshot.objects.order_by("at", "pk")
    before = rows.filter(at__lt=start).last()
    return ([before] if before else []) + list(rows.filter(at__gte=start))


def _within(breaks: list[BalanceBreak], start: datetime, end: datetime) -> list[BalanceBreak]:
    return [
        found for found in breaks if found.from_snapshot.at >= start and found.to_snapshot.at <= end
    ]


def _open(taken: Sequence[Charge], start: datetime, end: datetime) -> list[int]:
    """What lost answers may have done to the balance in between."""
    found = []
    for charge in taken:
        if not charge.is_open or charge.sent_until is None:
            continue
        if start < charge.sent_until <= end:
            found.append(-charge.taken)
        elif charge.sent_until <= start:
            found.append(charge.taken)  # it may have failed since, and come back
    return found


def _with_top_ups(
    pairs: list[Pair], now: datetime
) -> tuple[list[Pair], dict[int, BalanceSnapshot]]:
    """The pairs with the payments that show in them; and where those show that had not shown yet."""
    found: dict[int, BalanceSnapshot] = {}
    if not pairs:
        return pairs, found
    known = Q(shown_in__at__gt=pairs[0].first.at) | Q(shown_in__isnull=True)
    for top_up in TopUp.objects.select_related("shown_in").filter(known).order_by("at", "pk"):
        shown = top_up.shown_in
        number = _pair_of(top_up, pairs, now) if shown is None else _holding(pairs, shown.at)
        if number is None:
            continue
        topped_up = pairs[number].topped_up + top_up.micro_credits
        pairs[number] = replace(pairs[number], topped_up=topped_up)
        if shown is None:
            found[top_up.pk] = pairs[number].last
    return pairs, found


def _holding(pairs: list[Pair], moment: datetime) -> int | None:
    number = bisect_left([pair.last.at for pair in pairs], moment)
    return number if number < len(pairs) else None


def _pair_of(top_up: TopUp, pairs: list[Pair], now: datetime) -> int | None:
    """The pair whose balance shows a payment: by its amount, then by its moment."""
    near = [
        number
        for number, pair in enumerate(pairs)
        if pair.first.at - TOP_UP_WITHIN <= top_up.at <= pair.last.at + TOP_UP_WITHIN
    ]
    amount = top_up.micro_credits

    def missing(number: int) -> int:
        pair = pairs[number]
        open_ = [found for found in pair.breaks if found.explained_at is None]
        return pair.unexplained + sum(found.difference_micro_credits for found in open_)

    def apart(number: int) -> float:
        return abs((pairs[number].last.at - top_up.at).total_seconds())

    exact = [number for number in near if missing(number) == amount]
    enough = [number for number in near if 0 < amount <= missing(number)]
    if exact or enough:
        return min(exact or enough, key=apart)
    if now - top_up.at < TOP_UP_WITHIN or top_up.at < pairs[0].first.at:
        return None  # it may still show, or had shown before all this
    return _holding(pairs, top_up.at)
