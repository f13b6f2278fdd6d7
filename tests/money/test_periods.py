"""Months are those of the platform's zone, summer time or not, and a hold's month stays its month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from generations.models import BudgetMonth, LedgerEntry
from generations.services import budgets
from generations.services.periods import bounds, period_of
from tests.fakes import Clock
from tests.money.conftest import Story

BOUNDARIES = [
    ("Europe/Moscow", "2026-10-31T20:59:59.999999+00:00", "2026-10"),
    ("Europe/Moscow", "2026-10-31T21:00:00+00:00", "2026-11"),
    ("Europe/Moscow", "2026-12-31T20:59:59+00:00", "2026-12"),
    ("Europe/Moscow", "2026-12-31T21:00:00+00:00", "2027-01"),
    ("Europe/Moscow", "2028-02-29T20:59:59+00:00", "2028-02"),
    ("Europe/Moscow", "2028-02-29T21:00:00+00:00", "2028-03"),
    ("UTC", "2026-11-30T23:59:59+00:00", "2026-11"),
    ("UTC", "2026-12-01T00:00:00+00:00", "2026-12"),
    # New York leaves summer time on the first of November 2026: the month begins in summer time.
    ("America/New_York", "2026-11-01T03:59:59+00:00", "2026-10"),
    ("America/New_York", "2026-11-01T04:00:00+00:00", "2026-11"),
    ("America/New_York", "2026-12-01T04:59:59+00:00", "2026-11"),
    ("America/New_York", "2026-12-01T05:00:00+00:00", "2026-12"),
    # London leaves it on the last Sunday of October, which in 2027 is the month's last day.
    ("Europe/London", "2027-10-31T23:59:59+00:00", "2027-10"),
    ("Europe/London", "2027-11-01T00:00:00+00:00", "2027-11"),
    ("Europe/London", "2027-09-30T22:59:59+00:00", "2027-09"),
    ("Europe/London", "2027-09-30T23:00:00+00:00", "2027-10"),
    ("Pacific/Kiritimati", "2026-12-31T09:59:59+00:00", "2026-12"),
    ("Pacific/Kiritimati", "2026-12-31T10:00:00+00:00", "2027-01"),
    # A moment given in another zone is the same moment.
    ("Europe/Moscow", "2026-11-30T22:00:00+03:00", "2026-11"),
    ("Europe/Moscow", "2026-12-01T01:30:00+05:00", "2026-11"),
]


@pytest.mark.no_database
@pytest.mark.parametrize(("zone", "moment", "month"), BOUNDARIES)
def test_the_month_of_a_moment(settings: Any, zone: str, moment: str, month: str) -> None:
    settings.TIME_ZONE = zone

    assert period_of(datetime.fromisoformat(moment)) == month


@pytest.mark.no_database
@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York", "Europe/London", "UTC"])
def test_months_meet_without_gap_or_overlap(settings: Any, zone: str) -> None:
    settings.TIME_ZONE = zone
    months = [f"{year}-{month:02}" for year in (2026, 2027, 2028) for month in range(1, 13)]

    for month, after in pairwise(months):
        first, end = bounds(month)
        assert (period_of(first), period_of(end)) == (month, after)
        assert period_of(end.astimezone(UTC) - timedelta(microseconds=1)) == month
        assert bounds(after)[0] == end


@pytest.mark.no_database
@pytest.mark.parametrize("nonsense", ["", "2026", "2026-13", "November", "2026-11-01"])
def test_what_is_no_month_has_no_bounds(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r"does not match|unconverted data"):
        bounds(nonsense)


def test_a_cost_belongs_to_the_month_of_its_hold(begin: Callable[[], Story], clock: Clock) -> None:
    """Held on the last evening of November in Moscow, charged in December."""
    clock.now = datetime(2026, 11, 30, 20, 50, tzinfo=UTC)
    budget = budgets.set_limit(limit_micro_usd=10_000_000, by="olga", now=clock())
    story = begin()
    clock.now += timedelta(minutes=20)
    story.is_accepted()
    story.succeeds()

    assert set(LedgerEntry.objects.values_list("period", flat=True)) == {"2026-11"}
    november = BudgetMonth.objects.get(budget=budget, period="2026-11")
    assert (november.held_micro_usd, november.spent_micro_usd) == (0, 800_000)
    assert budgets.left(budget, now=clock()).spent_micro_usd == 0


def test_the_first_request_of_a_month_opens_it(begin: Callable[[], Story], clock: Clock) -> None:
    budget = budgets.set_limit(limit_micro_usd=1_000_000, by="olga", now=clock())
    begin()
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)

    begin()

    held = BudgetMonth.objects.filter(budget=budget).order_by("period")
    assert list(held.values_list("period", "held_micro_usd")) == [
        ("2026-11", 800_000),
        ("2026-12", 800_000),
    ]
