"""The rules of a model as a JSON Schema, for clients and for the API's documentation."""

from typing import Any

from generations.catalog.kinds import (
    Choice,
    Flag,
    Parameter,
    SteppedNumber,
    Text,
    Url,
    UrlList,
)
from generations.catalog.spec import ModelSpec


def input_schema(spec: ModelSpec) -> dict[str, Any]:
    """Answer a JSON Schema (draft 2020-12) of the input, a new dict each time.

    It describes the normal form: whatever fits it, and is not blank, is accepted and sent as it is.
    `validate` also takes a few other spellings, such as the number 5 for the choice "5".
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": spec.title,
        "type": "object",
        "properties": {parameter.name: _property(parameter) for parameter in spec.fields},
        "required": [parameter.name for parameter in spec.fields if parameter.required],
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    described = _shape(parameter)
    if parameter.hint.en:
        described["description"] = parameter.hint.en
    if parameter.default is not None:
        described["default"] = parameter.default
    return described


def _shape(parameter: Parameter) -> dict[str, Any]:
    match parameter:
        case Text():
            least = {"minLength": 1} if parameter.required else {}
            return {"type": "string", **least, "maxLength": parameter.max_length}
        case Url():
            return {
                "type": "string",
                "format": "uri",
                "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\\]+$",
                "maxLength": parameter.max_length,
            }
        case UrlList():
            least = {"minItems": 1} if parameter.required else {}
            items = _shape(parameter.item)
            return {"type": "array", "items": items, **least, "maxItems": parameter.max_items}
        case Choice():
            return {"type": "string", "enum": list(parameter.choices)}
        case Flag():
            return {"type": "boolean"}
        case SteppedNumber():
            # No multipleOf: validators judge it in binary and refuse 0.3 as a multiple of 0.1.
            low, high = float(parameter.minimum), float(parameter.maximum)
            return {"type": "number", "minimum": low, "maximum": high}
    raise TypeError(f"no schema is known for {type(parameter).__name__}")
