"""What is wrong with a request, or worth saying about it, as codes and as sentences (ru, en)."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from decimal import Decimal
from typing import Final

LANGUAGES: Final = ("ru", "en")
QUOTED_CHARACTERS: Final = 80
# 4300 digits are the most that str() writes; past a quotation's length the size says enough.
_MOST_BITS_WRITTEN: Final = 320
_DECIMAL_DIGITS_PER_BIT: Final = 0.30103


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in each language of the interface."""

    ru: str
    en: str

    def spoken(self, language: str) -> str:
        """Answer the words for a language tag such as "en" or "en-GB"; Russian for unknown ones."""
        return self.en if language[:2].lower() == "en" else self.ru


NO_WORDS: Final = Words("", "")

# How the Russian ones begin is fixed by the product's rules; programs read the codes.
SENTENCES: Final[Mapping[str, Words]] = {
    "required": Words("Поле '{field}' обязательно. {hint}", "Field '{field}' is required. {hint}"),
    "blank": Words(
        "Поле '{field}' не может быть пустым. {hint}", "Field '{field}' cannot be blank. {hint}"
    ),
    "too_long": Words(
        "Поле '{field}' слишком длинное: символов {length}, допустимо не больше {maximum}."
        " Сократите его.",
        "Field '{field}' is too long: {length} characters, at most {maximum} are allowed."
        " Shorten it.",
    ),
    "too_many": Words(
        "Поле '{field}' содержит слишком много значений: {length}, допустимо не больше {maximum}."
        " Уберите лишние.",
        "Field '{field}' holds too many values: {length}, at most {maximum} are allowed."
        " Remove some.",
    ),
    "invalid_choice": Words(
        "Поле '{field}' должно быть одним из: {choices}. Получено: {received}."
        " Выберите одно из допустимых значений.",
        "Field '{field}' must be one of: {choices}. Received: {received}."
        " Choose one of the allowed values.",
    ),
    "out_of_range": Words(
        "Поле '{field}' должно быть в диапазоне от {minimum} до {maximum}. Получено: {received}."
        " Укажите число в этих пределах.",
        "Field '{field}' must be between {minimum} and {maximum}. Received: {received}."
        " Give a number within these limits.",
    ),
    "not_a_number": Words(
        "Поле '{field}' должно быть числом от {minimum} до {maximum}. Получено: {received}."
        " Запишите число цифрами, дробную часть отделите точкой.",
        "Field '{field}' must be a number from {minimum} to {maximum}. Received: {received}."
        " Write it in digits, with a point before the fraction.",
    ),
    "invalid_type": Words(
        "Поле '{field}' должно быть {expected}, а получено: {received_type}. {hint}",
        "Field '{field}' must be {expected}, but received: {received_type}. {hint}",
    ),
    "invalid_url": Words(
        "Поле '{field}' должно быть адресом http или https: {reason}. Исправьте адрес.",
        "Field '{field}' must be an http or https address: {reason}. Correct the address.",
    ),
    "invalid_text": Words(
        "Поле '{field}' содержит недопустимый символ {character}, позиция {position}."
        " Удалите этот символ.",
        "Field '{field}' contains a forbidden character {character} at position {position}."
        " Remove that character.",
    ),
    "unknown_field": Words(
        "Поле '{field}' не поддерживается моделью {model}. Уберите его; допустимые поля:"
        " {allowed}.",
        "Field '{field}' is not supported by the model {model}. Remove it; the allowed fields are:"
        " {allowed}.",
    ),
}

# The sentence when the whole payload has the wrong type: it has no field to name.
_INVALID_PAYLOAD: Final = Words(
    "Параметры должны быть объектом JSON, а получено: {received_type}."
    " Передайте имена полей и их значения.",
    "The parameters must be a JSON object, but received: {received_type}."
    " Give field names and their values.",
)

NOTICES: Final[Mapping[str, Words]] = {
    "long_text": Words(
        "Поле '{field}' длиннее {recommended} символов ({length}): сама модель может не учесть"
        " остаток текста. Лучше сократить его.",
        "Field '{field}' is longer than {recommended} characters ({length}): the model itself may"
        " ignore the rest. Better shorten it.",
    ),
    "unlisted_format": Words(
        "Адрес в поле '{field}' оканчивается на {suffix}, а KIE сейчас называет только форматы"
        " {listed}. Если возможно, возьмите картинку в одном из них.",
        "The address in field '{field}' ends in {suffix}, but KIE now lists only {listed}."
        " If you can, use a picture in one of these formats.",
    ),
}

_VOCABULARY: Final[Mapping[tuple[str, object], Words]] = {
    ("expected", "string"): Words("строкой", "a string"),
    ("expected", "boolean"): Words("логическим значением true или false", "true or false"),
    ("expected", "array"): Words("списком", "a list"),
    ("received_type", "null"): Words("пустое значение", "null"),
    ("received_type", "boolean"): Words("логическое значение", "true or false"),
    ("received_type", "number"): Words("число", "a number"),
    ("received_type", "string"): Words("строка", "a string"),
    ("received_type", "array"): Words("список", "a list"),
    ("received_type", "object"): Words("объект", "an object"),
    ("received_type", "other"): Words("значение другого типа", "a value of another type"),
    ("reason", "scheme"): Words(
        "он начинается не с http:// или https://", "it does not begin with http:// or https://"
    ),
    ("reason", "host"): Words("в нём нет правильного имени сайта", "it has no valid host name"),
    ("reason", "port"): Words("в нём неправильный номер порта", "its port number is wrong"),
    ("reason", "user_info"): Words(
        "в нём не должно быть логина и пароля", "it must not hold a user name or password"
    ),
    ("reason", "white_space"): Words("в нём не должно быть пробелов", "it must not hold spaces"),
    ("reason", "control"): Words(
        "в нём не должно быть управляющих символов", "it must not hold control characters"
    ),
    ("reason", "backslash"): Words(
        "в нём не должно быть обратной косой черты", "it must not hold a backslash"
    ),
}


@dataclass(frozen=True, slots=True)
class _Finding:
    field: str
    code: str
    params: Mapping[str, object]
    hint: Words = _field(default=NO_WORDS, repr=False, compare=False)

    def message(self, language: str = "ru") -> str:
        """Answer the sentence in "ru" or "en"; Russian for any other language."""
        values = {
            name: _VOCABULARY.get((name, value), NO_WORDS).spoken(language) or value
            for name, value in self.params.items()
        }
        values |= {"field": _cut(_printable(self.field)), "hint": self.hint.spoken(language)}
        return self._sentence().spoken(language).format_map(values).rstrip()

    @property
    def messages(self) -> dict[str, str]:
        """Answer the sentence in every language, by language."""
        return {language: self.message(language) for language in LANGUAGES}

    def _sentence(self) -> Words:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Violation(_Finding):
    """A rule that a field breaks. `params` hold JSON values; the field is empty for the whole."""

    def _sentence(self) -> Words:
        if self.code == "invalid_type" and not self.field:
            return _INVALID_PAYLOAD
        return SENTENCES[self.code]


@dataclass(frozen=True, slots=True)
class Notice(_Finding):
    """Something worth knowing about an allowed value; it never blocks."""

    def _sentence(self) -> Words:
        return NOTICES[self.code]


def quoted(value: object) -> str:
    """Answer a value as a message may show it: printable, at most 80 characters and "…"; total.

    Containers are shown as "[…]" and "{…}": writing them out can recurse without end.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"'{_cut(_printable(value[: QUOTED_CHARACTERS + 1]))}'"
    if isinstance(value, int):
        bits = int.bit_length(value)
        if bits > _MOST_BITS_WRITTEN:
            sign = "-" if value < 0 else ""
            return f"{sign}10^{int(bits * _DECIMAL_DIGITS_PER_BIT)}"
        return _cut(int.__repr__(value))
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, Decimal):
        return _cut(Decimal.__str__(value))
    if isinstance(value, Mapping):
        return "{…}"
    return "[…]" if isinstance(value, list | tuple) else type(value).__name__[:QUOTED_CHARACTERS]


def type_name(value: object) -> str:
    """Answer the JSON type of a value: null, boolean, number, string, array, object, or other."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | tuple):
        return "array"
    return "object" if isinstance(value, Mapping) else "other"


def field_name(key: object) -> str:
    """Answer a payload's key as the field of a violation: as it is when every reader can show it.

    Lone surrogates and controls are escaped, for such names break encoders, logs and databases.
    """
    return _printable(str.__str__(key)) if isinstance(key, str) else quoted(key)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _cut(text: str) -> str:
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}…"
