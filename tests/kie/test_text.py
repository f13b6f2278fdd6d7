"""Cleaning foreign text, and reading foreign JSON."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.kie import clean_text, is_task_id
from generations.kie.json_reading import read_json
from tests.kie.conftest import TASK_ID

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\x00b\x01c\x1bd\re\x7ff", "abcdef"),
        ("\ud800x\udfff", "x"),
        ("\u202eexe.\u2066gpj\u2069\u200f\u061c", "exe.gpj"),
        ("不能为空 Ёж 🦔", "不能为空 Ёж 🦔"),
        ("x" * 100, "x" * 20),
        ("\x00" * 50 + "after", "after"),
        (None, ""),
        (422, "422"),
        (1.5, "1.5"),
        ([1], "[1]"),
    ],
)
def test_clean_text(value: object, cleaned: str) -> None:
    assert clean_text(value, 20) == cleaned


def test_an_integer_too_long_to_write_is_empty_text() -> None:
    assert clean_text(10**5000, 20) == ""


def test_a_list_too_deep_to_write_is_empty_text() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert clean_text(deep, 20) == ""
    while deep:  # take it apart by hand: not every interpreter frees so deep a list
        deep = deep.pop()  # type: ignore[assignment]


@given(st.text(st.characters(exclude_categories=()), max_size=80), st.integers(0, 50))
def test_cleaned_text_can_always_be_stored(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean_text(cleaned, limit) == cleaned


@pytest.mark.parametrize("value", [TASK_ID, "task_kling_1765187759663", "a-b_C9", "x" * 128])
def test_task_ids(value: str) -> None:
    assert is_task_id(value)


@pytest.mark.parametrize(
    "value", [None, 281, "", "short", "x" * 129, "a b c d", TASK_ID + "\n", "идентификатор", [TASK_ID]]
)  # fmt: skip
def test_no_task_ids(value: object) -> None:
    assert not is_task_id(value)


@pytest.mark.parametrize(
    ("data", "value", "exact"),
    [
        (b'{"a":1}', {"a": 1}, True),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, True),
        ("\ufeff[1]", [1], True),
        (b'{"a":1,"a":2}', {"a": 2}, False),
        (b'{"a":"\xff"}', {"a": "\ufffd"}, False),
        (b"[NaN,Infinity,-Infinity,1e999]", [None] * 4, True),
        (b"[" + b"9" * 21 + b"]", [None], True),
        (b'"\\ud800"', "\ud800", True),
        (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64), True),
        (b"[" * 65 + b"]" * 65, None, True),
        (b'"' + b"[" * 500 + b'"', "[" * 500, True),
        (b'"\\"' + b"[" * 500 + b'"', '"' + "[" * 500, True),
        (b"{", None, True),
        (b"", None, True),
        ('{"a":1}'.encode("utf-16"), None, True),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_read_json(data: bytes | str, value: object, exact: bool) -> None:
    parsed = read_json(data)
    assert (parsed.value, parsed.exact) == (value, exact)


@pytest.mark.parametrize(
    "data",
    [b'"' * 1_000_001, b'\\"' * 500_000, b'"\\' * 500_000, b"[]" * 500_000, b'["' * 500_000],
    ids=("quotes", "escaped quotes", "quotes and escapes", "empty lists", "lists of quotes"),
)
def test_a_hostile_megabyte_is_read_in_linear_time(data: bytes) -> None:
    started = time.monotonic()
    assert read_json(data).value is None
    assert time.monotonic() - started < 5
