"""Budgets as people set them: limits, raises for a while, ends, forecasts and refusals in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from generations.models import Budget, BudgetMonth, Generation, Incident, Status
from generations.money import micro
from generations.services import budget_standing, budgets, tokens
from generations.services.errors import BudgetExceeded, InvalidRequest, WrongState
from generations.services.request import GenerationRequest, create, judge
from generations.services.retry import retry
from tests.cast import Cast
from tests.cast import cast as cast
from tests.factories import an_input, make_generation, make_project

# The 21st day of a month of 30, at noon in Moscow.
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def limit(usd: str, **target: object) -> Budget:
    return budgets.set_limit(limit_micro_usd=micro(usd), by="finance", now=NOW, **target)  # type: ignore[arg-type]


def standing(budget: Budget, now: datetime = NOW) -> budget_standing.Standing:
    (found,) = budget_standing.standings([budget], now=now)
    return found


def make(cast: Cast, **options: object) -> Generation:
    judged = judge(GenerationRequest(input=an_input()), user=cast.operator, now=NOW)
    return create(judged, user=cast.operator, now=NOW, **options)  # type: ignore[arg-type]


def test_setting_a_budget_again_replaces_its_limit(cast: Cast) -> None:
    first = limit("10", user=cast.operator)
    second = limit("20", user=cast.operator, is_hard=False, warn_at_percent=(90, 10, 90))

    assert first.pk == second.pk
    second.refresh_from_db()
    assert (second.limit_micro_usd, second.is_hard) == (micro("20"), False)
    assert second.warn_at_percent == [10, 90]


@pytest.mark.parametrize(
    ("usd", "warn", "pointer"),
    [("-0.000001", (), "/usd"), ("1000000.000001", (), "/usd"), ("1", (0,), "/warn"),
     ("1", (101,), "/warn")],
)  # fmt: skip
def test_nonsense_is_refused(cast: Cast, usd: str, warn: tuple[int, ...], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        limit(usd, warn_at_percent=warn)

    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert not Budget.objects.exists()


def test_a_refusal_names_the_budget_and_what_is_left_in_both_languages(cast: Cast) -> None:
    limit("1", user=cast.operator)
    make(cast)

    with pytest.raises(BudgetExceeded) as refusal:
        make(cast)

    told = refusal.value
    assert (told.budget, told.left_micro_usd, told.limit_micro_usd) == (
        "user:operator",
        micro("0.2"),
        micro("1"),
    )
    for language in ("en", "ru"):
        with override(language):
            sentence = str(told)
        assert all(word in sentence for word in ("user:operator", "$0.20", "$1.00", "$0.80"))
    assert Generation.objects.count() == 1


def test_warnings_begin_anew_with_a_new_limit(cast: Cast) -> None:
    limit("1")
    make(cast)
    assert Incident.objects.count() == 1

    limit("1.7")
    assert BudgetMonth.objects.get().warned_percent == 0
    make(cast)
    assert sorted(Incident.objects.values_list("cause", flat=True)) == [
        "global 2026-11 80% of $1.0000",
        "global 2026-11 80% of $1.7000",
    ]


def test_a_raise_holds_for_its_while_and_no_longer(cast: Cast) -> None:
    budget = limit("0.8")
    make(cast)
    with pytest.raises(BudgetExceeded):
        make(cast)

    budgets.raise_for_a_while(
        budget,
        micro_usd=micro("0.8"),
        reason="the spring campaign",
        by=cast.finance,
        now=NOW,
        ends_at=NOW + timedelta(days=1),
    )
    make(cast)

    assert standing(budget).left.limit_micro_usd == micro("1.6")
    assert [row.reason for row in standing(budget).raises] == ["the spring campaign"]
    assert standing(budget, NOW + timedelta(days=1)).left.limit_micro_usd == micro("0.8")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reason": "  "}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"micro_usd": 0}, "/usd"),
        ({"ends_at": NOW}, "/ends_at"),
        ({"ends_at": NOW + timedelta(days=367)}, "/ends_at"),
    ],
)
def test_a_raise_needs_an_amount_a_reason_and_an_end(
    cast: Cast, changes: dict[str, object], pointer: str
) -> None:
    budget = limit("1")
    given = {"micro_usd": 1, "reason": "why", "by": cast.finance, "now": NOW}
    given |= {"ends_at": NOW + timedelta(days=1)} | changes

    with pytest.raises(InvalidRequest) as refusal:
        budgets.raise_for_a_while(budget, **given)  # type: ignore[arg-type]
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]


def test_a_budget_that_has_ended_refuses_and_takes_nothing_more(cast: Cast) -> None:
    budget = limit("0")
    assert budgets.end(budget, now=NOW)
    assert not budgets.end(budget, now=NOW)
    make(cast)

    budget.refresh_from_db()
    with pytest.raises(WrongState):
        budgets.raise_for_a_while(
            budget, micro_usd=1, reason="why", by=cast.finance, now=NOW,
            ends_at=NOW + timedelta(days=1),
        )  # fmt: skip
    assert limit("5").pk != budget.pk


def spend(cast: Cast, *days: int) -> None:
    for day in days:
        make_generation(by=cast.operator, status=Status.SUCCEEDED, at=NOW - timedelta(days=day))


def test_a_forecast_goes_on_at_the_pace_of_the_last_weeks(cast: Cast) -> None:
    spend(cast, 8, 8, 6, 5, 4, 3, 2, 1, 1, 0)
    said = standing(limit("100")).forecast

    # $8 in 8 days are $1 a day; $8 are gone and 9 days and a half are to go.
    assert said is not None
    assert said.pace_micro_usd_per_day == micro("1")
    assert said.projected_micro_usd == micro("17.5")
    assert said.exhausted_at is None


def test_a_forecast_says_when_the_money_ends(cast: Cast) -> None:
    spend(cast, 8, 8, 6, 5, 4, 3, 2, 1, 1, 0)
    said = standing(limit("10")).forecast
    assert said is not None
    assert said.exhausted_at == NOW + timedelta(days=2)

    said = standing(limit("8")).forecast
    assert said is not None
    assert said.exhausted_at == NOW


@pytest.mark.parametrize("days", [(8, 4, 2, 0), (2, 2, 1, 1, 1, 0, 0)], ids=["few", "young"])
def test_too_little_to_say_a_forecast_from_is_said_as_nothing(
    cast: Cast, days: tuple[int, ...]
) -> None:
    spend(cast, *days)

    assert standing(limit("100")).forecast is None


def test_standings_are_those_of_the_budgets_one_by_one(cast: Cast) -> None:
    project = make_project()
    rows = [limit("5"), limit("4", user=cast.operator), limit("3", project=project)]
    make(cast)

    for row in budget_standing.standings(rows, now=NOW):
        assert row.left == budgets.left(row.budget, now=NOW)


def test_people_see_their_own_budgets_and_those_of_their_tokens(cast: Cast) -> None:
    limit("100")
    for person in (cast.operator, cast.stranger):
        limit("10", user=person)
        tokens.create(user=person, name=person.username, cap_micro_usd=micro("5"), now=NOW)

    seen = [budget.name for budget in budget_standing.visible(cast.operator)]
    assert seen == ["user:operator", "token:operator"]
    for person in (cast.lead, cast.finance, cast.auditor, cast.administrator):
        assert budget_standing.visible(person).count() == 5


def test_a_tokens_cap_binds_the_token_and_ends_with_it(cast: Cast) -> None:
    token, _ = tokens.create(user=cast.operator, cap_micro_usd=micro("0.8"), now=NOW)
    make(cast, token=token)

    with pytest.raises(BudgetExceeded):
        make(cast, token=token)
    make(cast)

    tokens.revoke(token, now=NOW)
    budget = Budget.objects.get()
    assert (budget.token, budget.ended_at) == (None, NOW)


def test_a_retry_counts_against_the_token_that_it_comes_with(cast: Cast) -> None:
    token, _ = tokens.create(user=cast.operator, cap_micro_usd=micro("0.5"), now=NOW)
    over = make_generation(by=cast.operator, status=Status.FAILED, at=NOW)

    with pytest.raises(BudgetExceeded):
        retry(over, user=cast.operator, now=NOW, token=token)
    assert retry(over, user=cast.operator, now=NOW).token is None
