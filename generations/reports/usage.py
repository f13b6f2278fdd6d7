"""What was asked for and what it cost, by any combination of keys, for a range of days.

Money is what the ledger holds in the account `spent`, added up as posted and never worked out again
from prices; generations.reports.spent says to which day it belongs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Count, F, Min, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Round

from generations.models import Generation, LedgerEntry, PresetVersion, Project, VideoState
from generations.money import credits_text, usd_text
from generations.reports.days import Days, day_of, local_day, month_days
from generations.reports.sheets import Cell, Table
from generations.reports.spent import afterwards, asked_with_settlement, day_of_entry


class Key(StrEnum):
    """What rows may be grouped by."""

    DAY = "day"
    USER = "user"
    MODEL = "model"
    PROJECT = "project"
    PRESET = "preset"
    STATUS = "status"
    PRICE = "price"


# The days of a row are `date`, prices are ids of price rows, everything else is a name or a slug.
KeyValue = date | int | str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One group. `milliseconds` is the length of its archived videos."""

    keys: tuple[KeyValue, ...]
    generations: int = 0
    micro_credits: int = 0
    micro_usd: int = 0
    milliseconds: int = 0

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000

    @property
    def micro_usd_per_second(self) -> int | None:
        """What a second of archived video has cost, rounded half up; None where there is none."""
        if not self.milliseconds:
            return None
        return (self.micro_usd * 1000 * 2 + self.milliseconds) // (2 * self.milliseconds)


@dataclass(frozen=True, slots=True)
class Usage:
    """A report as of a moment. Without anything recorded `rows` is empty and `total` is zero."""

    days: Days
    keys: tuple[Key, ...]
    rows: tuple[Row, ...]
    total: Row
    as_of: datetime


def usage(*, days: Days, keys: Sequence[Key], now: datetime, only: User | None = None) -> Usage:
    """Answer the usage of the days, by the keys; `only` leaves out everybody else's generations.

    `generations` counts those asked for in the days, whatever became of them. Rows come in the order
    of their keys, those without a value last.
    """
    keys = tuple(dict.fromkeys(keys))
    sums: defaultdict[tuple[Any, ...], Amounts] = defaultdict(lambda: NOTHING)
    for group, amounts in (*_asked(days, keys, only), *_charged_afterwards(days, keys, only)):
        sums[group] = _plus(sums[group], amounts)
    names = [_names_of(key, {group[n] for group in sums}) for n, key in enumerate(keys)]
    named: defaultdict[tuple[KeyValue, ...], Amounts] = defaultdict(lambda: NOTHING)
    total = NOTHING
    for group, amounts in sums.items():
        # Versions of one preset are one preset.
        shown = tuple(known.get(value, value) for known, value in zip(names, group, strict=True))
        named[shown] = _plus(named[shown], amounts)
        total = _plus(total, amounts)
    rows = tuple(Row(group, *named[group]) for group in sorted(named, key=_order))
    return Usage(days, keys, rows, Row((), *total), now)


def recorded_days(*, now: datetime, only: User | None = None) -> Days:
    """Answer every day from the first thing recorded until today; today alone when nothing is."""
    today = day_of(now)
    asked = Generation.objects.order_by("created_at").values_list("created_at", flat=True)
    first_at = (asked if only is None else asked.filter(created_by=only)).first()
    first = min(today, day_of(first_at)) if first_at else today
    period = None if only else LedgerEntry.objects.aggregate(first=Min("period"))["first"]
    return Days(min(first, month_days(period).first) if period else first, today)


def as_table(report: Usage) -> Table:
    """Answer the report as a table; its control row holds the totals, behind the word "total"."""
    columns = (*(str(key) for key in report.keys), "generations", "credits", "usd", "seconds")
    names: list[Cell] = ["total", *[None] * (len(report.keys) - 1)]
    rows = ([*row.keys, *_cells(row)] for row in report.rows)
    return Table(columns, rows, [*names, *_cells(report.total)], report.as_of)


def _cells(row: Row) -> tuple[Cell, ...]:
    credits_, usd = credits_text(row.micro_credits), usd_text(row.micro_usd)
    return row.generations, Decimal(credits_), Decimal(usd), row.seconds


# generations, micro-credits, micro-dollars, milliseconds
Amounts = tuple[int, int, int, int]
NOTHING: Amounts = (0, 0, 0, 0)
Sums = Iterator[tuple[tuple[Any, ...], Amounts]]


def _asked(days: Days, keys: Sequence[Key], only: User | None) -> Sums:
    """Count the generations of the days, and add up what they settled at and their seconds."""
    asked = asked_with_settlement(days, only)
    # Whole milliseconds, so that the parts of a report add up to its total.
    length = Cast(Round(F("video__duration_s") * 1000), BigIntegerField())
    columns = {f"by_{key}": _column(key, days) for key in keys}
    rows = (
        asked.annotate(**columns)
        .values_list(*columns)
        .annotate(
            count=Count("pk"),
            credits=Sum("settled__micro_credits"),
            usd=Sum("settled__micro_usd"),
            length=Sum(length, filter=Q(video__state=VideoState.ARCHIVED)),
        )
    )
    for *group, count, credits_, usd, milliseconds in rows:
        yield tuple(group), (count, credits_ or 0, usd or 0, milliseconds or 0)


def _charged_afterwards(days: Days, keys: Sequence[Key], only: User | None) -> Sums:
    for entry in afterwards(days, only):
        group = tuple(_value_of(entry, key) for key in keys)
        yield group, (0, entry.micro_credits, entry.micro_usd, 0)


_COLUMNS = {
    Key.USER: "created_by_id",
    Key.MODEL: "model",
    Key.PROJECT: "project_id",
    Key.PRESET: "preset_version_id",
    Key.STATUS: "status",
    Key.PRICE: "price_id",
}


def _column(key: Key, days: Days) -> Combinable:
    if key is Key.DAY:
        return local_day("created_at", days)
    # As it stands SQLite would walk the authors' index, row by row, to spare itself a sort.
    return F(_COLUMNS[key]) + 0 if key is Key.USER else F(_COLUMNS[key])


def _value_of(entry: LedgerEntry, key: Key) -> KeyValue:
    if key is Key.DAY:
        return day_of_entry(entry)
    return getattr(entry.generation, _COLUMNS[key]) if entry.generation else None


def _names_of(key: Key, ids: set[Any]) -> dict[Any, str]:
    """Answer what the ids of a key are called; keys that name themselves answer nothing."""
    known: QuerySet[Any, Any]
    match key:
        case Key.USER:
            known = User.objects.filter(pk__in=ids).values_list("pk", "username")
        case Key.PROJECT:
            known = Project.objects.filter(pk__in=ids).values_list("pk", "slug")
        case Key.PRESET:
            known = PresetVersion.objects.filter(pk__in=ids).values_list("pk", "preset__slug")
        case _:
            return {}
    return dict(known)


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _order(group: tuple[KeyValue, ...]) -> list[Any]:
    return [(value is None, value) if value is not None else (True,) for value in group]
