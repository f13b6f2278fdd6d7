"""The counters of a budget's month, and what the ledger says that they must be."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Sum

from generations.models import (
    Account,
    Budget,
    BudgetHold,
    BudgetMonth,
    BudgetScope,
    Generation,
    LedgerEntry,
)


def month(budget: Budget, period: str) -> BudgetMonth:
    """Answer a budget's counters of a month; made from the ledger when they are not there yet.

    A budget may be made in the middle of a month: what is held and spent already counts.
    """
    row = BudgetMonth.objects.filter(budget=budget, period=period).first()
    if row is not None:
        return row
    with transaction.atomic():
        row, is_new = BudgetMonth.objects.get_or_create(budget=budget, period=period)
        if is_new:
            _take_in(row, budget)
            row.refresh_from_db()
    return row


def from_ledger(budget: Budget, period: str) -> tuple[int, int]:
    """Answer what is held and spent of a month, added up from the ledger."""
    entries = LedgerEntry.objects.filter(generation__in=_generations(budget, period))
    sums = _by_account(entries)
    return sums[Account.HELD] + sums[Account.SUSPENSE], sums[Account.SPENT]


def _take_in(row: BudgetMonth, budget: Budget) -> None:
    """Count what generations of the month hold and have spent before the budget was there.

    The generation that is being made at this moment is in no posting yet: its hold comes after.
    """
    sums: dict[UUID, dict[str, int]] = {}
    entries = LedgerEntry.objects.filter(generation__in=_generations(budget, row.period))
    found = entries.order_by().values_list("generation", "account").annotate(Sum("micro_usd"))
    for generation_id, account, micro_usd in found:
        sums.setdefault(generation_id, dict.fromkeys(map(str, Account), 0))[account] = micro_usd
    holds = [
        BudgetHold(
            generation_id=generation_id,
            month=row,
            held_micro_usd=of[Account.HELD] + of[Account.SUSPENSE],
            spent_micro_usd=of[Account.SPENT],
        )
        for generation_id, of in sums.items()
    ]
    BudgetHold.objects.bulk_create(holds, batch_size=500)
    BudgetMonth.objects.filter(pk=row.pk).update(
        held_micro_usd=sum(hold.held_micro_usd for hold in holds),
        spent_micro_usd=sum(hold.spent_micro_usd for hold in holds),
    )


def _generations(budget: Budget, period: str) -> QuerySet[Generation]:
    of_period = Generation.objects.filter(period=period)
    match budget.scope:
        case BudgetScope.USER:
            return of_period.filter(created_by=budget.user)
        case BudgetScope.PROJECT:
            return of_period.filter(project=budget.project)
        case BudgetScope.TOKEN:
            return of_period.filter(token=budget.token)
    return of_period


def _by_account(entries: QuerySet[LedgerEntry]) -> dict[str, int]:
    found = entries.order_by().values_list("account").annotate(Sum("micro_usd"))
    return {str(account): 0 for account in Account} | dict(found)
