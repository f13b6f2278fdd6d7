"""What the account may order: the one model it offers, its rules and its price text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODEL = "kling/v2-1-master-image-to-video"
UNSUPPORTED = "The model name you specified is not supported"
REQUIRED = "This field is required"
_NOT_ALLOWED = "{} is not within the range of allowed options"
_LENGTHS = {"prompt": 5000, "negative_prompt": 500}
_NAMES = ("prompt", "image_url", "duration", "negative_prompt", "cfg_scale")
_DEFAULTS: dict[str, Any] = {"duration": "5", "cfg_scale": 0.5}


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why KIE refuses an input; ``code`` is the one recorded with that text."""

    code: int
    message: str


def accepted_input(given: Mapping[str, Any]) -> dict[str, Any]:
    """Will return the input without the fields the model does not have."""
    return {name: given[name] for name in _NAMES if name in given}


def with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    return _DEFAULTS | dict(given)


def complaint(given: Any, *, refuse_unknown: bool) -> Complaint | None:
    """Will return the first fault of an ``input`` in the order of the model's page, or None.

    Absent fields answer 500, wrong types and lengths 422: both are recorded.
    """
    if given is None:
        return Complaint(500, REQUIRED)
    if not isinstance(given, Mapping):
        return Complaint(422, _NOT_ALLOWED.format("input"))
    for name in ("prompt", "image_url"):
        if given.get(name) in (None, ""):
            return Complaint(500, REQUIRED)
    for name in _NAMES:
        if name in given and not _fits(name, given[name]):
            known_type = name == "duration" and isinstance(given[name], str)
            return Complaint(500 if known_type else 422, _NOT_ALLOWED.format(name))
    if refuse_unknown:
        for name in given:
            if name not in _NAMES:
                return Complaint(422, _NOT_ALLOWED.format(name))
    return None


def _fits(name: str, value: Any) -> bool:
    if name == "duration":
        return isinstance(value, str) and value in ("5", "10")
    if name == "cfg_scale":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and 0 <= value <= 1
    return isinstance(value, str) and len(value) <= _LENGTHS.get(name, len(value))


def price_text(prices: Mapping[str, float]) -> str:
    """Will return the catalogue's free text, such as ``5s 160 credits (~$0.80)``."""
    parts = [f"{key}s {value:g} credits (~${value * 0.005:.2f})" for key, value in prices.items()]
    return ", ".join(parts)


def catalogue_row(prices: Mapping[str, float]) -> dict[str, Any]:
    return {
        "model": MODEL,
        "slug": "v2-1-master-image-to-video",
        "title": "Kling 2.1 Master image to video",
        "provider": "kling",
        "taskType": ["image-to-video"],
        "description": None,
        "pricingDesc": price_text(prices),
    }


def openapi() -> dict[str, Any]:
    """Will return the model's schema in KIE's catalogue form (OpenAPI 3.1)."""
    fields: dict[str, Any] = {
        "prompt": {"type": "string", "maxLength": 5000},
        "image_url": {"type": "string"},
        "duration": {"type": "string", "enum": ["5", "10"], "default": "5"},
        "negative_prompt": {"type": "string", "maxLength": 500},
        "cfg_scale": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
    }
    body = {
        "type": "object",
        "required": ["model"],
        "properties": {
            "model": {"type": "string", "enum": [MODEL]},
            "callBackUrl": {"type": "string", "format": "uri"},
            "input": {
                "type": "object",
                "required": ["prompt", "image_url"],
                "properties": fields,
            },
        },
    }
    content = {"application/json": {"schema": body}}
    return {
        "openapi": "3.1.0",
        "info": {"title": MODEL, "version": "1.0.0"},
        "paths": {"/api/v1/jobs/createTask": {"post": {"requestBody": {"content": content}}}},
    }
