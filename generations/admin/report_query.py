"""What a report is asked about: days and keys, from the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generations.reports.days import Days, day_of, month_days
from generations.reports.usage import Key

THIS_MONTH, LAST_MONTH, LAST_30_DAYS, CUSTOM = "this_month", "last_month", "30_days", "custom"
RANGES: Mapping[str, str | Promise] = {
    THIS_MONTH: _("This month"),
    LAST_MONTH: _("Last month"),
    LAST_30_DAYS: _("30 days"),
}
KEYS: Mapping[Key, str | Promise] = {
    Key.DAY: _("Day"),
    Key.USER: _("Person"),
    Key.MODEL: _("Model"),
    Key.PROJECT: _("Project"),
    Key.PRESET: _("Preset"),
    Key.STATUS: _("Status"),
    Key.PRICE: _("Price"),
}
_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Days, keys, and which of RANGES the days are. `problem` says why others are shown than asked."""

    days: Days
    keys: tuple[Key, ...]
    range: str
    problem: str | Promise = ""

    def address(self, **changes: str) -> str:
        """Answer the query string of this report, with changes."""
        pairs = {"range": self.range} | (self.dates if self.range == CUSTOM else {}) | changes
        return urlencode([*pairs.items(), *(("by", str(key)) for key in self.keys)])

    @property
    def dates(self) -> dict[str, str]:
        return {"from": self.days.first.isoformat(), "to": self.days.last.isoformat()}


def read(query: QueryDict, *, now: datetime) -> ReportQuery:
    """Read a query string; whatever is no range or no key gives way to this month and to people."""
    keys = tuple(key for key in KEYS if str(key) in query.getlist("by")) or (Key.USER,)
    name = query.get("range", THIS_MONTH)
    if name != CUSTOM:
        name = name if name in RANGES else THIS_MONTH
        return ReportQuery(_range(name, day_of(now)), keys, name)
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    problem: str | Promise = ""
    if first is None or last is None:
        problem = _("Give both days, the first and the last.")
    elif last < first:
        problem = _("The last day cannot be before the first.")
    elif (last - first).days >= _MOST_DAYS:
        problem = _("A report covers ten years at most.")
    else:
        return ReportQuery(Days(first, last), keys, CUSTOM)
    return ReportQuery(_range(THIS_MONTH, day_of(now)), keys, THIS_MONTH, problem)


def _range(name: str, today: date) -> Days:
    if name == LAST_30_DAYS:
        return Days(today - timedelta(days=29), today)
    if name == LAST_MONTH:
        return month_days(f"{today.replace(day=1) - timedelta(days=1):%Y-%m}")
    return month_days(f"{today:%Y-%m}")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2099 else None
