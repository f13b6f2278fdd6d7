"""The kinds of parameter a KIE model has, each with its rule, written once.

`judge` answers the normalised value, or a Violation. It raises for no value that JSON can hold,
nor for Decimal or subclasses of the built-in types, and it changes nothing.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import ClassVar, Final

from generations.catalog.messages import NO_WORDS, Notice, Violation, Words, quoted, type_name
from generations.catalog.web_address import fault_of, path_of

# Tab and newline are the only C0 controls that a text may hold. A lone surrogate cannot be sent as
# UTF-8 at all.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_PLAIN_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_STRING_OR_NUMBER: Final = (str, int, float, Decimal)
_FAR_OUT: Final = 10**20
# Its own context: a caller's decimal context must not change what is sent.
_DECIMALS: Final = Context(prec=28, traps=[InvalidOperation])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What every parameter has: a name, whether it must be given, a default, and advice.

    An optional parameter without a default is left out of the input when it is not given.
    """

    name: str
    required: bool = False
    default: object = None
    hint: Words = NO_WORDS
    # Only parameters of few values may decide a price.
    is_finite: ClassVar[bool] = False

    def judge(self, value: object) -> object:
        """Answer the normalised value, or a Violation; `value` is never None."""
        raise NotImplementedError

    def notice(self, value: object) -> Notice | None:
        """Answer what a person should know about a normalised value, if anything."""
        return None

    def _violation(self, code: str, **params: object) -> Violation:
        return Violation(self.name, code, params, self.hint)

    def _wrong_type(self, expected: str, value: object) -> Violation:
        return self._violation("invalid_type", expected=expected, received_type=type_name(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Parameter):
    """Free text: CRLF becomes LF, then controls are judged, then it is trimmed and measured.

    Lengths are Python code points after trimming.
    """

    max_length: int
    warn_over: int | None = None

    def judge(self, value: object) -> object:
        if not isinstance(value, str):
            return self._wrong_type("string", value)
        text = value if type(value) is str else str.__str__(value)
        is_plain = text.isprintable()
        if not is_plain:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            bad = _FORBIDDEN.search(text)
            if bad:
                return self._violation("invalid_text", **_place(bad))
        text = text.strip()
        # Printable text has no white space but U+0020 and nothing of zero width.
        if self.required and (not text or (not is_plain and _is_blank(text))):
            return self._violation("blank")
        if len(text) > self.max_length:
            return self._violation("too_long", length=len(text), maximum=self.max_length)
        return text

    def notice(self, value: object) -> Notice | None:
        if self.warn_over is None or not isinstance(value, str) or len(value) <= self.warn_over:
            return None
        params = {"length": len(value), "recommended": self.warn_over}
        return Notice(self.name, "long_text", params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(Parameter):
    """An http or https address that programs of every make read alike; sent as it was written.

    `listed` are the formats that KIE names; an address ending in one of `warn_suffixes` earns a
    notice.
    """

    max_length: int = 2048
    warn_suffixes: tuple[str, ...] = ()
    listed: str = ""

    def judge(self, value: object) -> object:
        if not isinstance(value, str):
            return self._wrong_type("string", value)
        # Line ends of either make around a pasted address are white space; a carriage return
        # inside it is a control character. Trimming these four alone keeps others in sight.
        url = str.strip(value, " \t\r\n")
        is_plain = url.isprintable()
        if not is_plain:
            bad = _FORBIDDEN.search(url)
            if bad:
                offset = len(value) - len(str.lstrip(value, " \t\r\n"))
                return self._violation("invalid_text", **_place(bad, offset))
            url = url.strip()
        if not url or (not is_plain and _is_blank(url)):
            return self._violation("blank")
        # Syntax before length: shortening something that is no address would not help.
        reason = fault_of(url)
        if reason is not None:
            return self._violation("invalid_url", reason=reason)
        if len(url) > self.max_length:
            return self._violation("too_long", length=len(url), maximum=self.max_length)
        return url

    def notice(self, value: object) -> Notice | None:
        if not self.warn_suffixes or not isinstance(value, str):
            return None
        lower = value.lower()
        for suffix in self.warn_suffixes:
            # Looked for before the address is taken apart, which costs more than all the rest.
            if suffix in lower and path_of(lower).endswith(suffix):
                return Notice(
                    self.name, "unlisted_format", {"suffix": suffix, "listed": self.listed}
                )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlList(Parameter):
    """A list of addresses, as the 2.6 models take their picture."""

    max_items: int
    item: Url

    def judge(self, value: object) -> object:
        if not isinstance(value, list | tuple):
            return self._wrong_type("array", value)
        if self.required and not value:
            return self._violation("blank")
        if len(value) > self.max_items:
            return self._violation("too_many", length=len(value), maximum=self.max_items)
        urls = [self.item.judge(url) for url in value]
        faults = [url for url in urls if isinstance(url, Violation)]
        return faults[0] if faults else urls


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Parameter):
    """One of a few strings, exactly as written; a number equal to a choice stands for it.

    No trimming and no guessing: a choice may decide the price.
    """

    choices: tuple[str, ...]
    is_finite: ClassVar[bool] = True
    _by_value: dict[object, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_value: dict[object, str] = {choice: choice for choice in self.choices}
        by_value |= {int(c): c for c in self.choices if c.isascii() and c.isdecimal()}
        object.__setattr__(self, "_by_value", by_value)

    def judge(self, value: object) -> object:
        # By type first: True is 1 to a dictionary, and lists cannot be looked up.
        if isinstance(value, bool) or not isinstance(value, _STRING_OR_NUMBER):
            return self._wrong_type("string", value)
        # A signalling NaN cannot be hashed.
        is_nan = isinstance(value, Decimal) and value.is_nan()
        choice = None if is_nan else self._by_value.get(value)
        if choice is None:
            return self._violation(
                "invalid_choice", choices=", ".join(self.choices), received=quoted(value)
            )
        return choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Parameter):
    """True or false and nothing that resembles them: a flag may decide the price."""

    is_finite: ClassVar[bool] = True

    def judge(self, value: object) -> object:
        return value if isinstance(value, bool) else self._wrong_type("boolean", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedNumber(Parameter):
    """A number between two bounds, in steps of 10^-places; the output is a float.

    The bounds are judged before rounding, which is half up in decimal, from the number as Python
    writes it: with one place 0.15 is 0.2, 0.25 is 0.3, 0.05 is 0.1 and 1.01 is out of range.
    Strings are plain decimals of ASCII digits.
    """

    minimum: Decimal
    maximum: Decimal
    places: int = 1
    _step: Decimal = field(init=False, repr=False, compare=False)
    _steps: dict[object, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        step = Decimal(1).scaleb(-self.places)
        count = int((self.maximum - self.minimum) / step)
        steps = [float(self.minimum + step * i) for i in range(count + 1)]
        object.__setattr__(self, "_step", step)
        object.__setattr__(self, "_steps", {value: value for value in steps})

    def judge(self, value: object) -> object:
        kind = type(value)
        if kind is float or kind is int:
            # On a step already, as nearly always; -0.0 finds 0.0 here and 1 finds 1.0.
            ready = self._steps.get(value)
            if ready is not None:
                return ready
        number = _decimal(value)
        if number is None:
            return self._refusal("not_a_number", value)
        if not self.minimum <= number <= self.maximum:
            return self._refusal("out_of_range", value)
        rounded = float(number.quantize(self._step, ROUND_HALF_UP, _DECIMALS))
        return self._steps.get(rounded, rounded)

    def _refusal(self, code: str, value: object) -> Violation:
        return self._violation(
            code, minimum=str(self.minimum), maximum=str(self.maximum), received=quoted(value)
        )


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(str.__str__(value)) if _PLAIN_DECIMAL.fullmatch(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # A million digits take long to become a Decimal, and so far out the sign is enough.
        return Decimal(max(-_FAR_OUT, min(_FAR_OUT, int(value))))
    if isinstance(value, float):
        number = Decimal(float.__repr__(value))
        return number if number.is_finite() else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _place(bad: re.Match[str], offset: int = 0) -> dict[str, object]:
    # Counted from one, for people; in texts after CRLF has become LF, as a text box shows it.
    return {"position": offset + bad.start() + 1, "character": f"U+{ord(bad[0]):04X}"}


def _is_blank(text: str) -> bool:
    for character in text:
        if not character.isspace():
            category = unicodedata.category(character)
            if category != "Cf" and category[0] != "Z":
                return False
    return True
