"""Budgets: setting them, asking them before anything is spent, and what is left of each.

A reservation is one conditional UPDATE per budget, in a fixed order: two requests at the same moment
never both get the last dollar, and never wait for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from generations.models import (
    ApiToken,
    Budget,
    BudgetHold,
    BudgetMonth,
    BudgetRaise,
    BudgetScope,
    Generation,
    IncidentKind,
    Project,
    ledger,
)
from generations.money import MICRO, usd_text
from generations.services import incidents
from generations.services.budget_months import from_ledger, month
from generations.services.errors import BudgetExceeded, Fault, InvalidRequest, WrongState
from generations.services.periods import period_of

DEFAULT_WARN_AT_PERCENT = (50, 80, 95)
MOST_MICRO_USD = 1_000_000 * MICRO
LONGEST_REASON = 500
LONGEST_RAISE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Left:
    """How a budget stands in a month. `left` may be negative where a charge went above its quote."""

    budget: Budget
    period: str
    limit_micro_usd: int
    held_micro_usd: int
    spent_micro_usd: int

    @property
    def left_micro_usd(self) -> int:
        return self.limit_micro_usd - self.held_micro_usd - self.spent_micro_usd


def set_limit(
    *,
    limit_micro_usd: int,
    by: str,
    now: datetime,
    user: User | None = None,
    project: Project | None = None,
    token: ApiToken | None = None,
    is_hard: bool = True,
    warn_at_percent: Sequence[int] = DEFAULT_WARN_AT_PERCENT,
) -> Budget:
    """Make or change the budget of a person, a project, a token, or (none given) of everything.

    Warnings begin anew: a share that was told of the old limit may be told of the new one.
    Raises InvalidRequest for a negative or absurd limit, and for percentages outside 1 to 100.
    """
    _judge(limit_micro_usd, "/usd", least=0)
    if not all(1 <= percent <= 100 for percent in warn_at_percent):
        raise InvalidRequest((_fault("/warn", "not_percentages"),))
    scope = _scope_of(user, project, token)
    with transaction.atomic():
        ledger.lock()
        budget, _ = Budget.objects.select_for_update().get_or_create(
            scope=scope,
            user=user,
            project=project,
            token=token,
            ended_at=None,
            defaults={"limit_micro_usd": limit_micro_usd, "created_at": now, "created_by": by},
        )
        budget.limit_micro_usd = limit_micro_usd
        budget.is_hard = is_hard
        budget.warn_at_percent = sorted(set(warn_at_percent))
        budget.save(update_fields=["limit_micro_usd", "is_hard", "warn_at_percent"])
        row = month(budget, period_of(now))
        gone, limit = row.held_micro_usd + row.spent_micro_usd, limit_at(budget, now=now)
        told = [percent for percent in budget.warn_at_percent if gone * 100 >= limit * percent]
        BudgetMonth.objects.filter(pk=row.pk).update(warned_percent=max(told, default=0))
    return budget


def end(budget: Budget, *, now: datetime) -> bool:
    """Let a budget apply no longer; its months stay. Answers False when it had ended before."""
    with transaction.atomic():
        ledger.lock()
        return bool(Budget.objects.filter(pk=budget.pk, ended_at=None).update(ended_at=now))


def reserve(generation: Generation, *, now: datetime) -> None:
    """Hold a new generation's quote on every budget that it belongs to.

    Runs in the transaction that makes the generation. Raises BudgetExceeded naming the first hard
    budget without room; then nothing of that transaction stays.
    """
    ledger.lock()  # a budget that is being made meanwhile counts this hold, or is asked here
    amount = generation.quote_micro_usd
    budgets = applying(
        user=generation.created_by, project=generation.project, token=generation.token
    )
    for budget in budgets:
        row = month(budget, generation.period)
        limit = limit_at(budget, now=now)
        room = Q()
        if budget.is_hard:
            room = Q(held_micro_usd__lte=limit - amount - F("spent_micro_usd"))
        won = BudgetMonth.objects.filter(room, pk=row.pk).update(
            held_micro_usd=F("held_micro_usd") + amount
        )
        if not won:
            row.refresh_from_db()
            gone = row.held_micro_usd + row.spent_micro_usd
            raise BudgetExceeded(
                budget.name,
                left_micro_usd=limit - gone,
                limit_micro_usd=limit,
                cost_micro_usd=amount,
            )
        BudgetHold.objects.create(generation=generation, month=row, held_micro_usd=amount)
        _warn(budget, row.pk, limit, now)


def applying(*, user: User, project: Project | None, token: ApiToken | None) -> QuerySet[Budget]:
    """Answer the budgets that a request counts against, in the order in which they are asked."""
    of_request = Q(scope=BudgetScope.GLOBAL) | Q(scope=BudgetScope.USER, user=user)
    if project is not None:
        of_request |= Q(scope=BudgetScope.PROJECT, project=project)
    if token is not None:
        of_request |= Q(scope=BudgetScope.TOKEN, token=token)
    return (
        Budget.objects.filter(of_request, ended_at=None)
        .select_related("user", "project", "token")
        .order_by("scope", "pk")
    )


def left(budget: Budget, *, now: datetime) -> Left:
    """Answer how a budget stands in this month."""
    period = period_of(now)
    row = BudgetMonth.objects.filter(budget=budget, period=period).first()
    if row is None:
        held, spent = from_ledger(budget, period)
    else:
        held, spent = row.held_micro_usd, row.spent_micro_usd
    return Left(budget, period, limit_at(budget, now=now), held, spent)


def limit_at(budget: Budget, *, now: datetime) -> int:
    """Answer a budget's limit with the raises that hold at the moment, in micro-dollars."""
    raised = BudgetRaise.objects.filter(budget=budget, starts_at__lte=now, ends_at__gt=now)
    return budget.limit_micro_usd + (raised.aggregate(sum=Sum("micro_usd"))["sum"] or 0)


def raise_for_a_while(
    budget: Budget, *, micro_usd: int, reason: str, by: User, now: datetime, ends_at: datetime
) -> BudgetRaise:
    """Raise a budget until a moment, by a person who answers for it.

    Raises InvalidRequest without a reason, for an end that is not ahead or more than a year away, and
    for an amount that is not above zero; WrongState when the budget has ended.
    """
    _judge(micro_usd, "/usd", least=1)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidRequest((_fault("/reason", "reason_required"),))
    if not now < ends_at <= now + LONGEST_RAISE:
        raise InvalidRequest((_fault("/ends_at", "not_ahead"),))
    if budget.ended_at is not None:
        raise WrongState
    return BudgetRaise.objects.create(
        budget=budget,
        micro_usd=micro_usd,
        reason=reason.strip(),
        approved_by=by,
        starts_at=now,
        ends_at=ends_at,
    )


def _judge(micro_usd: int, pointer: str, *, least: int) -> None:
    if not least <= micro_usd <= MOST_MICRO_USD:
        raise InvalidRequest((_fault(pointer, "limit_out_of_bounds"),))


def _fault(pointer: str, code: str) -> Fault:
    ru, en = _SENTENCES[code]
    return Fault(pointer, code, {"ru": ru, "en": en})


_SENTENCES = {
    "limit_out_of_bounds": (
        "Сумма — от 0 до 1 000 000 долларов; повышение — больше 0.",
        "An amount is from 0 to 1,000,000 dollars; a raise is more than 0.",
    ),
    "not_percentages": (
        "Предупреждения — целые проценты от 1 до 100.",
        "Warnings are whole percentages from 1 to 100.",
    ),
    "reason_required": (
        "Напишите причину, до 500 символов.",
        "Say why, in at most 500 characters.",
    ),
    "not_ahead": (
        "Окончание — впереди и не дальше года.",
        "The end lies ahead, by a year at most.",
    ),
}


def _scope_of(user: User | None, project: Project | None, token: ApiToken | None) -> BudgetScope:
    given: Iterable[tuple[object, BudgetScope]] = (
        (user, BudgetScope.USER),
        (project, BudgetScope.PROJECT),
        (token, BudgetScope.TOKEN),
    )
    scopes = [scope for target, scope in given if target is not None]
    if len(scopes) > 1:
        raise ValueError("a budget is for one person, one project or one token")
    return scopes[0] if scopes else BudgetScope.GLOBAL


def _warn(budget: Budget, month_id: int, limit_micro_usd: int, now: datetime) -> None:
    """Tell once per month and step that a share of the budget is gone."""
    row = BudgetMonth.objects.get(pk=month_id)
    gone = row.held_micro_usd + row.spent_micro_usd
    passed = [
        percent
        for percent in budget.warn_at_percent
        if gone * 100 >= limit_micro_usd * percent and percent > row.warned_percent
    ]
    if not passed:
        return
    if BudgetMonth.objects.filter(pk=month_id, warned_percent=row.warned_percent).update(
        warned_percent=max(passed)
    ):
        incidents.report(
            IncidentKind.BUDGET_WARNING,
            cause=f"{budget.name} {row.period} {max(passed)}% of ${usd_text(limit_micro_usd)}",
            now=now,
            detail={"budget": budget.name, "percent": max(passed)},
        )
