"""Budgets in the admin, beside the price of a new video, and as the cap of a token."""

from datetime import timedelta

import pytest
from django.utils import timezone

from generations.models import (
    ApiToken,
    Budget,
    BudgetRaise,
    Generation,
    Status,
)
from generations.money import micro
from generations.services import budgets
from tests.factories import an_input, make_generation, make_project

BUDGETS = "/admin/generations/budget/"
CREATE = "/admin/generations/generation/add/"


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def limit(usd, **target):
    now = timezone.now()
    return budgets.set_limit(limit_micro_usd=micro(usd), by="finance", now=now, **target)


def test_budgets_are_shown_with_what_is_gone(cast, login):
    limit("2", user=cast.operator)
    make_generation(by=cast.operator, status=Status.SUCCEEDED)
    make_generation(by=cast.operator)

    text = text_of(login(cast.lead).get(BUDGETS))

    for word in ("Person: operator", "$2.00", "$0.80", "$0.40", "80% is gone", "Too little"):
        assert word in text
    assert "budget/add/" not in text
    assert login(cast.operator).get(BUDGETS).status_code == 403


def test_an_empty_page_says_what_no_budget_means(cast, login):
    assert "No budget means no limit" in text_of(login(cast.finance).get(BUDGETS))


@pytest.mark.parametrize("kind", ["global", "user", "project", "token"])
def test_a_budget_is_set_for_anything(cast, login, kind):
    project = make_project()
    token = ApiToken.objects.create(user=cast.operator)[0]
    keys = {"global": "", "user": cast.operator.pk, "project": project.pk, "token": token.pk}
    target = f"{kind}:{keys[kind]}" if keys[kind] else kind
    form = {"target": target, "usd": "50", "warn": "60, 90"}

    login(cast.finance).post(f"{BUDGETS}add/", form)

    budget = Budget.objects.get()
    assert budget.name.startswith(kind)
    assert (budget.limit_micro_usd, budget.is_hard, budget.warn_at_percent) == (
        micro("50"),
        False,
        [60, 90],
    )
    assert budget.created_by == "finance"


def test_a_limit_is_changed_and_keeps_what_it_is_for(cast, login):
    budget = limit("5", user=cast.operator)
    address = f"{BUDGETS}{budget.pk}/change/"
    form = {"usd": "7.5", "warn": "80", "is_hard": "on"}

    assert login(cast.lead).post(address, form).status_code == 403
    login(cast.finance).post(address, form)

    changed = Budget.objects.get()
    assert (changed.pk, changed.user, changed.limit_micro_usd) == (
        budget.pk,
        cast.operator,
        micro("7.5"),
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"usd": "-1"}, "usd"), ({"usd": "1000001"}, "usd"), ({"usd": ""}, "usd"),
     ({"warn": "half"}, "warn"), ({"warn": "0"}, "warn"), ({"target": "user:0"}, "target")],
)  # fmt: skip
def test_a_bad_budget_is_told_at_its_field(cast, login, changes, field):
    form = {"target": "global", "usd": "5", "warn": "80"} | changes

    response = login(cast.finance).post(f"{BUDGETS}add/", form)

    assert field in response.context["form"].errors
    assert not Budget.objects.exists()


def test_a_budget_is_raised_for_a_while_in_ones_name(cast, login):
    budget = limit("5")
    address = f"{BUDGETS}{budget.pk}/raise/"
    until = timezone.localdate() + timedelta(days=2)
    form = {"raise-usd": "3", "raise-until": until.isoformat(), "raise-reason": "spring sale"}

    assert login(cast.lead).post(address, form).status_code == 403
    assert "raising" in login(cast.finance).post(address, form | {"raise-reason": ""}).context
    assert not BudgetRaise.objects.exists()
    text = text_of(login(cast.finance).post(address, form, follow=True))

    raised = BudgetRaise.objects.get()
    assert (raised.approved_by, raised.micro_usd) == (cast.finance, micro("3"))
    assert timezone.localtime(raised.ends_at).date() == until + timedelta(days=1)
    assert "spring sale" in text
    assert "$8.00" in text


def test_a_raise_that_ends_in_the_past_is_told_at_its_field(cast, login):
    form = {"raise-usd": "3", "raise-until": "2020-01-01", "raise-reason": "late"}
    response = login(cast.finance).post(f"{BUDGETS}{limit('5').pk}/raise/", form)

    assert "until" in response.context["raising"].errors


def test_a_budget_is_ended_by_those_who_set_it(cast, login):
    budget = limit("5")
    end = f"{BUDGETS}{budget.pk}/end/"
    assert login(cast.auditor).post(end).status_code == 403
    assert login(cast.finance).get(end).status_code == 405

    login(cast.finance).post(end)
    budget.refresh_from_db()
    assert budget.ended_at is not None
    assert login(cast.finance).get(f"{BUDGETS}{budget.pk}/change/").status_code == 404


def test_the_create_page_shows_what_is_left_of_the_budgets(cast, login):
    limit("10")
    limit("5", user=cast.operator)
    limit("4", user=cast.stranger)
    limit("3", project=make_project("spring"))

    text = text_of(login(cast.operator).get(CREATE))

    for word in ("$10.00 of $10.00", "$5.00 of $5.00", 'data-budget-project="spring" hidden'):
        assert word in text
    assert "$4.00" not in text
    chosen = text_of(login(cast.operator).post(CREATE, {"project": "spring"}))
    assert 'data-budget-project="spring">' in chosen


def test_a_refusal_by_a_budget_is_a_sentence_on_the_page(cast, login):
    limit("0.5", user=cast.operator)
    form = {"key": "a" * 32, "duration": "5"} | an_input()

    text = text_of(login(cast.operator).post(CREATE, form))

    assert "user:operator has $0.50 left of $0.50, and this costs $0.80" in text
    assert not Generation.objects.exists()


def test_a_token_is_made_with_a_cap(cast, login):
    form = {"name": "ci", "scopes": ["generations:read"], "cap_usd": "2.50"}

    login(cast.administrator).post("/admin/generations/apitoken/add/", form)

    budget = Budget.objects.get()
    assert (budget.name, budget.limit_micro_usd) == ("token:ci", micro("2.5"))
