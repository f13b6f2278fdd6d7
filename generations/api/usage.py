"""Usage: what was asked for and what it cost, by any combination of keys; JSON, CSV or XLSX."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from generations.api.base import ApiView
from generations.api.negotiation import Anything
from generations.api.problems import Refused, fault
from generations.api.reading import pointer
from generations.models import Scope
from generations.money import credits_text, usd_text
from generations.reports import sheets
from generations.reports.days import Days
from generations.reports.usage import Key, KeyValue, Row, Usage, as_table, recorded_days, usage
from generations.services import visibility
from generations.services.errors import Fault

_PARAMETERS = frozenset({"group_by", "from", "to", "format"})
_LONGEST_LIST = 200
_FILES: Mapping[str, tuple[str, Callable[[sheets.Table], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", sheets.csv_chunks),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        sheets.xlsx_chunks,
    ),
}
_FORMATS = frozenset({"json", *_FILES})


class UsageView(ApiView):
    """A report of whole days in TIME_ZONE; `from` and `to` are both included.

    Without `from` it begins with the first thing recorded, without `to` it ends today, without
    `group_by` it is by day. An operator's is of own generations only.
    """

    scopes: ClassVar = {"GET": Scope.USAGE_READ}

    def get_content_negotiator(self) -> Any:
        is_file = self.request.GET.get("format") in _FILES
        return Anything() if is_file else super().get_content_negotiator()

    def get(self, request: Request) -> Response | HttpResponse | StreamingHttpResponse:
        query, now = request.query_params, timezone.now()
        only = None if visibility.sees_all(self.caller) else self.caller
        keys, days, form = _read(query, recorded_days(now=now, only=only))
        report = usage(days=days, keys=keys, now=now, only=only)
        return _file(report, form) if form in _FILES else Response(_shown(report))


def _read(query: QueryDict, whole: Days) -> tuple[tuple[Key, ...], Days, str]:
    """Raises Refused naming every parameter that is wrong."""
    faults = [
        fault(f"/query{pointer(name)}", "unknown_filter")
        for name in query
        if name not in _PARAMETERS
    ]
    faults += [
        fault(f"/query/{name}", "more_than_one")
        for name in sorted(_PARAMETERS - {"group_by"})
        if len(query.getlist(name)) > 1
    ]
    keys = _keys(query.getlist("group_by") or [str(Key.DAY)], faults)
    first = _day(query, "from", faults) or whole.first
    last = _day(query, "to", faults) or max(whole.last, first)
    if not query.get("from") and last < first:
        first = last
    if first > last:
        faults.append(fault("/query/to", "before_from"))
    form = query.get("format", "json")
    if form not in _FORMATS:
        faults.append(fault("/query/format", "unknown_value"))
    if faults:
        raise Refused("invalid", *faults)
    return keys, Days(first, last), form


def _keys(given: list[str], faults: list[Fault]) -> tuple[Key, ...]:
    names = ",".join(given)[:_LONGEST_LIST].split(",")
    if any(name not in list(Key) for name in names):
        faults.append(fault("/query/group_by", "unknown_value"))
        return ()
    return tuple(dict.fromkeys(Key(name) for name in names))


def _day(query: QueryDict, name: str, faults: list[Fault]) -> date | None:
    value = query.get(name)
    if value is None:
        return None
    try:
        if len(value) != len("2026-01-31") or not value.isascii():
            raise ValueError
        day = date.fromisoformat(value)
        if not 1970 <= day.year <= 2099:
            raise ValueError
        return day
    except ValueError:
        faults.append(fault(f"/query/{name}", "not_a_day"))
        return None


def _file(report: Usage, form: str) -> StreamingHttpResponse:
    kind, write = _FILES[form]
    answer = StreamingHttpResponse(write(as_table(report)), content_type=kind)
    name = f"usage-{report.days.first}-{report.days.last}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _shown(report: Usage) -> dict[str, Any]:
    return {
        "from": report.days.first.isoformat(),
        "to": report.days.last.isoformat(),
        "rows": [
            {str(key): _value(value) for key, value in zip(report.keys, row.keys, strict=True)}
            | _amounts(row)
            for row in report.rows
        ],
        "total": _amounts(report.total),
    }


def _value(value: KeyValue) -> str | int | None:
    return value.isoformat() if isinstance(value, date) else value


def _amounts(row: Row) -> dict[str, Any]:
    return {
        "generations": row.generations,
        "credits": credits_text(row.micro_credits),
        "usd": usd_text(row.micro_usd),
        "seconds": row.seconds,
    }
