"""Payloads and specs that the catalogue's tests share."""

from datetime import date
from decimal import Decimal
from typing import Any

from generations.catalog import FirstPrice, ModelSpec, get_model, validate
from generations.catalog.kinds import Choice, Flag, SteppedNumber, Text, Url, UrlList

MODEL_ID = "kling/v2-1-master-image-to-video"
PICTURE = "https://file.example.com/a.png"
FIVE_KEYS = ["prompt", "image_url", "duration", "negative_prompt", "cfg_scale"]


def master() -> ModelSpec:
    spec = get_model(MODEL_ID)
    assert spec is not None
    return spec


def payload(**changes: Any) -> dict[str, Any]:
    """A payload that is fine but for the changes."""
    return {"prompt": "A slow pan", "image_url": PICTURE, **changes}


def text_to_video() -> ModelSpec:
    """A sibling in the shape of kling/v2-1-master-text-to-video: data alone."""
    return ModelSpec(
        id="kling/v2-1-master-text-to-video",
        title="Kling 2.1 Master (text to video)",
        kind="t2v",
        fields=(
            Text(name="prompt", required=True, max_length=5000),
            Choice(name="duration", choices=("5", "10"), default="5"),
            Choice(name="aspect_ratio", choices=("16:9", "9:16", "1:1"), default="16:9"),
            Text(name="negative_prompt", max_length=500),
            SteppedNumber(name="cfg_scale", minimum=Decimal(0), maximum=Decimal(1), default=0.5),
        ),
        docs_url="https://docs.kie.ai/market/kling/v2-1-master-text-to-video",
        docs_read_on=date(2026, 10, 1),
        prices=(
            FirstPrice({"duration": "5"}, Decimal(160)),
            FirstPrice({"duration": "10"}, Decimal(320)),
        ),
        usd_per_credit=Decimal("0.005"),
    )


def with_sound() -> ModelSpec:
    """A sibling in the shape of kling-2.6/image-to-video: a flag, a list, two price keys."""
    return ModelSpec(
        id="kling-2.6/image-to-video",
        title="Kling 2.6 (image to video)",
        fields=(
            Text(name="prompt", required=True, max_length=1000),
            UrlList(name="image_urls", required=True, max_items=1, item=Url(name="image_urls")),
            Flag(name="sound", required=True),
            Choice(name="duration", choices=("5", "10"), required=True),
        ),
        docs_url="https://docs.kie.ai/market/kling/image-to-video",
        docs_read_on=date(2026, 10, 1),
        price_keys=("sound", "duration"),
        prices=(FirstPrice({"sound": False, "duration": "5"}, Decimal(55)),),
        usd_per_credit=Decimal("0.005"),
    )


def codes(value: object) -> list[tuple[str, str]]:
    return [(v.field, v.code) for v in validate(master(), value).violations]


def normalised(field: str, value: object) -> Any:
    verdict = validate(master(), payload(**{field: value}))
    assert verdict.input is not None, verdict.violations
    return verdict.input[field]


def code_of(field: str, value: object) -> str:
    found = validate(master(), payload(**{field: value})).violations
    assert [v.field for v in found] == [field]
    return found[0].code
