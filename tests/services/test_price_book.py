"""The price book: what may be added, when a second person is needed, and what never moves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from generations.models import Price, PriceProposal, ProposalState
from generations.money import micro
from generations.services import price_book
from generations.services.errors import InvalidRequest, NotAllowed, WrongState
from generations.services.price_book import NewPrice
from generations.services.prices import price_at
from generations.services.request import DEFAULT_MODEL
from tests.cast import Cast
from tests.cast import cast as cast
from tests.factories import make_generation

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def a_price(credits_: str = "200", **changes: object) -> NewPrice:
    values: dict[str, object] = {
        "model": DEFAULT_MODEL,
        "variant": "duration=5",
        "micro_credits": micro(credits_),
        "micro_usd_per_credit": 5_000,
        "valid_from": NOW,
        "source_url": "https://kie.ai/pricing",
        "note": "read on the pricing page",
    }
    return NewPrice(**(values | changes))  # type: ignore[arg-type]


def holds(at: datetime, variant: str = "duration=5") -> str:
    price = price_at(model=DEFAULT_MODEL, variant=variant, now=at)
    assert price is not None
    return str(Decimal(price.micro_credits) / 1_000_000)


def codes(new: NewPrice, reason: str = "") -> set[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refusal:
        price_book.add_at_once(new, by=None, now=NOW, reason=reason)
    return {(fault.pointer, fault.code) for fault in refusal.value.faults}


def test_a_new_price_is_a_new_row_that_is_known_from_now_on(cast: Cast) -> None:
    before = list(Price.objects.values())

    price = price_book.add(a_price(), by=cast.finance, now=NOW)

    assert isinstance(price, Price)
    assert (price.known_from, price.created_by) == (NOW, cast.finance)
    assert list(Price.objects.exclude(pk=price.pk).values()) == before
    assert (holds(NOW - timedelta(seconds=1)), holds(NOW)) == ("160", "200")
    assert holds(NOW, "duration=10") == "320"


def test_a_price_may_lie_ahead(cast: Cast) -> None:
    price_book.add(a_price(valid_from=NOW + timedelta(days=7)), by=cast.finance, now=NOW)

    assert holds(NOW + timedelta(days=6)) == "160"
    assert holds(NOW + timedelta(days=7)) == "200"


def test_a_price_that_lies_ahead_is_mended_by_another_of_the_same_day(cast: Cast) -> None:
    day = NOW + timedelta(days=7)
    price_book.add(a_price("210", valid_from=day), by=cast.finance, now=NOW)
    price_book.add(a_price("200", valid_from=day), by=cast.finance, now=LATER)

    assert holds(day) == "200"


def test_what_was_quoted_stays(cast: Cast) -> None:
    generation = make_generation(by=cast.operator, at=NOW - timedelta(hours=1))
    price_book.add(a_price(), by=cast.finance, now=NOW)

    generation.refresh_from_db()
    assert generation.quote_micro_credits == micro("160")
    assert make_generation(by=cast.operator, at=LATER).quote_micro_credits == micro("200")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"micro_credits": 0}, ("/credits", "credits_out_of_bounds")),
        ({"micro_credits": -1}, ("/credits", "credits_out_of_bounds")),
        ({"micro_credits": micro("1000000.000001")}, ("/credits", "credits_out_of_bounds")),
        ({"micro_usd_per_credit": 0}, ("/usd_per_credit", "rate_out_of_bounds")),
        ({"micro_usd_per_credit": micro("1.000001")}, ("/usd_per_credit", "rate_out_of_bounds")),
        ({"model": "nobody/none"}, ("/model", "unknown_model")),
        ({"variant": "duration=7"}, ("/when", "unknown_variant")),
        ({"variant": ""}, ("/when", "unknown_variant")),
        ({"source_url": "javascript:alert(1)"}, ("/source_url", "not_a_link")),
        ({"note": "x" * 501}, ("/note", "text_too_long")),
        ({"valid_from": datetime(2019, 12, 31, tzinfo=UTC)}, ("/valid_from", "not_a_sane_date")),
        ({"valid_from": NOW + timedelta(days=732)}, ("/valid_from", "not_a_sane_date")),
        ({"valid_from": datetime(2025, 1, 1, tzinfo=UTC)}, ("/valid_from", "never_holds")),
    ],
)
def test_a_price_out_of_bounds_is_refused(
    cast: Cast, changes: dict[str, object], fault: tuple[str, str]
) -> None:
    before = Price.objects.count()

    assert codes(a_price(**changes)) == {fault}
    assert Price.objects.count() == before


def test_the_bounds_themselves_are_allowed(cast: Cast) -> None:
    largest = a_price("1000000", micro_usd_per_credit=micro("1"))
    smallest = a_price("0.000001", micro_usd_per_credit=1, valid_from=LATER)

    for new in (largest, smallest):
        price_book.add_at_once(new, by=None, now=LATER, reason="the bounds")


@pytest.mark.parametrize(
    ("credits_", "rate", "is_great"),
    [
        ("240", 5_000, False),
        ("240.000001", 5_000, True),
        ("80", 5_000, False),
        ("79.999999", 5_000, True),
        ("160", 7_500, False),
        ("160", 7_501, True),
        ("160", 2_499, True),
        ("240", 3_333, False),
        ("320", 2_500, True),
    ],
)
def test_more_than_half_of_the_price_before_is_a_great_change(
    cast: Cast, credits_: str, rate: int, is_great: bool
) -> None:
    new = a_price(credits_, micro_usd_per_credit=rate)

    assert price_book.is_great_change(new, now=NOW) is is_great


def test_a_change_is_measured_against_the_row_that_it_follows(cast: Cast) -> None:
    far, near = NOW + timedelta(days=30), NOW + timedelta(days=10)
    price_book.add(a_price("240", valid_from=near), by=cast.finance, now=NOW)

    assert not price_book.is_great_change(a_price("350", valid_from=far), now=NOW)
    assert price_book.is_great_change(a_price("350", valid_from=NOW), now=NOW)


def test_a_great_change_waits_for_a_second_person(cast: Cast) -> None:
    proposal = price_book.add(a_price("400"), by=cast.finance, now=NOW)

    assert isinstance(proposal, PriceProposal)
    assert holds(LATER) == "160"

    price = price_book.approve(proposal, by=cast.administrator, now=LATER)
    assert (price.known_from, price.created_by) == (LATER, cast.finance)
    assert holds(LATER) == "400"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.price) == (
        ProposalState.APPROVED,
        cast.administrator,
        price,
    )


def test_nobody_approves_the_own_proposal_nor_without_the_right(cast: Cast) -> None:
    proposal = price_book.add(a_price("400"), by=cast.finance, now=NOW)
    assert isinstance(proposal, PriceProposal)

    for person in (cast.finance, cast.operator, cast.auditor, cast.lead):
        with pytest.raises(NotAllowed):
            price_book.approve(proposal, by=person, now=LATER)
    assert holds(LATER) == "160"


def test_the_database_wants_two_people_too(cast: Cast) -> None:
    proposal = price_book.add(a_price("400"), by=cast.finance, now=NOW)
    assert isinstance(proposal, PriceProposal)
    price_book.approve(proposal, by=cast.administrator, now=LATER)

    with pytest.raises(IntegrityError), transaction.atomic():
        PriceProposal.objects.update(decided_by=cast.finance)


def test_a_proposal_is_decided_once(cast: Cast) -> None:
    approved = price_book.add(a_price("400"), by=cast.finance, now=NOW)
    refused = price_book.add(a_price("410"), by=cast.finance, now=NOW)
    assert isinstance(approved, PriceProposal)
    assert isinstance(refused, PriceProposal)
    price_book.approve(approved, by=cast.administrator, now=LATER)
    price_book.refuse(refused, by=cast.administrator, now=LATER)
    rows = Price.objects.count()

    for proposal in (approved, refused):
        with pytest.raises(WrongState):
            price_book.approve(proposal, by=cast.administrator, now=LATER)
        with pytest.raises(WrongState):
            price_book.refuse(proposal, by=cast.administrator, now=LATER)
    assert Price.objects.count() == rows


def test_whoever_proposed_may_withdraw_and_strangers_may_not_refuse(cast: Cast) -> None:
    proposal = price_book.add(a_price("400"), by=cast.finance, now=NOW)
    assert isinstance(proposal, PriceProposal)
    with pytest.raises(NotAllowed):
        price_book.refuse(proposal, by=cast.auditor, now=LATER)

    price_book.refuse(proposal, by=cast.finance, now=LATER)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.REFUSED


def test_a_proposal_that_a_later_price_has_overtaken_is_not_approved(cast: Cast) -> None:
    proposal = price_book.add(a_price("400"), by=cast.finance, now=NOW)
    assert isinstance(proposal, PriceProposal)
    price_book.add(a_price("200", valid_from=LATER), by=cast.finance, now=LATER)

    with pytest.raises(InvalidRequest):
        price_book.approve(proposal, by=cast.administrator, now=LATER)
    assert holds(LATER) == "200"


def test_the_only_holder_of_the_right_needs_a_reason(cast: Cast) -> None:
    User.objects.filter(username="administrator").update(is_active=False)

    with pytest.raises(InvalidRequest):
        price_book.add(a_price("400"), by=cast.finance, now=NOW)
    price = price_book.add(a_price("400"), by=cast.finance, now=NOW, reason="KIE doubled it")

    assert isinstance(price, Price)
    assert price.note == "read on the pricing page — KIE doubled it"


def test_a_superuser_counts_as_a_second_person(cast: Cast) -> None:
    Group.objects.get(name="administrator").user_set.clear()
    assert not price_book.others_who_approve(cast.finance)

    User.objects.create_superuser("root")
    assert price_book.others_who_approve(cast.finance)


def test_the_command_line_needs_a_reason_and_no_second_person(cast: Cast) -> None:
    assert codes(a_price("400")) == {("/reason", "reason_required")}
    assert codes(a_price("400"), "   ") == {("/reason", "reason_required")}

    price = price_book.add_at_once(a_price("400"), by=None, now=NOW, reason="KIE doubled it")
    assert holds(NOW) == "400"
    assert price.created_by is None


def test_the_first_price_of_a_variant_needs_no_second_person(cast: Cast) -> None:
    Price.objects.filter(variant="duration=5").delete()

    assert isinstance(price_book.add(a_price("1"), by=cast.finance, now=NOW), Price)
