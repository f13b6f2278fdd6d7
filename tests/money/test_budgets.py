"""Budgets against the ledger: what counts, what is refused, and what is told."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.models import (
    ApiToken,
    Budget,
    BudgetHold,
    BudgetMonth,
    Generation,
    Incident,
    IncidentKind,
    LedgerEntry,
    Project,
)
from generations.services import budgets
from generations.services.errors import BudgetExceeded
from generations.services.request import GenerationRequest, create, judge
from tests.fakes import Clock
from tests.money.conftest import Story

Begin = Callable[[], Story]
DOLLAR = 1_000_000
QUOTE = 800_000


@pytest.fixture
def limit(clock: Clock) -> Callable[..., Budget]:
    def make(usd: float, **options: Any) -> Budget:
        amount = round(usd * DOLLAR)
        return budgets.set_limit(limit_micro_usd=amount, by="fiona", now=clock(), **options)

    return make


Limit = Callable[..., Budget]


def test_a_hard_budget_refuses_before_anything_is_stored(begin: Begin, limit: Limit) -> None:
    limit(1.60)
    begin()
    begin()

    with pytest.raises(BudgetExceeded) as refusal:
        begin()

    assert refusal.value.budget == "global"
    assert (Generation.objects.count(), LedgerEntry.objects.count()) == (2, 4)
    assert _counters() == (2 * QUOTE, 0)


def test_a_budget_one_micro_dollar_short_refuses(begin: Begin, limit: Limit) -> None:
    limit(1.599999)
    begin()

    with pytest.raises(BudgetExceeded):
        begin()


def test_a_soft_budget_lets_everything_through_and_tells(begin: Begin, limit: Limit) -> None:
    limit(1, is_hard=False, warn_at_percent=[50, 100])

    for _ in range(4):
        begin()

    assert _counters() == (4 * QUOTE, 0)
    assert _told() == [50, 100]


def test_each_step_is_told_once_in_a_month(begin: Begin, limit: Limit, clock: Clock) -> None:
    limit(8, warn_at_percent=[50, 80, 95])

    told = []
    for _ in range(10):
        begin()
        told.append(_told())

    assert told == [[]] * 4 + [[50]] * 3 + [[50, 80]] * 2 + [[50, 80, 95]]
    clock.now += timedelta(days=31)
    for _ in range(5):
        begin()
    assert _told() == [50, 50, 80, 95]
    assert all(incident.seen_count == 1 for incident in Incident.objects.all())


def test_what_was_released_is_free_again(begin: Begin, limit: Limit) -> None:
    limit(0.80)
    begin().is_cancelled()
    story = begin()
    story.is_accepted()
    story.fails()

    begin()

    assert _counters() == (QUOTE, 0)


def test_a_charge_above_the_quote_counts_in_full(begin: Begin, limit: Limit, clock: Clock) -> None:
    budget = limit(0.80)
    story = begin()
    story.is_accepted()
    story.succeeds(Decimal(200))

    assert _counters() == (0, DOLLAR)
    assert budgets.left(budget, now=clock()).left_micro_usd == -200_000


def test_what_is_in_suspense_still_counts(begin: Begin, limit: Limit) -> None:
    limit(0.80)
    story = begin()
    story.is_lost()
    story.is_suspected()

    with pytest.raises(BudgetExceeded):
        begin()
    assert _counters() == (QUOTE, 0)


def test_a_late_success_counts_again(begin: Begin, limit: Limit) -> None:
    limit(0.80)
    story = begin()
    story.is_accepted()
    story.fails()
    story.succeeds_late()

    assert _counters() == (0, QUOTE)


def test_a_budget_made_in_mid_month_knows_what_is_gone(begin: Begin, limit: Limit) -> None:
    begin()
    spent = begin()
    spent.is_accepted()
    spent.succeeds()
    suspected = begin()
    suspected.is_lost()
    suspected.is_suspected()

    limit(3.20)

    assert _counters() == (2 * QUOTE, QUOTE)
    begin()
    with pytest.raises(BudgetExceeded):
        begin()
    suspected.is_written_off()
    assert _counters() == (2 * QUOTE, 2 * QUOTE)


def test_a_raise_holds_for_its_time(begin: Begin, limit: Limit, clock: Clock) -> None:
    budget = limit(0.80)
    begin()
    budgets.raise_for_a_while(
        budget,
        micro_usd=QUOTE,
        reason="the launch",
        by=User.objects.get(username="olga"),
        now=clock(),
        ends_at=clock() + timedelta(hours=2),
    )

    begin()

    clock.forward(2 * 3600)
    assert budgets.limit_at(budget, now=clock()) == QUOTE
    assert budgets.left(budget, now=clock()).left_micro_usd == -QUOTE
    with pytest.raises(BudgetExceeded):
        begin()


def test_a_request_counts_on_each_budget_it_belongs_to(begin: Begin, clock: Clock) -> None:
    olga, project = User.objects.get(username="olga"), _project()
    token = _token(olga)
    of_each: list[dict[str, Any]] = [{}, {"project": project}, {"user": olga}, {"token": token}]
    for number, target in enumerate(of_each):
        amount = 10 * DOLLAR - number
        budgets.set_limit(limit_micro_usd=amount, by="fiona", now=clock(), **target)
    _ask(olga, clock, project=project, token=token)
    _ask(olga, clock)
    _ask(User.objects.create_user("nina"), clock)

    held = BudgetMonth.objects.order_by("budget__scope").values_list("held_micro_usd", flat=True)
    assert list(held) == [3 * QUOTE, QUOTE, 2 * QUOTE, QUOTE]
    assert BudgetHold.objects.count() == 7


SCOPES = ["global", "project", "user", "token"]


@pytest.mark.parametrize("full", SCOPES)
def test_the_refusal_names_the_budget_without_room(begin: Begin, clock: Clock, full: str) -> None:
    olga, project = User.objects.get(username="olga"), _project()
    token = _token(olga)
    targets = {"project": project, "user": olga, "token": token}
    for scope in SCOPES:
        budgets.set_limit(
            limit_micro_usd=0 if scope == full else DOLLAR,
            by="fiona",
            now=clock(),
            **({scope: targets[scope]} if scope in targets else {}),
        )

    with pytest.raises(BudgetExceeded) as refusal:
        _ask(olga, clock, project=project, token=token)

    names = {"global": "global", "project": "project:spring", "user": "user:olga"}
    assert refusal.value.budget == names.get(full, "token:ci")
    # What the budgets asked before it had held is rolled back with the rest.
    assert _counters() == (0, 0)
    assert not BudgetHold.objects.exists()


def _ask(user: User, clock: Clock, *, project: Project | None = None, token: Any = None) -> None:
    given = {"prompt": "A slow pan", "image_url": "https://files.example.com/a.png"}
    request = GenerationRequest(input=given, project=project.slug if project else None)
    create(judge(request, user=user, now=clock()), user=user, now=clock(), token=token)


def _token(user: User) -> ApiToken:
    token = ApiToken(user=user, name="ci", digest="d" * 64, token_key="k")
    token.save()
    return token


def _project() -> Project:
    return Project.objects.create(slug="spring", name="Spring")


def _counters() -> tuple[int, int]:
    rows = BudgetMonth.objects.values_list("held_micro_usd", "spent_micro_usd")
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def _told() -> list[int]:
    warnings = Incident.objects.filter(kind=IncidentKind.BUDGET_WARNING)
    return sorted(warning.detail["percent"] for warning in warnings)
