"""What holds for every payload, not only for those that somebody thought of."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.catalog import build_input, log_line, price_variant, validate
from tests.catalog.cast import FIVE_KEYS, PICTURE, master

pytestmark = pytest.mark.no_database

TEXTS = st.text(alphabet=st.characters(exclude_categories=[]), max_size=40)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | TEXTS
    | st.sampled_from(["5", "10", 5, 10, 10.0, "0.25", "-0", PICTURE, "https://e.com/a.webp\n"])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)
NAMES = st.sampled_from(FIVE_KEYS)
PAYLOADS = st.dictionaries(NAMES | TEXTS, ANYTHING, max_size=8) | ANYTHING
NEARLY_RIGHT = st.fixed_dictionaries(
    {
        "prompt": TEXTS.map(lambda text: f"pan {text}"),
        "image_url": st.just(PICTURE) | TEXTS.map(lambda text: f"https://e.com/{text}"),
    },
    optional={
        "duration": st.sampled_from(["5", "10", 5, 10, 5.0, 10.0, None, Decimal(10)]),
        "negative_prompt": TEXTS,
        "cfg_scale": st.floats(0, 1) | st.integers(0, 1) | st.decimals(0, 1).map(str) | st.none(),
    },
)


@given(PAYLOADS | NEARLY_RIGHT)
def test_every_payload_gets_a_verdict_and_stays_as_it_was(payload: Any) -> None:
    before = copy.deepcopy(payload)
    verdict = validate(master(), payload)
    built, sentence = build_input(master(), payload)
    assert repr(payload) == repr(before)
    assert verdict.ok == (verdict.input is not None) == (sentence is None)
    assert built == (verdict.input or {})
    for finding in (*verdict.violations, *verdict.warnings):
        for text in (finding.field, *finding.messages.values()):
            assert text.isprintable()


@given(NEARLY_RIGHT)
def test_an_accepted_input_has_five_keys_and_is_its_own_normal_form(payload: Any) -> None:
    found = validate(master(), payload).input
    if found is None:
        return
    assert list(found) == FIVE_KEYS
    assert repr(validate(master(), found).input) == repr(found)
    assert found["duration"] in ("5", "10")
    assert repr(found["cfg_scale"]) in {f"0.{n}" for n in range(10)} | {"1.0"}
    assert found["prompt"] == found["prompt"].strip() != ""
    assert len(found["image_url"]) <= 2048


@given(NEARLY_RIGHT)
def test_the_priced_variant_is_the_duration_that_is_sent(payload: Any) -> None:
    found = validate(master(), payload).input
    if found is not None:
        assert price_variant(master(), found) == f"duration={found['duration']}"


@given(NEARLY_RIGHT)
def test_the_log_line_is_one_line_without_paths(payload: Any) -> None:
    found = validate(master(), payload).input
    if found is not None:
        line = log_line(master(), found)
        assert line.isprintable()
        assert f"'image_url': '{found['image_url'].split('/')[0]}//" in line
        assert "a.png" not in line or "a.png" in found["prompt"] + found["negative_prompt"]


@given(st.dictionaries(NAMES, ANYTHING))
def test_a_preset_never_holds_more_than_was_given(payload: dict[str, Any]) -> None:
    found = validate(master(), payload, partial=True).input
    if found is not None:
        assert list(found) == [k for k in FIVE_KEYS if payload.get(k) is not None]
        assert repr(validate(master(), found, partial=True).input) == repr(found)
