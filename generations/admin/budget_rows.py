"""Budgets as the pages show them: names, bars, what is left, and forecasts in sentences."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from generations.admin.words import dollars
from generations.models import Budget, BudgetMonth, BudgetScope
from generations.services.budget_standing import Standing
from generations.services.periods import bounds

# The bar is this many units wide, so that no fraction needs a decimal point.
_WIDTH = 1000
_TICK_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """A budget's bar, in thousandths of its limit, as text that no language rewrites."""

    spent: str
    held_from: str
    held: str
    ticks: tuple[str, ...]
    # "", "odd" from the first warning on, "bad" when nothing is left.
    colour: str


@dataclass(frozen=True, slots=True)
class Row:
    budget: Budget
    title: str
    limit: str
    spent: str
    held: str
    left: str
    gone: str
    bar: Bar
    forecast: str
    is_forecast_bad: bool
    raises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Month:
    first_day: datetime
    spent: str
    held: str


@dataclass(frozen=True, slots=True)
class Line:
    """What is left of a budget, beside the price; `project` is the slug of a project's."""

    title: str
    left: str
    project: str
    is_empty: bool


def row(standing: Standing) -> Row:
    left = standing.left
    gone = left.held_micro_usd + left.spent_micro_usd
    sentence, is_bad = _forecast(standing)
    return Row(
        budget=standing.budget,
        title=title(standing.budget),
        limit=dollars(left.limit_micro_usd),
        spent=dollars(left.spent_micro_usd),
        held=dollars(left.held_micro_usd),
        left=dollars(left.left_micro_usd),
        gone=f"{_share(gone, left.limit_micro_usd, 100)}%",
        bar=_bar(standing),
        forecast=sentence,
        is_forecast_bad=is_bad,
        raises=tuple(
            _("%(usd)s more until %(date)s: %(reason)s (%(who)s)")
            % {
                "usd": dollars(raised.micro_usd),
                "date": date_format(timezone.localtime(raised.ends_at), "SHORT_DATETIME_FORMAT"),
                "reason": raised.reason,
                "who": raised.approved_by.get_username(),
            }
            for raised in standing.raises
        ),
    )


def month(counters: BudgetMonth) -> Month:
    return Month(
        first_day=bounds(counters.period)[0],
        spent=dollars(counters.spent_micro_usd),
        held=dollars(counters.held_micro_usd),
    )


def line(standing: Standing) -> Line:
    budget = standing.budget
    return Line(
        title=title(budget),
        left=_("%(left)s of %(limit)s")
        % {
            "left": dollars(standing.left.left_micro_usd),
            "limit": dollars(standing.left.limit_micro_usd),
        },
        project=budget.project.slug if budget.project else "",
        is_empty=standing.left.left_micro_usd <= 0,
    )


def title(budget: Budget) -> str:
    """Answer what a budget is for, in the words of the interface."""
    match budget.scope:
        case BudgetScope.USER:
            return _("Person: %(name)s") % {"name": budget.user}
        case BudgetScope.PROJECT:
            return _("Project: %(name)s") % {"name": budget.project}
        case BudgetScope.TOKEN:
            return _("API token: %(name)s") % {"name": budget.token or "—"}
    return _("Everything")


def _bar(standing: Standing) -> Bar:
    left = standing.left
    spent = min(_WIDTH, _share(left.spent_micro_usd, left.limit_micro_usd, _WIDTH))
    held = _share(left.held_micro_usd, left.limit_micro_usd, _WIDTH)
    warned = standing.budget.warn_at_percent
    gone = left.held_micro_usd + left.spent_micro_usd
    colour = ""
    if left.left_micro_usd <= 0:
        colour = "bad"
    elif warned and gone * 100 >= min(warned) * left.limit_micro_usd:
        colour = "odd"
    return Bar(
        spent=str(spent),
        held_from=str(spent),
        held=str(min(_WIDTH - spent, held)),
        ticks=tuple(str(percent * _WIDTH // 100 - _TICK_WIDTH) for percent in warned),
        colour=colour,
    )


def _share(part: int, whole: int, of: int) -> int:
    """A budget of nothing is wholly gone."""
    return part * of // whole if whole > 0 else of


def _forecast(standing: Standing) -> tuple[str, bool]:
    forecast = standing.forecast
    if forecast is None and standing.left.left_micro_usd <= 0:
        return _("Nothing is left."), True
    if forecast is None:
        return _("Too little has happened yet to say where the month leads."), False
    said = {
        "pace": dollars(_rounded(forecast.pace_micro_usd_per_day)),
        "end": dollars(_rounded(forecast.projected_micro_usd)),
    }
    if standing.left.left_micro_usd <= 0:
        return _("Nothing is left. At %(pace)s a day the month would end at %(end)s.") % said, True
    if forecast.exhausted_at is None:
        return _("At %(pace)s a day the month ends at %(end)s, within the limit.") % said, False
    date = date_format(timezone.localtime(forecast.exhausted_at), "DATE_FORMAT")
    sentence = _("At %(pace)s a day the money ends on %(date)s; the month would end at %(end)s.")
    return sentence % (said | {"date": date}), True


def _rounded(micro_usd: int) -> int:
    """To whole cents: a forecast is no account."""
    return (micro_usd + 5_000) // 10_000 * 10_000
