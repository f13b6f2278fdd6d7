"""Prices against what KIE charged, and what another price would have meant."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from generations.kie import TaskState
from generations.models import Generation, Price, Status
from generations.money import micro
from generations.reports import price_book
from generations.services import poll
from generations.services.request import DEFAULT_MODEL
from tests.cast import Cast
from tests.cast import cast as cast
from tests.factories import an_input, make_generation, task_record

AT = datetime(2026, 10, 20, tzinfo=UTC)


def charged(cast: Cast, credits_: str | None, *, at: datetime = AT) -> Generation:
    """Make a success for which KIE's record names these credits, or none."""
    made = make_generation(by=cast.operator, status=Status.RUNNING, at=at)
    due = poll.Due(made.pk, made.provider_task_id or "", at + poll.CLAIM)
    Generation.objects.filter(pk=made.pk).update(next_poll_at=due.claimed_until)
    consumed = None if credits_ is None else Decimal(credits_)
    told = task_record(made, TaskState.SUCCESS, credits_consumed=consumed)
    poll.apply_record(due, told, now=at + timedelta(seconds=10))
    made.refresh_from_db()
    assert made.status == Status.SUCCEEDED
    return made


def of_five() -> price_book.Charged:
    return next(row for row in price_book.charged() if row.price.variant == "duration=5")


def test_a_price_by_which_nothing_was_charged_says_so(cast: Cast) -> None:
    make_generation(by=cast.operator, status=Status.FAILED, at=AT)
    charged(cast, None)

    row = of_five()
    assert (row.count, row.lowest, row.mean, row.highest) == (0, None, None, None)
    assert row.is_as_quoted


def test_what_kie_charged_is_set_against_the_row_that_quoted_it(cast: Cast) -> None:
    for taken in ("160", "160", "161"):
        charged(cast, taken)

    row = of_five()
    assert (row.count, row.different_count, row.is_as_quoted) == (3, 1, False)
    assert (row.lowest, row.highest) == (micro("160"), micro("161"))
    assert row.mean == micro("160.333333")


def test_those_charged_differently_are_listed_newest_first(cast: Cast) -> None:
    charged(cast, "160")
    older = charged(cast, "100", at=AT)
    newer = charged(cast, "200", at=AT + timedelta(hours=1))

    assert price_book.charged_differently() == [newer, older]
    assert price_book.charged_differently(most=1) == [newer]
    assert price_book.charged_differently(price=Price.objects.get(variant="duration=10")) == []


def other(credits_: str, rate: int = 5_000) -> price_book.OtherPrice:
    return price_book.OtherPrice(DEFAULT_MODEL, "duration=5", micro(credits_), rate)


def test_last_month_under_another_price_is_reckoned_by_variant(cast: Cast) -> None:
    for _ in range(3):
        charged(cast, "160")
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT, input=an_input(duration="10"))
    before = list(Generation.objects.order_by("pk").values())

    rows = price_book.what_if(since=AT, until=AT + timedelta(days=1), other=other("200"))

    ten, five = rows
    assert (five.generations, five.micro_usd, five.would_micro_usd) == (
        3,
        micro("2.4"),
        micro("3"),
    )
    assert ten.difference_micro_usd == 0
    total = price_book.total(rows)
    assert total.difference_micro_usd == micro("0.6")
    assert list(Generation.objects.order_by("pk").values()) == before


def test_what_cost_nothing_would_have_cost_nothing(cast: Cast) -> None:
    make_generation(by=cast.operator, status=Status.FAILED, at=AT)
    make_generation(by=cast.operator, status=Status.CANCELLED, at=AT)
    charged(cast, "160", at=AT - timedelta(microseconds=1))
    charged(cast, "160", at=AT + timedelta(days=1))

    assert price_book.what_if(since=AT, until=AT + timedelta(days=1), other=other("200")) == []


def test_dollars_are_rounded_for_each_generation_as_a_quote_is(cast: Cast) -> None:
    for _ in range(3):
        charged(cast, "160")

    (row,) = price_book.what_if(
        since=AT, until=AT + timedelta(days=1), other=other("0.0003", rate=5_000)
    )
    # 0.0003 credits are 1.5 micro-dollars, half up 2: three quotes are 6, not 4.5.
    assert row.would_micro_usd == 6
