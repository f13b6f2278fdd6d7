"""How budgets stand: what is gone, what is left, and where the pace of late leads.

A forecast is said only where there is something to say it from: at least MIN_DAYS days and
MIN_GENERATIONS generations within the last WINDOW.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, F, Min, Q, QuerySet, Sum

from generations.models import (
    ApiToken,
    Budget,
    BudgetHold,
    BudgetMonth,
    BudgetRaise,
    BudgetScope,
    Project,
)
from generations.services import visibility
from generations.services.budgets import Left, applying
from generations.services.periods import bounds, period_of

WINDOW = timedelta(days=28)
MIN_DAYS = 3
MIN_GENERATIONS = 5
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the pace of the last weeks leads. `exhausted_at` is None when the month ends before."""

    pace_micro_usd_per_day: int
    projected_micro_usd: int
    exhausted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in this month; `forecast` is None while there is too little to say one from."""

    left: Left
    raises: tuple[BudgetRaise, ...]
    forecast: Forecast | None

    @property
    def budget(self) -> Budget:
        return self.left.budget


@dataclass(frozen=True, slots=True)
class _Recent:
    micro_usd: int
    count: int
    first_at: datetime


def visible(user: User) -> QuerySet[Budget]:
    """Answer the budgets in force that a person may see: all, or the own ones and of own tokens."""
    rows = Budget.objects.filter(ended_at=None).select_related("user", "project", "token__user")
    if not visibility.sees_all(user):
        own = Q(scope=BudgetScope.USER, user=user) | Q(scope=BudgetScope.TOKEN, token__user=user)
        rows = rows.filter(own)
    return rows.order_by("scope", "pk")


def of_request(
    *, user: User, project: Project | None, token: ApiToken | None, now: datetime
) -> list[Standing]:
    """Answer how the budgets stand that a request counts against."""
    return standings(applying(user=user, project=project, token=token), now=now)


def around(user: User, *, now: datetime) -> list[Standing]:
    """Answer how the budgets stand that a person's request may count against, by any project."""
    rows = Budget.objects.filter(
        Q(scope=BudgetScope.GLOBAL)
        | Q(scope=BudgetScope.USER, user=user)
        | Q(scope=BudgetScope.PROJECT, project__archived_at=None),
        ended_at=None,
    )
    return standings(rows.select_related("user", "project").order_by("scope", "pk"), now=now)


def standings(budgets: Iterable[Budget], *, now: datetime) -> list[Standing]:
    """Answer how budgets stand in this month, in their order, with three queries for all of them.

    A budget without counters of the month has had no generation in it.
    """
    budgets = list(budgets)
    period = period_of(now)
    months = {
        row.budget_id: row for row in BudgetMonth.objects.filter(budget__in=budgets, period=period)
    }
    raises: dict[int, list[BudgetRaise]] = {}
    in_force = BudgetRaise.objects.filter(budget__in=budgets, starts_at__lte=now, ends_at__gt=now)
    for row in in_force.select_related("approved_by").order_by("ends_at"):
        raises.setdefault(row.budget_id, []).append(row)
    recent = _recent(budgets, now)
    found = []
    for budget in budgets:
        month, raised = months.get(budget.pk), raises.get(budget.pk, [])
        left = Left(
            budget=budget,
            period=period,
            limit_micro_usd=budget.limit_micro_usd + sum(r.micro_usd for r in raised),
            held_micro_usd=month.held_micro_usd if month else 0,
            spent_micro_usd=month.spent_micro_usd if month else 0,
        )
        found.append(Standing(left, tuple(raised), forecast(left, recent.get(budget.pk), now=now)))
    return found


def forecast(left: Left, recent: _Recent | None, *, now: datetime) -> Forecast | None:
    """Answer where the pace of the last weeks leads, or None when they say too little.

    $14 in the last 7 days are $2 a day: with $40 gone and 10 days to go the month ends at $60.
    """
    if recent is None or recent.count < MIN_GENERATIONS:
        return None
    since_s = (now - recent.first_at).total_seconds()
    if since_s < MIN_DAYS * _DAY_S:
        return None
    pace = round(recent.micro_usd * _DAY_S / since_s)
    month_end = bounds(left.period)[1]
    to_go_s = (month_end - now).total_seconds()
    gone = left.held_micro_usd + left.spent_micro_usd
    exhausted_at = None
    if left.left_micro_usd <= 0:
        exhausted_at = now
    elif pace > 0:
        lasts_s = left.left_micro_usd * _DAY_S / pace
        exhausted_at = now + timedelta(seconds=lasts_s) if lasts_s < to_go_s else None
    return Forecast(pace, gone + round(pace * to_go_s / _DAY_S), exhausted_at)


def _recent(budgets: list[Budget], now: datetime) -> Mapping[int, _Recent]:
    """What each budget's generations of the last weeks hold and have spent, since the first of them."""
    rows = (
        BudgetHold.objects.filter(
            month__budget__in=budgets,
            generation__created_at__gt=now - WINDOW,
            generation__created_at__lte=now,
        )
        .values_list("month__budget")
        .annotate(
            usd=Sum(F("held_micro_usd") + F("spent_micro_usd")),
            count=Count("pk"),
            first_at=Min("generation__created_at"),
        )
    )
    return {budget_id: _Recent(usd, count, first) for budget_id, usd, count, first in rows}
