"""Reading JSON that may be hostile: utf-8 only, shallow, no key twice, nothing a database chokes on."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 20
LONGEST_NUMBER = 40

# A string runs to its end or to the text's: so no start is tried twice, whatever the quotes.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)|[\[\]{}]', re.DOTALL)


class BadJson(ValueError):
    """The text is not JSON as it is taken here; `code` is one of sentences.FAULTS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(data: bytes) -> Any:
    """Answer what the JSON says. Raises BadJson; never anything else, whatever the bytes."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadJson("not_utf8") from None
    # Before parsing: the parser itself recurses and would run out of stack.
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except BadJson:
        raise
    except (ValueError, RecursionError):
        raise BadJson("not_json") from None
    for string in _strings(value):
        if any("\ud800" <= ch <= "\udfff" for ch in string):
            raise BadJson("lone_surrogate")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token.group() in {"[", "{"}:
            depth += 1
        elif token.group() in {"]", "}"}:
            depth -= 1
        if depth > DEEPEST:
            raise BadJson("too_deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("duplicate_key")
    return found


def _refuse_constant(name: str) -> float:
    raise BadJson("not_a_number")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise BadJson("number_too_long")
    return int(digits)


def _fraction(digits: str) -> float:
    if len(digits) > LONGEST_NUMBER:
        raise BadJson("number_too_long")
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson("not_a_number")
    return number


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
