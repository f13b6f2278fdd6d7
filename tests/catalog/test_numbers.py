"""Durations and scales: what becomes a choice or a step, and what is refused."""

from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest

from tests.catalog.cast import code_of, normalised

pytestmark = pytest.mark.no_database


class Seconds(IntEnum):
    FIVE = 5


class Length(StrEnum):
    TEN = "10"


class Ratio(float):
    def __repr__(self) -> str:
        return "Ratio"


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        (5, "5"),
        (10.0, "10"),
        ("10", "10"),
        (Seconds.FIVE, "5"),
        (Length.TEN, "10"),
        (Decimal("5.0"), "5"),
        (Ratio(5), "5"),
        (None, "5"),
    ],
)
def test_a_duration_becomes_one_of_two_strings(value: object, becomes: str) -> None:
    assert normalised("duration", value) == becomes
    assert type(normalised("duration", value)) is str


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "invalid_type"),
        (False, "invalid_type"),
        (["5"], "invalid_type"),
        ({"5": 5}, "invalid_type"),
        (b"5", "invalid_type"),
        (5j, "invalid_type"),
        (" 5", "invalid_choice"),
        ("5 ", "invalid_choice"),
        ("5\n", "invalid_choice"),
        ("05", "invalid_choice"),
        ("5s", "invalid_choice"),
        ("5.0", "invalid_choice"),
        ("+5", "invalid_choice"),
        ("", "invalid_choice"),
        ("５", "invalid_choice"),
        ("٥", "invalid_choice"),
        (5.0000001, "invalid_choice"),
        (0, "invalid_choice"),
        (1, "invalid_choice"),
        (-5, "invalid_choice"),
        (float("nan"), "invalid_choice"),
        (float("inf"), "invalid_choice"),
        (Decimal("sNaN"), "invalid_choice"),
        (Decimal("NaN"), "invalid_choice"),
        (Decimal("1E+999999"), "invalid_choice"),
        (10**5000, "invalid_choice"),
        ("x" * 1_000_000, "invalid_choice"),
        ("\ud800", "invalid_choice"),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else "an int",
)
def test_any_other_duration_is_refused(value: object, code: str) -> None:
    assert code_of("duration", value) == code


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        *((f"0.{n}", f"0.{n}") for n in range(10)),
        (0.15, "0.2"),
        (0.25, "0.3"),
        (0.35, "0.4"),
        (0.05, "0.1"),
        (0.04, "0.0"),
        (0.95, "1.0"),
        (0.049999999999999996, "0.0"),
        (5e-324, "0.0"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0.0"),
        ("-0", "0.0"),
        ("-0.00", "0.0"),
        ("+0.5", "0.5"),
        (".5", "0.5"),
        ("1.", "1.0"),
        ("000.50", "0.5"),
        ("0.0" + "4" * 1_000_000, "0.0"),
        ("0.04" + "9" * 1_000_000, "0.0"),
        (Decimal("0.15"), "0.2"),
        (Decimal("-0"), "0.0"),
        (Decimal("1E-999999"), "0.0"),
        (Decimal("0.0" + "4" * 100), "0.0"),
        (Ratio(0.25), "0.3"),
        (None, "0.5"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_scale_is_rounded_half_up_to_one_place(value: object, becomes: str) -> None:
    assert repr(normalised("cfg_scale", value)) == becomes


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.01, "out_of_range"),
        (1.0000000000000002, "out_of_range"),
        (-5e-324, "out_of_range"),
        ("-0.01", "out_of_range"),
        ("1." + "0" * 1000 + "1", "out_of_range"),
        ("5.", "out_of_range"),
        (2, "out_of_range"),
        (-(10**5000), "out_of_range"),
        (1 << 4_000_000, "out_of_range"),
        (Decimal("1E+999999"), "out_of_range"),
        ("9" * 1_000_000, "out_of_range"),
        (True, "not_a_number"),
        (False, "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("-inf"), "not_a_number"),
        (Decimal("NaN"), "not_a_number"),
        (Decimal("sNaN"), "not_a_number"),
        (Decimal("Infinity"), "not_a_number"),
        (5j, "not_a_number"),
        ([0.5], "not_a_number"),
        ({}, "not_a_number"),
        (b"0.5", "not_a_number"),
        ("9" * 1_000_000 + "x", "not_a_number"),
        *(
            (text, "not_a_number")
            for text in (
                "", " ", ".", "+", "-", "+.", "--1", "0,5", "1e-1", "0x1", "0_5", "1/2", "nan",
                "inf", " 0.5", "0.5 ", "0.5\n", "0.5.0", "１", "٠.٥", "²", "0.5\x00", "\ud800", "½",
            )
        ),
    ],
    ids=lambda value: ascii(value)[:20] if not isinstance(value, int) else "an int",
)  # fmt: skip
def test_any_other_scale_is_refused(value: object, code: str) -> None:
    assert code_of("cfg_scale", value) == code
