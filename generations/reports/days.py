"""Days in the platform's zone, for the database to group by.

Django's own Trunc functions are Python callbacks on SQLite, one call a row. Here the moments at which
the zone's offset changes are worked out once, and the database adds the offset that holds and takes
the date: correct over every change of the clock, and the same on SQLite and PostgreSQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, DateField, F, Func, When
from django.db.models.expressions import Combinable

_DAY = timedelta(days=1)
# No zone has ever changed its clocks twice in so short a time.
_STEP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days in TIME_ZONE, the first and the last included."""

    first: date
    last: date

    @property
    def start_at(self) -> datetime:
        return _midnight(self.first)

    @property
    def end_at(self) -> datetime:
        """The first moment after the last day."""
        return _midnight(self.last + _DAY)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * _DAY for n in range((self.last - self.first).days + 1))


def day_of(moment: datetime) -> date:
    """Answer the day of a moment in TIME_ZONE."""
    return moment.astimezone(_zone()).date()


def month_days(period: str) -> Days:
    """Answer the days of a month like "2026-11"."""
    first = date.fromisoformat(f"{period}-01")
    after = (first.replace(day=28) + 4 * _DAY).replace(day=1)
    return Days(first, after - _DAY)


def local_day(column: str, days: Days) -> Combinable:
    """Answer an expression for the day, in TIME_ZONE, of a moment column; right within `days`."""
    offsets = _offsets(days)
    if len(offsets) == 1:
        return _DayAt(column, offsets[0][1])
    earlier = [
        When(**{f"{column}__lt": until}, then=_DayAt(column, offset_s))
        for (_, offset_s), (until, _) in pairwise(offsets)
    ]
    return Case(*earlier, default=_DayAt(column, offsets[-1][1]), output_field=DateField())


class _DayAt(Func):
    """The date of a moment, so many seconds east of Greenwich."""

    output_field = DateField()

    def __init__(self, column: str, offset_s: int) -> None:
        super().__init__(F(column))
        self.offset_s = offset_s

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # To the second: SQLite would round the last half millisecond up into the next day.
        template = f"date(substr(%(expressions)s, 1, 19), '{self.offset_s:+d} seconds')"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        shift = f"interval '{self.offset_s} seconds'"
        template = f"((%(expressions)s AT TIME ZONE 'UTC') + {shift})::date"
        return self.as_sql(compiler, connection, template=template, **context)


def _offsets(days: Days) -> list[tuple[datetime, int]]:
    """Answer since when each offset from UTC holds, in seconds; the first holds at the start."""
    at, end_at = days.start_at, days.end_at
    found = [(at, _offset_s(at))]
    while at < end_at:
        after = min(at + _STEP, end_at)
        if _offset_s(after) != _offset_s(at):
            found.append((_change_between(at, after), _offset_s(after)))
        at = after
    return found


def _change_between(before: datetime, after: datetime) -> datetime:
    """Answer the first second of the new offset."""
    old = _offset_s(before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset_s(middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_s(moment: datetime) -> int:
    offset = moment.astimezone(_zone()).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, _zone()).astimezone(UTC)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
