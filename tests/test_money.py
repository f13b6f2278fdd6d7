"""Money is whole millionths; text and Decimal meet it at the edges only."""

import doctest
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations import money
from generations.money import MICRO, credits_text, micro, usd_text

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("160", 160_000_000),
        (Decimal("22.5"), 22_500_000),
        ("0.8000", 800_000),
        ("0.0000005", 1),
        ("0.00000049", 0),
        ("-0.0000005", -1),
        ("+1", MICRO),
        (Decimal("1.60E+2"), 160_000_000),
        (Decimal("-0"), 0),
        (Decimal("1E-999999"), 0),
        ("9000000000000", 9_000_000_000_000 * MICRO),
    ],
)
def test_an_amount_becomes_millionths_rounded_half_up(amount: Decimal | str, expected: int) -> None:
    assert micro(amount) == expected


@pytest.mark.parametrize(
    "amount",
    [
        "", " 1", "1 ", "1\n", "1,5", "1e3", "1_000", ".5", "5.", "nan", "Infinity", "１", "0x1",
        "9000000000000.000001", "9" * 1_000_000, Decimal("NaN"), Decimal("sNaN"),
        Decimal("Infinity"), Decimal("1E+999999"),
    ],
    ids=lambda amount: repr(amount)[:20],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: Decimal | str) -> None:
    with pytest.raises(ValueError, match="amount"):
        micro(amount)


@pytest.mark.parametrize("amount", [0.8, True, None, b"1"])
def test_only_exact_types_are_amounts(amount: Any) -> None:
    with pytest.raises(TypeError):
        micro(amount)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (credits_text(160_000_000), "160.00"),
        (credits_text(22_500_000), "22.50"),
        (credits_text(1_234_567), "1.234567"),
        (credits_text(0), "0.00"),
        (credits_text(-10_000), "-0.01"),
        (usd_text(800_000), "0.8000"),
        (usd_text(112_500), "0.1125"),
        (usd_text(5), "0.000005"),
        (usd_text(-800_000), "-0.8000"),
    ],
)
def test_amounts_are_written_with_fixed_places_and_more_only_if_needed(
    written: str, expected: str
) -> None:
    assert written == expected


@given(st.integers(-(10**18), 10**18))
def test_what_is_written_reads_back_the_same(amount: int) -> None:
    assert micro(credits_text(amount)) == micro(usd_text(amount)) == amount


def test_the_worked_examples_are_true() -> None:
    assert doctest.testmod(money).failed == 0
