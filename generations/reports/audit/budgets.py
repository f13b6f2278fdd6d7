"""Budgets: a month's counters are its holds' sums, and each hold is what its generation holds or spent.

`audit.ledger` ties the generations' own figures to the ledger. All of this is money: nothing repairs it.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from generations.models import BudgetHold, BudgetMonth, BudgetScope, Generation
from generations.models.generation import TERMINAL
from generations.money import usd_text
from generations.reports.audit.finding import Finding, finding

_NOTHING = Value(0, output_field=BigIntegerField())
_IS_OVER = Q(generation__status__in=sorted(TERMINAL))


def holds(now: datetime) -> Iterator[Finding]:
    """I21: holds that are not what their generation holds, or has spent."""
    rows = BudgetHold.objects.annotate(
        should_hold=Case(When(_IS_OVER, then=_NOTHING), default="generation__quote_micro_usd"),
        should_have_spent=Case(
            When(_IS_OVER, then=Coalesce("generation__cost_micro_usd", _NOTHING)), default=_NOTHING
        ),
    )
    wrong = rows.exclude(
        held_micro_usd=F("should_hold"),
        spent_micro_usd=F("should_have_spent"),
        month__period=F("generation__period"),
    )
    for hold in wrong.select_related("month", "generation"):
        sentence = (
            f"It says ${usd_text(hold.held_micro_usd)} held and ${usd_text(hold.spent_micro_usd)}"
            f" spent in {hold.month.period}; generation {hold.generation_id} holds"
            f" ${usd_text(hold.should_hold)} and has spent ${usd_text(hold.should_have_spent)}"
            f" in {hold.generation.period}."
        )
        yield finding("I21", BudgetHold, hold.pk, sentence)


def counters(now: datetime) -> Iterator[Finding]:
    """I21, I22: months whose counters are not the sums of their holds."""
    rows = BudgetMonth.objects.select_related("budget").annotate(
        held=Coalesce(Sum("holds__held_micro_usd"), _NOTHING),
        spent=Coalesce(Sum("holds__spent_micro_usd"), _NOTHING),
    )
    for month in rows.exclude(held_micro_usd=F("held"), spent_micro_usd=F("spent")):
        sentence = (
            f"The budget {month.budget} counts ${usd_text(month.held_micro_usd)} held and"
            f" ${usd_text(month.spent_micro_usd)} spent in {month.period}; its holds are"
            f" ${usd_text(month.held)} and ${usd_text(month.spent)}."
        )
        yield finding("I21", BudgetMonth, month.pk, sentence)


def uncounted(now: datetime) -> Iterator[Finding]:
    """I21: generations that a budget in force does not count."""
    for month in BudgetMonth.objects.filter(budget__ended_at=None).select_related("budget"):
        budget = month.budget
        if budget.scope == BudgetScope.TOKEN:
            continue  # a token may be deleted, and then nothing says whose it was
        of_budget = Q(period=month.period)
        if budget.scope == BudgetScope.PROJECT:
            of_budget &= Q(project=budget.project_id)
        elif budget.scope == BudgetScope.USER:
            of_budget &= Q(created_by=budget.user_id)
        counted = BudgetHold.objects.filter(generation=OuterRef("pk"), month=month)
        for pk in Generation.objects.filter(of_budget, ~Exists(counted)).values_list(
            "pk", flat=True
        ):
            sentence = f"The budget {budget} does not count it in {month.period}."
            yield finding("I21", Generation, pk, sentence)
