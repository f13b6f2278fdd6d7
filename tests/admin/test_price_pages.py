"""Prices in the admin: who may do what, and what the pages say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from generations.models import (
    Generation,
    Price,
    PriceProposal,
    ProposalState,
    Status,
)
from generations.money import micro
from generations.services.request import DEFAULT_MODEL
from tests.factories import make_generation

PRICES = "/admin/generations/price/"
FIVE = f"{DEFAULT_MODEL}|duration=5"


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def a_price(credits_="200", **changes):
    return {"when": FIVE, "credits": credits_, "usd_per_credit": "0.005"} | changes


def test_everybody_with_the_right_reads_prices_and_only_some_add_them(cast, login):
    for person in (cast.lead, cast.auditor):
        client = login(person)
        assert "duration=5" in text_of(client.get(PRICES))
        assert "price/add/" not in text_of(client.get(PRICES))
        assert client.get(f"{PRICES}add/").status_code == 403
        assert client.post(f"{PRICES}add/", a_price()).status_code == 403
    assert login(cast.operator).get(f"{PRICES}what-if/").status_code == 403
    for person in (cast.finance, cast.administrator):
        assert "price/add/" in text_of(login(person).get(PRICES))


def test_a_price_is_added_in_ones_name(cast, login):
    answer = login(cast.finance).post(
        f"{PRICES}add/",
        a_price("200", source_url="https://kie.ai/pricing", note="read there"),
        follow=True,
    )

    price = Price.objects.latest("id")
    assert (price.micro_credits, price.created_by) == (micro("200"), cast.finance)
    assert "$1.00" in text_of(answer)
    assert "read there" in text_of(answer)


def test_a_price_may_lie_ahead_in_the_platforms_zone(cast, login):
    ahead = (timezone.localtime() + timedelta(days=9)).replace(hour=0, minute=0)
    typed = ahead.strftime("%Y-%m-%dT%H:%M")

    text = text_of(
        login(cast.finance).post(f"{PRICES}add/", a_price(valid_from=typed), follow=True)
    )

    assert timezone.localtime(Price.objects.latest("id").valid_from).hour == 0
    assert "lies ahead" in text
    assert "holds now" in text


def test_a_decimal_comma_is_understood_where_people_write_one(cast, login):
    form = a_price("200,5", usd_per_credit="0.005")
    assert "credits" in login(cast.finance, "en").post(f"{PRICES}add/", form).context["form"].errors

    login(cast.finance, "ru").post(f"{PRICES}add/", form)
    assert Price.objects.latest("id").micro_credits == micro("200.5")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credits": "0"}, "credits"),
        ({"credits": "NaN"}, "credits"),
        ({"credits": "1000001"}, "credits"),
        ({"usd_per_credit": "2"}, "usd_per_credit"),
        ({"when": "none|x"}, "when"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"valid_from": "2019-01-01T00:00"}, "valid_from"),
    ],
)
def test_a_bad_price_is_told_at_its_field(cast, login, changes, field):
    before = Price.objects.count()

    response = login(cast.finance).post(f"{PRICES}add/", a_price(**changes))

    assert field in response.context["form"].errors
    assert Price.objects.count() == before


def test_a_great_change_goes_through_two_people(cast, login):
    finance, administrator = login(cast.finance), login(cast.administrator)
    text = text_of(finance.post(f"{PRICES}add/", a_price("400", reason="doubled"), follow=True))
    assert "waits for a second person" in text
    proposal = PriceProposal.objects.get()
    approve = f"{PRICES}proposal/{proposal.pk}/approve/"
    assert approve not in text

    finance.post(approve)
    assert Price.objects.filter(micro_credits=micro("400")).count() == 0
    assert login(cast.auditor).post(approve).status_code == 403
    assert administrator.get(approve).status_code == 405

    text = text_of(administrator.get(PRICES))
    assert approve in text
    assert "doubled" in text
    administrator.post(approve)
    administrator.post(approve)
    assert Price.objects.get(micro_credits=micro("400")).created_by == cast.finance
    assert "waits for a second person" not in text_of(administrator.get(PRICES))


def test_a_proposal_is_withdrawn_by_its_author_and_by_no_stranger(cast, login):
    login(cast.finance).post(f"{PRICES}add/", a_price("400"))
    proposal = PriceProposal.objects.get()
    refuse = f"{PRICES}proposal/{proposal.pk}/refuse/"

    login(cast.auditor).post(refuse)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.PENDING

    login(cast.finance).post(refuse)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.REFUSED
    assert login(cast.finance).post(f"{PRICES}proposal/999/refuse/").status_code == 404


def test_the_only_one_with_the_right_says_why(cast, login):
    User.objects.filter(pk=cast.administrator.pk).update(is_active=False)
    client = login(cast.finance)

    response = client.post(f"{PRICES}add/", a_price("400"))
    assert "reason" in response.context["form"].errors
    client.post(f"{PRICES}add/", a_price("400", reason="KIE doubled it"))
    assert Price.objects.latest("id").note == "KIE doubled it"


def test_what_kie_charged_stands_beside_each_price(cast, login):
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    assert "as quoted" in text_of(login(cast.finance).get(PRICES))

    Generation.objects.filter(pk=made.pk).update(cost_micro_credits=micro("161"))
    text = text_of(login(cast.finance).get(PRICES))
    assert "1 differs" in text
    assert str(made.pk) in text


def test_the_page_asks_no_more_for_more_prices(cast, login, django_assert_max_num_queries):
    for number in range(5):
        Price.objects.create(
            model=DEFAULT_MODEL,
            variant="duration=5",
            micro_credits=micro(Decimal(160 + number)),
            micro_usd_per_credit=5_000,
            valid_from=timezone.now(),
            known_from=timezone.now(),
            created_by=cast.finance,
        )
    client = login(cast.finance)
    with django_assert_max_num_queries(20):
        client.get(PRICES)


def test_last_month_is_reckoned_by_another_price(cast, login):
    at = datetime(2026, 10, 31, 20, 59, tzinfo=UTC)  # the last minute of October in Moscow
    for moment in (at, at, at + timedelta(minutes=1)):
        make_generation(by=cast.operator, status=Status.SUCCEEDED, at=moment)
    query = {"since": "2026-10-01", "until": "2026-10-31"} | a_price("200")

    text = text_of(login(cast.auditor).get(f"{PRICES}what-if/", query))

    for word in ("$1.60", "$2.00", "+$0.40"):
        assert word in text
    assert Price.objects.filter(micro_credits=micro("200")).count() == 0


def test_what_if_of_nothing_says_so_and_nonsense_is_told(cast, login):
    client = login(cast.finance)
    query = {"since": "2020-01-01", "until": "2020-01-31"} | a_price("200")
    assert "has cost anything" in text_of(client.get(f"{PRICES}what-if/", query))

    turned = query | {"until": "2019-01-01", "credits": "0"}
    assert set(client.get(f"{PRICES}what-if/", turned).context["form"].errors) == {
        "until",
        "credits",
    }
    assert "has cost anything" not in text_of(client.get(f"{PRICES}what-if/"))
