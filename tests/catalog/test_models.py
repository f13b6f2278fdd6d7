"""The catalogue as data: what it lists, what a sibling needs, and what leaves it."""

import dataclasses
import itertools
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generations.catalog import (
    FirstPrice,
    ModelSpec,
    build_input,
    get_model,
    input_schema,
    list_models,
    log_line,
    price_variant,
    validate,
)
from generations.catalog.kinds import Choice
from tests.catalog.cast import MODEL_ID, PICTURE, master, payload, text_to_video, with_sound

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).parents[2]
CASES = json.loads((Path(__file__).parent / "parameter_rules.json").read_text("utf-8"))["cases"]


def test_a_model_is_found_by_its_exact_id_alone() -> None:
    assert [spec.id for spec in list_models()] == [MODEL_ID]
    assert get_model(MODEL_ID) is list_models()[0]
    for stranger in ("", MODEL_ID.upper(), f" {MODEL_ID}", None, 5, [], {}, b"x"):
        assert get_model(stranger) is None


@pytest.mark.parametrize("spec", list_models(), ids=lambda spec: spec.id)
def test_every_model_has_one_first_price_for_each_variant(spec: ModelSpec) -> None:
    by_name = {parameter.name: parameter for parameter in spec.fields}
    values = [by_name[key].choices for key in spec.price_keys]  # type: ignore[attr-defined]
    expected = {
        price_variant(spec, dict(zip(spec.price_keys, combination, strict=True)))
        for combination in itertools.product(*values)
    }
    priced = [price_variant(spec, price.when) for price in spec.prices]
    assert sorted(priced) == sorted(expected)


def test_the_first_prices_are_those_of_the_catalogue_page() -> None:
    assert [tuple(price) for price in master().prices] == [
        ({"duration": "5"}, Decimal(160)),
        ({"duration": "10"}, Decimal(320)),
    ]
    assert master().usd_per_credit == Decimal("0.005")


def test_a_price_is_never_guessed() -> None:
    assert price_variant(master(), {"duration": "10"}) == "duration=10"
    with pytest.raises(KeyError):
        price_variant(master(), {})


def test_a_sibling_model_is_data_alone() -> None:
    spec = text_to_video()
    assert build_input(spec, {"prompt": " x ", "duration": 10, "aspect_ratio": "1:1"}) == (
        {"prompt": "x", "duration": "10", "aspect_ratio": "1:1", "cfg_scale": 0.5},
        None,
    )
    refused = validate(spec, {"prompt": "x", "aspect_ratio": "4:3", "image_url": PICTURE})
    assert [(v.field, v.code) for v in refused.violations] == [
        ("aspect_ratio", "invalid_choice"),
        ("image_url", "unknown_field"),
    ]
    assert "16:9, 9:16, 1:1" in refused.violations[0].message()
    assert log_line(spec, {"prompt": "x"}).startswith(f"MODEL={spec.id} TYPE=t2v INPUT_KEYS=['pr")


def test_a_sibling_with_sound_and_a_list_of_pictures_is_data_alone() -> None:
    spec = with_sound()
    given = {"prompt": "x", "image_urls": (f" {PICTURE}",), "sound": False, "duration": 5}
    found, sentence = build_input(spec, given)
    assert sentence is None
    assert found == {"prompt": "x", "image_urls": [PICTURE], "sound": False, "duration": "5"}
    assert price_variant(spec, found) == "sound=false&duration=5"
    assert "'image_urls': ['https://file.example.com']" in log_line(spec, found)
    jsonschema.validate(found, input_schema(spec))
    wrong = {"prompt": "x", "image_urls": [PICTURE, PICTURE], "sound": "false"}
    assert [(v.field, v.code) for v in validate(spec, wrong).violations] == [
        ("image_urls", "too_many"),
        ("sound", "invalid_type"),
        ("duration", "required"),
    ]
    for urls, code in (([], "blank"), ([None], "invalid_type"), (["x"], "invalid_url")):
        assert validate(spec, given | {"image_urls": urls}).violations[0].code == code


@pytest.mark.parametrize(
    "change",
    [
        {"price_keys": ("prompt",)},
        {"price_keys": ("resolution",)},
        {"prices": (FirstPrice({"sound": True}, Decimal(1)),)},
        {"prices": (FirstPrice({"duration": "5"}, Decimal(0)),)},
        {"fields": (Choice(name="duration", choices=("5",), default="7"),)},
        {"fields": (Choice(name="duration", choices=("5",)),)},
        {"fields": (Choice(name="duration", choices=("5",), default="5"),) * 2},
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    kept = {f.name: getattr(master(), f.name) for f in dataclasses.fields(ModelSpec) if f.init}
    with pytest.raises(ValueError, match=MODEL_ID):
        ModelSpec(**(kept | change))


def test_the_schema_accepts_every_normal_form_and_refuses_what_is_unknown() -> None:
    schema = input_schema(master())
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema)
    for case in CASES:
        if "input" in case:
            jsonschema.validate(case["input"], schema)
    for wrong in (payload(seed=1), payload(duration="7"), payload(cfg_scale=1.1), {"prompt": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_the_log_line_cuts_texts_and_keeps_secrets_out() -> None:
    found, _ = build_input(
        master(), payload(prompt="x" * 61, image_url="https://e.com:444/a.png?token=secret#s")
    )
    assert log_line(master(), found) == (
        "MODEL=kling/v2-1-master-image-to-video TYPE=i2v"
        " INPUT_KEYS=['prompt', 'image_url', 'duration', 'negative_prompt', 'cfg_scale']"
        f" INPUT_PREVIEW={{'prompt': '{'x' * 60}...', 'image_url': 'https://e.com',"
        " 'duration': '5', 'negative_prompt': 'blur, distort, and low quality',"
        " 'cfg_scale': 0.5}"
    )
    assert "'image_url': None" in log_line(master(), found | {"image_url": None})


def test_the_catalogue_and_money_need_the_standard_library_alone() -> None:
    # -S leaves the site-packages out, -I the environment: nothing else can be found at all.
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from generations.catalog import build_input, get_model, validate\n"
        "import generations.money\n"
        f"spec = get_model({MODEL_ID!r})\n"
        f"assert build_input(spec, {payload()!r})[1] is None\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded - sys.stdlib_module_names - {'__main__', 'generations'}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-I", "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")
