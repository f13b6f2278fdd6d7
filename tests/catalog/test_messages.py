"""Sentences for people: both languages, fixed beginnings, nothing endless and nothing secret."""

from typing import Any

import pytest

from generations.catalog import build_input, validate
from generations.catalog.messages import NOTICES, SENTENCES
from tests.catalog.cast import master, payload, with_sound

pytestmark = pytest.mark.no_database

BEGINNINGS = [
    ({"prompt": None}, "Поле 'prompt' обязательно. Введите"),
    ({"image_url": None}, "Поле 'image_url' обязательно. Укажите"),
    ({"prompt": " "}, "Поле 'prompt' не может быть пустым"),
    ({"image_url": "\u200b"}, "Поле 'image_url' не может быть пустым"),
    ({"prompt": "x" * 5001}, "Поле 'prompt' слишком длинное: символов 5001, допустимо не больше 5"),
    ({"negative_prompt": "x" * 501}, "Поле 'negative_prompt' слишком длинное"),
    ({"duration": "7"}, "Поле 'duration' должно быть одним из: 5, 10. Получено: '7'."),
    ({"cfg_scale": 2}, "Поле 'cfg_scale' должно быть в диапазоне от 0 до 1. Получено: 2."),
    ({"cfg_scale": True}, "Поле 'cfg_scale' должно быть числом от 0 до 1. Получено: true."),
    ({"prompt": 5}, "Поле 'prompt' должно быть строкой, а получено: число."),
    ({"image_url": []}, "Поле 'image_url' должно быть строкой, а получено: список."),
    ({"duration": {}}, "Поле 'duration' должно быть строкой, а получено: объект."),
    ({"image_url": "ftp://e"}, "Поле 'image_url' должно быть адресом http или https: он начин"),
    ({"prompt": "a\x00"}, "Поле 'prompt' содержит недопустимый символ U+0000, позиция 2."),
    ({"seed": 1}, "Поле 'seed' не поддерживается моделью kling/v2-1-master-image-to-video."),
]


@pytest.mark.parametrize(("changes", "beginning"), BEGINNINGS)
def test_the_russian_sentence_begins_as_the_rules_say(
    changes: dict[str, Any], beginning: str
) -> None:
    built, sentence = build_input(master(), payload(**changes))
    assert built == {}
    assert sentence is not None
    assert sentence.startswith(beginning)


def test_every_code_speaks_both_languages_to_the_end() -> None:
    flawed = [validate(master(), payload(**changes)) for changes, _ in BEGINNINGS]
    flawed.append(validate(with_sound(), {"image_urls": ["https://e.com"] * 2, "sound": 1}))
    findings = [violation for verdict in flawed for violation in verdict.violations]
    assert {finding.code for finding in findings} == set(SENTENCES)
    warned = validate(master(), payload(prompt="x" * 2501, image_url="https://e.com/a.webp"))
    assert {notice.code for notice in warned.warnings} == set(NOTICES)
    for finding in [*findings, *warned.warnings, *validate(master(), 5).violations]:
        russian, english = finding.messages["ru"], finding.messages["en"]
        assert finding.message() == russian
        assert finding.message("en-GB") == english
        assert finding.message("de") == russian
        for sentence in (russian, english):
            assert sentence.endswith(".")
            assert not {"{", "}"} & set(sentence.replace("{…}", ""))
        assert any("а" <= letter <= "я" for letter in russian)
        assert not any("а" <= letter <= "я" for letter in english.lower())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 81, "'" + "x" * 80 + "…'"),
        ("x" * 1_000_000, "'" + "x" * 80 + "…'"),
        ("a\n\u202e\ud800", "'a\\n\\u202e\\ud800'"),
        ("{field}%s", "'{field}%s'"),
        (10**79, "1" + "0" * 79),
        (10**5000, "10^5000"),
        (-(10**5000), "-10^5000"),
        (float("nan"), "nan"),
    ],
    ids=lambda value: "an int" if isinstance(value, int) else ascii(value)[:20],
)
def test_a_received_value_is_quoted_printable_and_cut(value: object, shown: str) -> None:
    (violation,) = validate(master(), payload(duration=value)).violations
    assert f"Получено: {shown}." in violation.message("ru")
    assert f"Received: {shown}." in violation.message("en")


def test_containers_are_quoted_without_looking_inside() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for value, shown in ((endless, "[…]"), ({"a": endless}, "{…}"), (object(), "object")):
        (violation,) = validate(master(), payload(cfg_scale=value)).violations
        assert f"Получено: {shown}." in violation.message()


def test_the_name_of_an_unknown_field_is_cut_in_the_sentence_alone() -> None:
    (violation,) = validate(master(), payload(**{"x" * 1000: 1})).violations
    assert violation.field == "x" * 1000
    assert f"'{'x' * 80}…'" in violation.message()


def test_a_password_in_an_address_is_not_repeated() -> None:
    (violation,) = validate(master(), payload(image_url="https://u:hunter2@e.com/")).violations
    assert "hunter2" not in str(violation) + violation.message("ru") + violation.message("en")
