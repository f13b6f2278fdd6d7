"""The catalogue's rules for the first model, written once more with pydantic and with DRF.

As fair as they can be: the same five fields, nothing coerced that the platform refuses, the same
trimming and rounding, null taken as absent, unknown fields refused, all violations found. What they
leave out is named in NOT_CHECKED; it is a matter of a few lines each, and of knowing them.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError
from rest_framework import serializers

NOT_CHECKED = (
    "the rivals do not check: addresses that programs read differently (user info, back-slashes, "
    "odd ports, white space inside, compatibility letters), invisible-only texts, lone surrogates; "
    "they give no notices, no partial or later-filled input, and English messages only"
)

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_PLAIN_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_ADDRESS = r"^https?://[^\s/?#]+(?:[/?#]\S*)?$"
_STEP, _DEFAULT_NEGATIVE = Decimal("0.1"), "blur, distort, and low quality"


def _plain(value: Any) -> Any:
    if isinstance(value, str) and not value.isprintable():
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(value):
            raise PydanticCustomError("invalid_text", "control character")
    return value


def _plain_or_default(value: Any) -> Any:
    return _DEFAULT_NEGATIVE if value is None else _plain(value)


def _choice(value: Any) -> Any:
    if value is None:
        return "5"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(int(value)) if is_number and value == int(value) else value
    if not isinstance(text, str) or text not in {"5", "10"}:
        raise PydanticCustomError("invalid_choice", "must be 5 or 10")
    return text


def half_up(value: Any) -> float:
    """Answer a number from 0 to 1 in tenths, rounded half up. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    if isinstance(value, str) and not _PLAIN_DECIMAL.fullmatch(value):
        raise ValueError
    number = Decimal(value if isinstance(value, str) else repr(value))
    if not number.is_finite() or not 0 <= number <= 1:
        raise ValueError
    return float(number.quantize(_STEP, ROUND_HALF_UP))


def _scale(value: Any) -> float:
    if value is None:
        return 0.5
    try:
        return half_up(value)
    except ValueError:
        raise PydanticCustomError("out_of_range", "must be a number from 0 to 1") from None


class PydanticInput(BaseModel):
    """The five fields for pydantic v2, strict."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=5000),
        BeforeValidator(_plain),
    ]
    image_url: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=2048, pattern=_ADDRESS)
    ]
    duration: Annotated[Any, BeforeValidator(_choice)] = "5"
    negative_prompt: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=500),
        BeforeValidator(_plain_or_default),
    ] = _DEFAULT_NEGATIVE
    cfg_scale: Annotated[Any, BeforeValidator(_scale)] = 0.5


def pydantic_validate(payload: dict[str, Any]) -> tuple[dict[str, Any] | None, list[Any]]:
    """Answer (input, []) or (None, all violations)."""
    try:
        return PydanticInput.model_validate(payload).__dict__, []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False, include_input=False)


def pydantic_build_input(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Answer (input, None) or ({}, the first violation's sentence)."""
    found, violations = pydantic_validate(payload)
    return ({}, violations[0]["msg"]) if found is None else (found, None)


class _StrictText(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = data.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text):
            raise serializers.ValidationError("control character")
        return text.strip()


class _Duration(serializers.Field):
    def to_internal_value(self, data: Any) -> str:
        try:
            return _choice(data)
        except PydanticCustomError as error:
            raise serializers.ValidationError("must be 5 or 10") from error


class _Scale(serializers.Field):
    def to_internal_value(self, data: Any) -> float:
        try:
            return half_up(data)
        except ValueError:
            raise serializers.ValidationError("must be a number from 0 to 1") from None


class DrfInput(serializers.Serializer):
    """The five fields for Django REST framework."""

    prompt = _StrictText(max_length=5000)
    image_url = serializers.RegexField(_ADDRESS, max_length=2048)
    duration = _Duration(default="5")
    negative_prompt = _StrictText(
        max_length=500, allow_blank=True, default=_DEFAULT_NEGATIVE, trim_whitespace=True
    )
    cfg_scale = _Scale(default=0.5)

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:
        """Refuse unknown fields besides what the fields themselves refuse."""
        unknown = {name: ["unknown field"] for name in data if name not in self.fields}
        given = {name: value for name, value in data.items() if value is not None}
        try:
            found = super().to_internal_value(given)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return found


def drf_validate(payload: dict[str, Any]) -> tuple[dict[str, Any] | None, list[Any]]:
    """Answer (input, []) or (None, all violations)."""
    serializer = DrfInput(data=payload)
    if serializer.is_valid():
        return dict(serializer.validated_data), []
    return None, list(serializer.errors.items())


def drf_build_input(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Answer (input, None) or ({}, the first violation's sentence)."""
    found, violations = drf_validate(payload)
    return ({}, str(violations[0][1][0])) if found is None else (found, None)
