"""Budgets, estimates against them, refusals and the ledger over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from generations.models import Budget, Generation, LedgerEntry, Scope, Status
from generations.money import micro
from generations.services import budgets, tokens
from tests.api.calling import Caller, calling, faults, problem
from tests.cast import Cast, make_token
from tests.factories import an_input, make_generation, make_project

BODY = {"input": an_input()}


def limit(usd: str, **target: Any) -> Budget:
    now = datetime.now(UTC)
    return budgets.set_limit(limit_micro_usd=micro(usd), by="finance", now=now, **target)


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


def test_a_budget_is_shown_with_what_is_held_spent_and_left(cast: Cast) -> None:
    limit("10", user=cast.operator, is_hard=False)
    make_generation(by=cast.operator, status=Status.SUCCEEDED)
    make_generation(by=cast.operator)

    (row,) = calling(cast.finance).get("budgets/").json()["results"]

    assert row == {
        "name": "user:operator",
        "period": row["period"],
        "limit_usd": "10.0000",
        "left_usd": "8.4000",
        "held_usd": "0.8000",
        "spent_usd": "0.8000",
        "hard": False,
        "warn_at_percent": [50, 80, 95],
        "raises": [],
        "forecast": None,
    }


def test_a_raise_is_shown_with_its_reason_and_end(cast: Cast) -> None:
    now = datetime.now(UTC)
    budgets.raise_for_a_while(
        limit("10"), micro_usd=micro("5"), reason="spring", by=cast.finance, now=now,
        ends_at=now + timedelta(days=1),
    )  # fmt: skip

    (row,) = calling(cast.finance).get("budgets/").json()["results"]
    assert (row["limit_usd"], row["raises"][0]["usd"]) == ("15.0000", "5.0000")
    assert row["raises"][0]["reason"] == "spring"


def test_operators_see_their_own_budgets_and_the_others_all(cast: Cast) -> None:
    limit("100")
    limit("10", user=cast.operator)
    limit("10", user=cast.stranger)

    assert names(calling(cast.operator).get("budgets/")) == ["user:operator"]
    for person in (cast.lead, cast.finance, cast.auditor, cast.administrator):
        assert len(names(calling(person).get("budgets/"))) == 3


def test_an_ended_budget_is_not_shown(cast: Cast) -> None:
    budgets.end(limit("100"), now=datetime.now(UTC))

    assert names(calling(cast.finance).get("budgets/")) == []


def test_budgets_take_no_filters(cast: Cast) -> None:
    assert faults(calling(cast.finance).get("budgets/?scope=x")) == {
        ("/query/scope", "unknown_filter")
    }


def test_an_estimate_says_what_each_budget_would_have_left(cast: Cast) -> None:
    limit("100")
    limit("1", user=cast.operator)
    limit("5", project=make_project("spring"))
    limit("5", user=cast.stranger)
    caller = calling(cast.operator)

    got = caller.post("estimates/", BODY | {"project": "spring"}).json()["budgets"]

    left = {"name": "user:operator", "limit_usd": "1.0000", "left_usd": "1.0000"}
    assert [row["name"] for row in got] == ["global", "project:spring", "user:operator"]
    assert got[2] == left | {"left_after_usd": "0.2000"}


def test_an_estimate_beyond_a_budget_is_an_answer_and_no_refusal(cast: Cast) -> None:
    limit("0.5")

    answer = calling(cast.operator).post("estimates/", BODY)

    assert answer.status_code == 200
    assert answer.json()["budgets"][0]["left_after_usd"] == "-0.3000"


@pytest.mark.parametrize(
    ("language", "word"), [("en", "so nothing was sent"), ("ru", "ничего не отправлено")]
)
def test_a_refusal_names_the_budget_and_what_is_left(cast: Cast, language: str, word: str) -> None:
    limit("100")
    limit("1", user=cast.operator)
    caller = calling(cast.operator)
    assert caller.create(BODY).status_code == 201

    body = problem(caller.create(BODY, accept_language=language), 402, "budget_exceeded")

    assert (body["budget"], body["left_usd"], body["limit_usd"]) == (
        "user:operator",
        "0.2000",
        "1.0000",
    )
    assert word in body["detail"]
    assert "user:operator" in body["detail"]
    assert Generation.objects.count() == 1


def test_a_refused_create_leaves_its_key_free(cast: Cast) -> None:
    budget = limit("0.5")
    caller = calling(cast.operator)
    problem(caller.create(BODY, "k"), 402, "budget_exceeded")

    budgets.end(budget, now=datetime.now(UTC))
    assert caller.create(BODY, "k").status_code == 201


def capped(cast: Cast, usd: str) -> Caller:
    token = make_token(cast.operator, cap_micro_usd=micro(usd), name="ci")
    return Caller({"Authorization": f"Bearer {token}"})


def test_a_tokens_own_cap_binds_what_comes_with_it(cast: Cast) -> None:
    caller = capped(cast, "0.8")
    assert caller.create(BODY).status_code == 201
    assert Generation.objects.get().token is not None

    body = problem(caller.create(BODY), 402, "budget_exceeded")
    assert body["budget"] == "token:ci"
    assert calling(cast.operator).create(BODY).status_code == 201
    assert names(caller.get("budgets/")) == ["token:ci"]
    assert caller.post("estimates/", BODY).json()["budgets"][0]["name"] == "token:ci"


def test_a_retry_counts_against_the_token_too(cast: Cast) -> None:
    over = make_generation(by=cast.operator, status=Status.FAILED)
    caller = capped(cast, "0.5")

    answer = caller.post(f"generations/{over.pk}/retry/", idempotency_key="r")
    assert problem(answer, 402, "budget_exceeded")["budget"] == "token:ci"


def test_what_a_revoked_token_has_spent_stays_in_the_other_budgets(cast: Cast) -> None:
    limit("10", user=cast.operator)
    capped(cast, "5").create(BODY)
    generation = Generation.objects.get()
    assert generation.token is not None
    tokens.revoke(generation.token, now=datetime.now(UTC))

    (row,) = calling(cast.finance).get("budgets/").json()["results"]
    assert (row["name"], row["held_usd"]) == ("user:operator", "0.8000")


def test_the_ledger_is_paged_by_number(cast: Cast) -> None:
    for _ in range(2):
        make_generation(by=cast.operator, status=Status.SUCCEEDED)
    caller = calling(cast.auditor)

    first = caller.get("ledger/?page_size=4").json()
    second = caller.get(first["next"]).json()

    entries = first["results"] + second["results"]
    assert [row["seq"] for row in entries] == list(range(1, LedgerEntry.objects.count() + 1))
    assert (first["previous"], second["next"]) == (None, None)
    assert caller.get(second["previous"]).json()["results"] == first["results"]


def test_an_entry_has_the_names_of_the_interface(cast: Cast) -> None:
    generation = make_generation(by=cast.operator)

    taken, held = calling(cast.auditor).get("ledger/").json()["results"]

    assert taken["transaction"] == held["transaction"]
    del taken["at"], taken["transaction"]
    assert taken == {
        "seq": 1,
        "generation": str(generation.pk),
        "account": "available",
        "credits": "-160.00",
        "usd": "-0.8000",
        "evidence": "quote",
        "actor": "operator",
        "note": "",
    }
    assert (held["account"], held["credits"]) == ("held", "160.00")


def test_the_ledger_is_filtered(cast: Cast) -> None:
    one = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    make_generation(by=cast.operator)
    caller = calling(cast.auditor)

    def count(query: str) -> int:
        return len(caller.get(f"ledger/?{query}").json()["results"])

    assert count(f"generation={one.pk}") == 4
    assert count("account=spent") == 1
    assert count(f"generation={one.pk}&account=held") == 2
    assert count("from=2099-01-01") == 0
    assert count("to=2000-01-01") == 0
    assert count("from=2026-01-01&to=2098-12-31") == 6
    assert count("to=2026-01-01T00:00:00Z") == 0


def test_a_day_given_as_the_end_is_counted_whole(cast: Cast) -> None:
    make_generation(by=cast.operator, at=datetime(2026, 3, 10, 20, 59, 59, tzinfo=UTC))
    make_generation(by=cast.operator, at=datetime(2026, 3, 10, 21, 0, tzinfo=UTC))
    caller = calling(cast.auditor)

    # In Moscow the 10th ends at 21:00 UTC.
    assert len(caller.get("ledger/?from=2026-03-10&to=2026-03-10").json()["results"]) == 2
    assert len(caller.get("ledger/?from=2026-03-11&to=2026-03-11").json()["results"]) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("account=pocket", "unknown_value"),
        ("generation=1", "unknown_value"),
        ("from=soon", "not_a_moment"),
        ("to=9999-12-31", "not_a_moment"),
        ("to=2026-01-01T00:00:00", "not_a_moment"),
        ("user=olga", "unknown_filter"),
        ("ordering=seq", "unknown_filter"),
    ],
)
def test_what_is_no_filter_of_the_ledger_is_refused(cast: Cast, query: str, code: str) -> None:
    name = query.split("=")[0]
    assert faults(calling(cast.auditor).get(f"ledger/?{query}")) == {(f"/query/{name}", code)}


def test_an_operator_reads_the_entries_of_own_generations(cast: Cast) -> None:
    own = make_generation(by=cast.operator)
    foreign = make_generation(by=cast.stranger)
    caller = calling(cast.operator)

    got = caller.get("ledger/").json()["results"]
    assert {row["generation"] for row in got} == {str(own.pk)}
    assert caller.get(f"ledger/?generation={foreign.pk}").json()["results"] == []


def test_a_session_reads_money_with_the_right_to_see_all(cast: Cast) -> None:
    for person, status in ((cast.operator, 403), (cast.finance, 200), (cast.lead, 200)):
        browser = Caller(client=Client())
        browser.client.force_login(person)
        for path in ("ledger/", "budgets/", "prices/"):
            assert browser.get(path).status_code == status


def test_money_is_not_written_over_rest(cast: Cast) -> None:
    caller = calling(cast.administrator, *Scope)
    for path in ("ledger/", "budgets/", "prices/"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            problem(caller.send(method, path, {}), 405, "method_not_allowed")
