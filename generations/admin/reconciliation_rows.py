"""What the reconciliation page shows of breaks, days and the balance: values for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from generations.admin.words import short
from generations.models import BalanceBreak, BalanceSnapshot
from generations.money import MICRO, credits_text
from generations.services.movement import Day
from generations.services.reconcile import RefundPolicy

_MOST_POINTS = 240


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A break; amounts are credits with their sign."""

    found: BalanceBreak
    difference: str
    expected: str
    actual: str
    age: str
    explanation: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day; `state` is good, bad, odd (explained) or plain (nothing compared)."""

    day: Day
    closing: str
    charged: str
    topped_up: str
    actual: str
    difference: str
    state: str
    state_text: str


def break_row(found: BalanceBreak, now: datetime) -> BreakRow:
    return BreakRow(
        found=found,
        difference=signed(found.difference_micro_credits),
        expected=signed(found.expected_micro_credits),
        actual=signed(found.actual_micro_credits),
        age=timesince(found.opened_at, found.explained_at or now, depth=1),
        explanation=_explanation(found),
    )


def day_row(day: Day) -> DayRow:
    state, text = _state(day)
    return DayRow(
        day=day,
        closing=credits_of(day.closing),
        charged=signed(-day.charged),
        topped_up=signed(day.topped_up),
        actual=signed(day.actual),
        difference=signed(day.difference),
        state=state,
        state_text=text,
    )


def chart_data(snapshots: Sequence[BalanceSnapshot]) -> dict[str, Any]:
    """Answer the balance over time for unfold's chart, thinned out to what a screen can show."""
    step = max(1, -(-len(snapshots) // _MOST_POINTS))
    shown = list(snapshots[::-1][::step])[::-1]
    return {
        "labels": [date_format(timezone.localtime(row.at), "d.m H:i") for row in shown],
        "datasets": [
            {
                "label": _("Balance, credits"),
                "data": [row.micro_credits / MICRO for row in shown],
                "borderColor": "var(--color-primary-600)",
                "displayYAxis": True,
                "maxTicksXLimit": 8,
                "stepped": "before",
            }
        ],
    }


def policy_sentence(policy: RefundPolicy) -> str:
    """Say what KIE does with the charges of failed tasks, by its own records."""
    counts = {"returned": policy.returned, "kept": policy.kept}
    if not policy.returned and not policy.kept:
        return _("No failed task of the last 30 days says whether KIE returns its charge.")
    if not policy.kept:
        return (
            _("KIE returns the charges of failed tasks: %(returned)s of the last 30 days.") % counts
        )
    if not policy.returned:
        return _("KIE keeps the charges of failed tasks: %(kept)s of the last 30 days.") % counts
    text = _(
        "KIE returned the charges of %(returned)s failed tasks of the last 30 days, kept %(kept)s."
    )
    return text % counts


def credits_of(micro_credits: int) -> str:
    return short(credits_text(micro_credits))


def signed(micro_credits: int) -> str:
    """Answer credits with their sign, a true minus for losses, and 0 without one."""
    amount = credits_of(abs(micro_credits))
    if micro_credits == 0:
        return "0"
    return f"+{amount}" if micro_credits > 0 else f"−{amount}"


def _explanation(found: BalanceBreak) -> str:
    if found.explained_at is None or found.explained_by is not None:
        return found.explanation
    text = _("What became known later accounts for it. It was %(credits)s credits.")
    return text % {"credits": found.explanation}


def _state(day: Day) -> tuple[str, str]:
    if day.difference or not day.is_explained:
        return ("odd", _("explained")) if day.is_explained else ("bad", _("does not match"))
    if day.undecided:
        return "odd", _("waits for a decision")
    if not day.compared:
        return "plain", _("not compared yet")
    return "good", _("matches")
