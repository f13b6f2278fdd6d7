"""Reports for people: figures, rows and charts, in the words of the interface."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generations.admin import words
from generations.admin.report_query import KEYS
from generations.models import Evidence, Price, Status
from generations.money import MICRO, credits_text
from generations.reports.risk import AtRisk, Doubt, EvidenceShare
from generations.reports.usage import Key, KeyValue, Row, Usage

MOST_SHOWN = 100
_MOST_BARS = 12
_LONGEST_LABEL = 22
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+(?!\d))(?<!\.\d)(?<!\.\d\d)(?<!\.\d\d\d)")

DOUBTS: dict[Doubt, tuple[str | Promise, str]] = {
    Doubt.UNKNOWN: (gettext_lazy("Answer lost"), "warning"),
    Doubt.SUSPENSE: (gettext_lazy("Lost for more than a day"), "danger"),
    Doubt.NEEDS_REVIEW: (gettext_lazy("Success without a video"), "warning"),
    Doubt.NOT_ARCHIVED: (gettext_lazy("Charged, not archived"), "info"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table as it is read."""

    names: tuple[str, ...]
    generations: int
    credits: str
    usd: str
    seconds: str
    usd_per_second: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with its totals; `left_out` rows are in the totals and in the exports only."""

    headers: tuple[str | Promise, ...]
    lines: tuple[Line, ...]
    total: Line
    left_out: int


def grid(report: Usage) -> Grid:
    """Answer the report's rows: by day in order, by anything else the dearest first."""
    rows = _sorted(report)
    names = _Names(rows, report.keys)
    return Grid(
        tuple(KEYS[key] for key in report.keys),
        tuple(_line(row, names.of(row)) for row in rows[:MOST_SHOWN]),
        _line(report.total, ()),
        max(0, len(rows) - MOST_SHOWN),
    )


def day_chart(report: Usage) -> str:
    """Answer a chart of what each day of the range has cost, days without anything included."""
    spent = {row.keys[0]: row.micro_usd for row in report.rows}
    labels = [date_format(day, "d.m") for day in report.days]
    return _chart(labels, [spent.get(day, 0) for day in report.days], ticks=10)


def group_chart(report: Usage) -> str:
    """Answer a chart of the dearest groups."""
    rows = _sorted(report)[:_MOST_BARS]
    names = _Names(rows, report.keys)
    labels = [_shortened(" · ".join(names.of(row))) for row in rows]
    return _chart(labels, [row.micro_usd for row in rows], ticks=_MOST_BARS)


def seconds_text(milliseconds: int) -> str:
    return _("%(seconds)s s") % {"seconds": spaced(words.short(f"{milliseconds / 1000:.1f}"))}


def evidence_lines(shares: Sequence[EvidenceShare]) -> list[dict[str, Any]]:
    """Answer each kind of evidence with its money and its percentage."""
    meanings = {
        Evidence.PROVIDER: _("KIE's own record names the charge."),
        Evidence.QUOTE: _("KIE's record names none, so our quote stands."),
        Evidence.PERSON: _("Somebody decided, with a reason."),
        Evidence.NONE: _("Nothing says how."),
    }
    return [
        {
            "title": share.evidence.label,
            "meaning": meanings[share.evidence],
            "usd": spaced(words.dollars(share.micro_usd)),
            "percent": percent_text(share.share),
            "width": max(0, min(100, round(share.share * 100))),
        }
        for share in shares
    ]


def percent_text(share: float) -> str:
    """Answer a share as a percentage; one that is neither none nor all never looks so."""
    percent = share * 100
    if 0 < percent < 1:
        return "<1%"
    if 99 < percent < 100:
        return ">99%"
    return f"{percent:.0f}%"


def risk_line(risk: AtRisk) -> dict[str, Any]:
    title, colour = DOUBTS[risk.doubt]
    return {
        "generation": risk.generation,
        "title": title,
        "colour": colour,
        "money": words.money_text(risk.micro_credits, risk.micro_usd),
    }


class _Names:
    """What the values of keys are called."""

    def __init__(self, rows: Sequence[Row], keys: Sequence[Key]) -> None:
        self._keys = keys
        ids = {v for row in rows for k, v in zip(keys, row.keys, strict=True) if k is Key.PRICE}
        self._prices = Price.objects.in_bulk([v for v in ids if isinstance(v, int)])

    def of(self, row: Row) -> tuple[str, ...]:
        return tuple(self._name(k, v) for k, v in zip(self._keys, row.keys, strict=True))

    def _name(self, key: Key, value: KeyValue) -> str:
        if value is None:
            return "—"
        if isinstance(value, date):
            return date_format(value, "d.m.Y")
        if key is Key.STATUS:
            return str(Status(str(value)).label)
        if key is Key.PRICE and isinstance(value, int) and value in self._prices:
            price = self._prices[value]
            credits_ = words.short(credits_text(price.micro_credits))
            return _("%(variant)s · %(credits)s credits · no. %(number)s") % {
                "variant": price.variant or price.model,
                "credits": credits_,
                "number": value,
            }
        return str(value)


def _shortened(label: str) -> str:
    """Answer what fits below a bar; the table has the whole."""
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _sorted(report: Usage) -> list[Row]:
    if report.keys[0] is Key.DAY:
        return list(report.rows)
    return sorted(report.rows, key=lambda row: (-row.micro_usd, -row.generations))


def _line(row: Row, names: tuple[str, ...]) -> Line:
    rate = row.micro_usd_per_second
    return Line(
        names,
        row.generations,
        spaced(words.short(credits_text(row.micro_credits))),
        spaced(words.dollars(row.micro_usd)),
        spaced(words.short(f"{row.seconds:.1f}")),
        "—" if rate is None else rate_text(rate),
    )


def spaced(amount: str) -> str:
    """Answer an amount with its thousands apart: "$1318720.50" is "$1 318 720.50"."""
    return _THOUSANDS.sub("\u202f", amount)


def rate_text(micro_usd: int) -> str:
    """Answer dollars a second, to a hundredth of a cent."""
    return words.dollars(round(micro_usd, -2))


def _chart(labels: list[str], micro_usd: list[int], *, ticks: int) -> str:
    return json.dumps(
        {
            "labels": labels,
            "datasets": [
                {
                    "label": _("Spent, $"),
                    "data": [amount / MICRO for amount in micro_usd],
                    "backgroundColor": "var(--color-primary-600)",
                    "borderRadius": 3,
                    "maxBarThickness": 26,
                    "displayYAxis": True,
                    "suffixYAxis": "$",
                    "maxTicksXLimit": ticks,
                }
            ],
        },
        ensure_ascii=False,
    )
