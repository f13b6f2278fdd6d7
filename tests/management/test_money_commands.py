"""set_price, set_budget and create_api_token --cap-usd, as somebody types them."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from generations.models import Budget, Price
from generations.money import micro
from generations.services import tokens
from generations.services.request import DEFAULT_MODEL
from tests.cast import Cast
from tests.cast import cast as cast
from tests.factories import make_project


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def set_price(*arguments: str) -> str:
    return run("set_price", DEFAULT_MODEL, *arguments)


def test_a_price_is_added_from_now_on(cast: Cast) -> None:
    before = Price.objects.count()

    told = json.loads(set_price("--when", "duration=5", "--credits", "200", "--json"))

    assert told["credits"] == "200.00"
    assert (told["usd"], told["usd_per_credit"]) == ("1.0000", "0.0050")
    assert told["when"] == {"duration": "5"}
    row = Price.objects.get(pk=told["id"])
    assert row.valid_from == row.known_from
    assert Price.objects.count() == before + 1


def test_a_price_may_name_its_day_rate_source_and_who(cast: Cast) -> None:
    text = set_price(
        *("--when", "duration=10", "--credits", "300", "--from", "2027-01-01"),
        *("--usd-per-credit", "0.0045", "--source", "https://kie.ai/pricing", "--user", "finance"),
    )

    row = Price.objects.latest("id")
    assert row.valid_from == datetime(2026, 12, 31, 21, tzinfo=UTC)  # midnight in Moscow
    assert (row.micro_usd_per_credit, row.source_url) == (4_500, "https://kie.ai/pricing")
    assert row.created_by == cast.finance
    assert "300.00 credits ($1.3500)" in text


def test_the_same_price_again_is_no_error(cast: Cast) -> None:
    for _ in range(2):
        set_price("--when", "duration=5", "--credits", "160")


def test_a_great_change_needs_a_reason(cast: Cast) -> None:
    with pytest.raises(CommandError, match="say why"):
        set_price("--when", "duration=5", "--credits", "400")

    set_price("--when", "duration=5", "--credits", "400", "--reason", "KIE doubled it")
    assert Price.objects.latest("id").note == "KIE doubled it"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--credits", "160"], "--when duration"),
        (["--when", "sound=on", "--credits", "160"], "--when duration"),
        (["--when", "duration=7", "--credits", "160"], "no such variant"),
        (["--when", "duration", "--credits", "160"], "not of the form"),
        (["--when", "duration=5", "--credits", "1e3"], "no amount"),
        (["--when", "duration=5", "--credits", "NaN"], "no amount"),
        (["--when", "duration=5", "--credits", "0"], "more than 0"),
        (["--when", "duration=5", "--credits", "160", "--from", "soon"], "no date"),
        (["--when", "duration=5", "--credits", "160", "--user", "nobody"], "no user"),
    ],
)
def test_what_is_no_price_is_refused_in_one_line(
    cast: Cast, arguments: list[str], sentence: str
) -> None:
    before = Price.objects.count()

    with pytest.raises(CommandError, match=sentence):
        set_price(*arguments)
    assert Price.objects.count() == before


def test_an_unknown_model_is_refused(cast: Cast) -> None:
    with pytest.raises(CommandError, match="no model"):
        run("set_price", "nobody/none", "--when", "duration=5", "--credits", "1")


def test_a_budget_is_set_and_replaced(cast: Cast) -> None:
    run("set_budget", "--global", "--period", "month", "--usd", "100")
    told = json.loads(
        run("set_budget", "--global", "--usd", "50", "--soft", "--warn", "10,90", "--json")
    )

    assert told["name"] == "global"
    assert (told["limit_usd"], told["left_usd"]) == ("50.0000", "50.0000")
    assert (told["hard"], told["warn_at_percent"]) == (False, [10, 90])
    assert Budget.objects.get().limit_micro_usd == micro("50")


def test_a_budget_is_for_a_person_a_project_or_a_token(cast: Cast) -> None:
    make_project("spring")
    token, _ = tokens.create(user=cast.operator, name="nightly", now=datetime.now(UTC))

    for target in (["--user", "operator"], ["--project", "spring"], ["--token", "nightly"]):
        run("set_budget", *target, "--usd", "10")
    run("set_budget", "--token", token.token_key, "--usd", "20")

    names = sorted(budget.name for budget in Budget.objects.all())
    assert names == ["project:spring", "token:nightly", "user:operator"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--usd", "1"], "required"),
        (["--global", "--user", "operator", "--usd", "1"], "not allowed with"),
        (["--user", "nobody", "--usd", "1"], "no user 'nobody'"),
        (["--project", "none", "--usd", "1"], "no project 'none'"),
        (["--token", "none", "--usd", "1"], "no token 'none'"),
        (["--global", "--usd", "-1"], "from 0"),
        (["--global", "--usd", "1", "--warn", "50;80"], "no whole percentages"),
        (["--global", "--usd", "1", "--warn", "0"], "1 to 100"),
        (["--global", "--usd", "1", "--period", "week"], "invalid choice"),
    ],
)
def test_what_is_no_budget_is_refused(cast: Cast, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("set_budget", *arguments)
    assert not Budget.objects.exists()


def test_a_token_may_be_made_with_a_cap(cast: Cast) -> None:
    token = run("create_api_token", "operator", "--name", "ci", "--cap-usd", "5").splitlines()[-1]

    budget = Budget.objects.get()
    assert (budget.name, budget.limit_micro_usd) == ("token:ci", micro("5"))
    assert budget.token is not None
    assert token.startswith(budget.token.token_key)
