"""JSON from a stranger: any bytes in, a value or nothing out."""

import json
import math
import re
from dataclasses import dataclass

DEPTH_LIMIT = 64
_LONGEST_INTEGER = 20
# Possessive, so that an unclosed string is walked once and not once for each quotation mark.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """`value` is None when the text is no JSON (or says null).

    `exact` is False when the text is not UTF-8 or repeats a key: then it can be read in two ways.
    """

    value: object
    exact: bool


_NOTHING = Parsed(None, exact=True)


def read_json(data: bytes | str) -> Parsed:
    """Read JSON of at most 64 levels; NaN, infinities and over-long integers become None.

    Of repeated keys the last one counts. Never raises.
    """
    exact = True
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            exact = False
            text = data.decode("utf-8-sig", errors="replace")
    else:
        text = data.removeprefix("\ufeff")
    if _is_too_deep(text):
        return _NOTHING

    def to_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal exact
        found = dict(pairs)
        exact = exact and len(found) == len(pairs)
        return found

    try:
        value = json.loads(
            text,
            object_pairs_hook=to_object,
            parse_constant=lambda _name: None,
            parse_int=_to_int,
            parse_float=_to_float,
        )
    except (ValueError, RecursionError):
        return _NOTHING
    return Parsed(value, exact)


def as_object(value: object) -> dict[str, object]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _to_int(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _to_float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _is_too_deep(text: str) -> bool:
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return True
        elif mark in "]}":
            depth -= 1
    return False
