"""Every error is a problem document: its shape, its language, its headers, and nothing inside out."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client

import generations.api
from generations.api import problems
from generations.api.sentences import FAILURES, FAULTS, KINDS
from generations.models import FailureCode
from generations.services import errors
from generations.services.errors import InvalidRequest, PlatformError
from tests.api.calling import PROBLEM, Caller, calling, problem
from tests.cast import Cast
from tests.factories import an_input


@pytest.mark.parametrize(
    ("accepted", "title", "fault"),
    [
        ("ru", "Запрос нарушает правила.", "Такого поля здесь нет."),
        ("en", "The request breaks rules.", "There is no such field here."),
        ("en-GB,en;q=0.9", "The request breaks rules.", "There is no such field here."),
        ("de", "Запрос нарушает правила.", "Такого поля здесь нет."),
        ("", "Запрос нарушает правила.", "Такого поля здесь нет."),
    ],
)
def test_problems_speak_the_callers_language(
    cast: Cast, accepted: str, title: str, fault: str
) -> None:
    answer = calling(cast.operator).create({"input": an_input(), "x": 1}, accept_language=accepted)

    told = problem(answer, 400, "invalid")
    assert told["title"] == title
    assert told["detail"] == fault
    assert told["errors"] == [{"pointer": "/x", "code": "unknown_field", "detail": fault}]


def test_a_broken_rule_speaks_the_words_of_the_rules(cast: Cast) -> None:
    answer = calling(cast.operator).create({"input": an_input(prompt="")})

    assert problem(answer, 400, "invalid")["detail"].startswith(
        "Поле 'prompt' не может быть пустым"
    )


@pytest.mark.parametrize("path", ["/api/", "/api/v2/generations/", "/api/v1", "/api/x/../y"])
def test_what_no_route_knows_under_api_is_a_problem(path: str, db: None) -> None:
    problem(Caller().get(path), 404, "not_found")


def test_an_unknown_address_of_the_api_needs_a_caller_first(cast: Cast) -> None:
    for path in ("nothing/", "generations", "generations/x/", ""):
        problem(Caller().get(path), 401, "not_authenticated")
        problem(calling(cast.operator).get(path), 404, "not_found")
        problem(calling(cast.operator).post(path, {}), 404, "not_found")


def test_elsewhere_a_missing_page_is_a_page(db: None) -> None:
    answer = Caller().get("/nothing/")

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "generations/", {"GET", "POST", "HEAD"}),
        ("PUT", "images/", {"POST"}),
        ("OPTIONS", "generations/", {"GET", "POST", "HEAD"}),
        ("TRACE", "models/", {"GET", "HEAD"}),
        ("POST", "prices/", {"GET", "HEAD"}),
        ("BREW", "models/", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_told_which_are_allowed(
    cast: Cast, method: str, path: str, allowed: set[str]
) -> None:
    answer = calling(cast.operator).send(method, path)

    problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) >= allowed


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/*", 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.1", 200),
        ("application/json; indent=8", 200),
        ("application/problem+json", 200),
        ("", 200),
        ("text/html", 406),
        ("video/mp4", 406),
        ("nonsense", 406),
    ],
)
def test_only_json_is_spoken(cast: Cast, accept: str, status: int) -> None:
    answer = calling(cast.operator).get("generations/", accept=accept)

    assert answer.status_code == status
    if status == 406:
        problem(answer, 406, "not_acceptable")
    else:
        assert answer["Content-Type"] == "application/json"
        assert b"\n" not in answer.content


def test_a_format_in_the_address_changes_nothing(cast: Cast) -> None:
    assert calling(cast.operator).get("models/?format=html").status_code == 200


def test_an_error_nobody_anticipated_says_nothing_of_itself(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("generations.api.generations.judge", explode)

    answer = calling(cast.operator).create({"input": an_input()})

    problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("error", [PlatformError(), type("Other", (PlatformError,), {})()])
def test_a_refusal_that_the_table_does_not_know_is_an_internal_error(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("generations.api.generations.judge", refuse)

    problem(calling(cast.operator).create({"input": an_input()}), 500, "internal_error")


def test_a_host_that_is_not_ours_is_a_bad_request(cast: Cast) -> None:
    answer = calling(cast.operator).get("generations/", host="evil.example")

    problem(answer, 400, "malformed")
    assert b"evil" not in answer.content


def test_a_suspicious_request_is_a_problem(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def suspect(*args: object, **kwargs: object) -> None:
        raise SuspiciousOperation("details")

    monkeypatch.setattr("generations.api.generations.judge", suspect)

    answer = calling(cast.operator).create({"input": an_input()})
    problem(answer, 400, "malformed")
    assert b"details" not in answer.content


def test_every_service_error_has_a_place_in_the_table() -> None:
    raised = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, PlatformError) and kind is not PlatformError
    }

    assert raised <= {kind for kind, _ in problems._CODES}


def test_the_tables_speak_both_languages_and_hold_what_the_code_names() -> None:
    named = set()
    for path in Path(generations.api.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id == "Refused" and isinstance(first, ast.Constant):
                    named.add(first.value)
    cyrillic = re.compile("[а-яё]", re.IGNORECASE)

    assert named | {code for _, code in problems._CODES} <= set(KINDS)
    assert set(FAILURES) == set(FailureCode.values)
    for ru, en in [(k.ru, k.en) for k in KINDS.values()] + [*FAULTS.values(), *FAILURES.values()]:
        assert cyrillic.search(ru)
        assert not cyrillic.search(en)


def test_however_many_fields_are_wrong_the_answer_stays_small(cast: Cast) -> None:
    body = {f"field{number}": 1 for number in range(3000)}

    answer = calling(cast.operator).create(body)

    assert len(answer.content) < 10_000
    problem(answer, 400, "invalid")


def test_errors_are_not_kept_by_caches(cast: Cast) -> None:
    assert calling(cast.operator).get("generations/x/")["Cache-Control"] == "no-store"


def test_one_caller_is_slowed_down_and_no_other(cast: Cast, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3  # type: ignore[attr-defined]
    first, second = calling(cast.operator), calling(cast.operator)
    browser = Caller()
    browser.client.force_login(cast.operator)
    for caller in (first, second, browser):
        statuses = [caller.get("models/").status_code for _ in range(8)]
        # The minute of the clock may turn while the test runs, once.
        assert statuses[:3] == [200, 200, 200]
        assert 429 in statuses
    forwarded = [first.get("models/", x_forwarded_for=f"10.0.0.{n}") for n in range(8)]
    assert 429 in {answer.status_code for answer in forwarded}
    slowed = next(answer for answer in forwarded if answer.status_code == 429)
    problem(slowed, 429, "throttled")
    assert 1 <= int(slowed["Retry-After"]) <= 61


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("abc-123_4.5", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("a b", False),
        ("a\x1b[31m", False),
        ('{"a":1}', False),
        ("", False),
    ],
)
def test_a_sane_request_id_is_kept_and_any_other_replaced(
    cast: Cast, given: str, is_kept: bool
) -> None:
    answer = calling(cast.operator).get("generations/x/", x_request_id=given)

    told = problem(answer, 404, "not_found")["request_id"]
    assert (told == given) == is_kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", told)


def test_every_page_has_a_request_id(db: None) -> None:
    for path in ("/livez", "/nothing/", "/api/nothing/", "/admin/login/"):
        assert Caller().get(path)["X-Request-ID"]


def test_the_language_switch_works(cast: Cast) -> None:
    client = Client()
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/admin/"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.cookies["django_language"].value == "en"
    away = client.post("/i18n/setlang/", {"language": "en", "next": "https://evil.example/"})
    assert "evil" not in away["Location"]


def test_a_fault_without_words_in_a_language_speaks_russian() -> None:
    fault = errors.Fault("/a", "b", {"ru": "Только по-русски"})

    assert fault.sentence("en") == "Только по-русски"
    assert InvalidRequest((fault,)).faults == (fault,)
    assert json.dumps(PROBLEM)
