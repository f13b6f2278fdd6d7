"""To which day the money of the ledger's account `spent` belongs.

A charge belongs to the day on which its generation was asked for, as its period is the month of that
day: what is settled, or charged late, on a later day changes the day of the request. An entry that
has no generation, or stands in another period than its generation (a correction after the month was
closed), belongs to the day of its posting, moved into its period where it lies outside. So the days
of a month add up to the ledger's `spent` of that period, whatever they are grouped by.
"""

from datetime import date

from django.contrib.auth.models import User
from django.db.models import FilteredRelation, Q, QuerySet

from generations.models import Account, Generation, LedgerEntry, PostingKind
from generations.reports.days import Days, day_of, month_days

_SETTLED = Q(ledger__account=Account.SPENT, ledger__kind=PostingKind.SETTLE)
# What may follow a settlement, and stand in another period. There is little of it.
_AFTERWARDS = (PostingKind.LATE, PostingKind.CORRECT)


def asked_with_settlement(days: Days, only: User | None) -> QuerySet[Generation]:
    """Answer the generations of the days, each joined to the one entry `settled` that it may have.

    One row for each: a generation is settled once.
    """
    asked = Generation.objects.order_by().filter(
        created_at__gte=days.start_at, created_at__lt=days.end_at
    )
    if only is not None:
        asked = asked.filter(created_by=only)
    return asked.annotate(settled=FilteredRelation("ledger", condition=_SETTLED))


def afterwards(days: Days, only: User | None) -> list[LedgerEntry]:
    """Answer the entries of the days that came after a settlement, or without a generation."""
    entries = LedgerEntry.objects.select_related("generation").filter(
        account=Account.SPENT,
        kind__in=_AFTERWARDS,
        period__gte=f"{days.first:%Y-%m}",
        period__lte=f"{days.last:%Y-%m}",
    )
    if only is not None:
        entries = entries.filter(generation__created_by=only)
    return [entry for entry in entries if day_of_entry(entry) in days]


def day_of_entry(entry: LedgerEntry) -> date:
    generation = entry.generation
    if generation is not None and generation.period == entry.period:
        return day_of(generation.created_at)
    month = month_days(entry.period)
    return min(max(day_of(entry.at), month.first), month.last)
