"""The rules of the first model, case by case."""

import json
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from generations.catalog import build_input, validate
from tests.catalog.cast import (
    FIVE_KEYS,
    MODEL_ID,
    PICTURE,
    code_of,
    codes,
    master,
    normalised,
    payload,
)

pytestmark = pytest.mark.no_database


class Length(StrEnum):
    TEN = "10"


RULES = json.loads((Path(__file__).parent / "parameter_rules.json").read_text("utf-8"))


@pytest.mark.parametrize("case", RULES["cases"], ids=lambda case: str(case.get("name", "")))
def test_each_published_case_holds(case: dict[str, Any]) -> None:
    verdict = validate(master(), case["payload"])
    built, sentence = build_input(master(), case["payload"])
    if "input" in case:
        assert repr(verdict.input) == repr(case["input"])
        assert (built, sentence) == (case["input"], None)
        return
    assert verdict.input is None
    assert codes(case["payload"]) == [(v["field"], v["code"]) for v in case["violations"]]
    assert built == {}
    assert sentence is not None
    assert sentence == verdict.violations[0].message("ru")
    assert sentence.startswith(case.get("message_starts", "Поле '"))


def test_the_published_cases_are_of_this_model() -> None:
    assert RULES["model"] == MODEL_ID
    assert len(RULES["cases"]) == 55


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("x" * 5000, "x" * 5000),
        ("  " + "я" * 5000 + "\r\n", "я" * 5000),
        ("a\tb\nc", "a\tb\nc"),
        ("\x85\u2003a\u3000", "a"),
        ("a\x7fb", "a\x7fb"),
        ("a\u200b", "a\u200b"),
        ("\r\r\nx\ry", "x\ny"),
        ("%s {field} {0}", "%s {field} {0}"),
        (Length.TEN, "10"),
    ],
)
def test_a_prompt_is_trimmed_and_its_line_ends_are_made_one(value: str, becomes: str) -> None:
    assert normalised("prompt", value) == becomes
    assert type(normalised("prompt", value)) is str


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "required"),
        ("", "blank"),
        (" \t\r\n\x85", "blank"),
        ("\u200b\u2060\ufeff \u00ad\u202e", "blank"),
        ("\u2028\u3000", "blank"),
        (" " * 1_000_000, "blank"),
        ("x" * 5001, "too_long"),
        ("x" * 1_000_000, "too_long"),
        ("a\x00", "invalid_text"),
        ("a\x0bb", "invalid_text"),
        ("\x1f" * 10, "invalid_text"),
        ("\x1c", "invalid_text"),
        ("a\ud800", "invalid_text"),
        ("\udfff" + "x" * 6000, "invalid_text"),
        (5, "invalid_type"),
        (True, "invalid_type"),
        (b"x", "invalid_type"),
        (["x"], "invalid_type"),
        ({}, "invalid_type"),
        (float("nan"), "invalid_type"),
    ],
)
def test_a_prompt_is_refused(value: object, code: str) -> None:
    assert code_of("prompt", value) == code


@pytest.mark.parametrize("value", ["", "  ", "\r\n", "\u2003"])
def test_an_empty_negative_prompt_stays_empty(value: str) -> None:
    assert normalised("negative_prompt", value) == ""


def test_the_position_of_a_forbidden_character_is_counted_from_one() -> None:
    prompt, url = validate(
        master(), {"prompt": "ab\r\n\x00", "image_url": " https://e.com/\x07"}
    ).violations
    assert prompt.params == {"position": 4, "character": "U+0000"}
    assert url.params == {"position": 16, "character": "U+0007"}


@pytest.mark.parametrize("value", [7, None, "x", [], [("prompt", "x")], b"{}", True, 1.5, object()])
def test_a_payload_that_is_no_object_gets_one_violation_without_a_field(value: object) -> None:
    assert codes(value) == [("", "invalid_type")]
    built, sentence = build_input(master(), value)
    assert built == {}
    assert sentence is not None
    assert sentence.startswith("Параметры должны быть объектом JSON")


def test_any_mapping_is_an_object() -> None:
    verdict = validate(master(), MappingProxyType(payload(duration=10)))
    assert verdict.input == validate(master(), payload(duration=10)).input


def test_unknown_fields_come_last_in_the_order_given_and_are_never_dropped() -> None:
    odd = {"steps": None, 5: 1, "": 1, None: 1, ("a",): 1, "Prompt": 1, "\ud800": 1, "model": 1}
    assert codes({**odd, "prompt": ""}) == [
        ("prompt", "blank"),
        ("image_url", "required"),
        *((name, "unknown_field") for name in ("steps", "5", "", "null", "[…]", "Prompt")),
        ("\\ud800", "unknown_field"),
        ("model", "unknown_field"),
    ]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_rules() -> None:
    wrong = {key: [] for key in reversed([*FIVE_KEYS, "fps"])}
    assert codes(wrong) == [
        ("prompt", "invalid_type"),
        ("image_url", "invalid_type"),
        ("duration", "invalid_type"),
        ("negative_prompt", "invalid_type"),
        ("cfg_scale", "not_a_number"),
        ("fps", "unknown_field"),
    ]


def test_a_picture_may_come_later_but_is_judged_when_it_is_there() -> None:
    later = frozenset({"image_url"})
    verdict = validate(master(), {"prompt": "x"}, later=later)
    assert verdict.input is not None
    assert list(verdict.input) == FIVE_KEYS
    assert verdict.input["image_url"] is None
    assert validate(master(), verdict.input, later=later).input == verdict.input
    refused = validate(master(), {"prompt": "x", "image_url": "ftp://e.com"}, later=later)
    assert [v.code for v in refused.violations] == ["invalid_url"]
    assert not validate(master(), {"image_url": PICTURE}, later=later).ok


def test_a_preset_holds_only_what_was_given_in_the_order_of_the_rules() -> None:
    given = {"cfg_scale": "0.25", "duration": 10, "prompt": None}
    verdict = validate(master(), given, partial=True)
    assert list((verdict.input or {}).items()) == [("duration", "10"), ("cfg_scale", 0.3)]
    assert validate(master(), {}, partial=True).input == {}
    refused = validate(master(), {"prompt": " ", "seed": 1}, partial=True)
    assert [v.code for v in refused.violations] == ["blank", "unknown_field"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prompt": "x" * 2500}, []),
        ({"prompt": "x" * 2501}, [("prompt", "long_text")]),
        ({"image_url": "https://e.com/A.WebP?x#y"}, [("image_url", "unlisted_format")]),
        ({"image_url": "https://e.com/a.png?as=.webp"}, []),
        (
            {"prompt": "x" * 5000, "image_url": "https://e.com/a.webp"},
            [("prompt", "long_text"), ("image_url", "unlisted_format")],
        ),
    ],
)
def test_warnings_never_block(changes: dict[str, str], expected: list[tuple[str, str]]) -> None:
    verdict = validate(master(), payload(**changes))
    assert verdict.ok
    assert [(n.field, n.code) for n in verdict.warnings] == expected
