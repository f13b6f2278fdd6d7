"""Who may call what: every address of the API against everybody, tokens, sessions and scopes."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from generations.models import Generation, Scope, Status
from generations.services.request import DEFAULT_MODEL
from tests.api.calling import Caller, calling, problem
from tests.cast import Cast
from tests.factories import an_input, archive, make_generation, make_preset, picture

PEOPLE = ("anonymous", "stranger", "operator", "lead", "finance", "auditor", "administrator")
READ, WRITE = Scope.GENERATIONS_READ, Scope.GENERATIONS_WRITE
PRESETS, USAGE, LEDGER = Scope.PRESETS_WRITE, Scope.USAGE_READ, Scope.LEDGER_READ

# What each of PEOPLE gets for the operator's things. A token without the scope gets 403 everywhere.
ALL = (401, 200, 200, 200, 200, 200, 200)
SEEN = (401, 404, 200, 200, 200, 200, 200)
MADE = (401, 201, 201, 201, 403, 403, 201)
STOPPED = (401, 404, 200, 200, 403, 403, 200)
REPEATED = (401, 404, 201, 201, 403, 403, 201)
GONE = (401, 404, 204, 204, 403, 403, 204)
NOWHERE = (401, 404, 404, 404, 404, 404, 404)

MATRIX: list[tuple[str, str, Scope | None, tuple[int, ...]]] = [
    ("GET", "generations", READ, ALL),
    ("POST", "generations", WRITE, MADE),
    ("GET", "generation", READ, SEEN),
    ("GET", "events", READ, SEEN),
    ("GET", "video", READ, SEEN),
    ("HEAD", "video", READ, SEEN),
    ("POST", "cancel", WRITE, STOPPED),
    ("POST", "retry", WRITE, REPEATED),
    ("POST", "images", WRITE, MADE),
    ("POST", "estimates", READ, ALL),
    ("GET", "models", READ, ALL),
    ("GET", "model", READ, ALL),
    ("GET", "prices", USAGE, ALL),
    ("GET", "budgets", USAGE, ALL),
    ("GET", "ledger", LEDGER, ALL),
    ("GET", "usage", USAGE, ALL),
    ("GET", "presets", READ, ALL),
    ("POST", "presets", PRESETS, MADE),
    ("GET", "preset", READ, SEEN),
    ("PUT", "preset", PRESETS, STOPPED),
    ("PATCH", "preset", PRESETS, STOPPED),
    ("DELETE", "preset", PRESETS, GONE),
    ("GET", "preset_versions", READ, SEEN),
    ("GET", "metrics", USAGE, ALL),
    ("GET", "nowhere", None, NOWHERE),
]

_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_every_address_and_method_is_in_the_matrix() -> None:
    known = {(method, name) for method, name, _, _ in MATRIX}
    routed = {
        (method, str(pattern.name))
        for pattern in _api_patterns()
        for method in _METHODS
        if hasattr(pattern.callback.cls, method.lower())
    }

    assert routed - known == set()
    assert {str(pattern.name) for pattern in _api_patterns()} <= {name for _, name in known}


def test_every_method_of_every_view_names_its_scope() -> None:
    for pattern in _api_patterns():
        view = pattern.callback.cls
        offered = {method for method in _METHODS if hasattr(view, method.lower())}
        assert offered == set(view.scopes), pattern.name


def _api_patterns() -> list[Any]:
    api = next(p for p in get_resolver().url_patterns if str(p.pattern) == "api/v1/")
    return list(api.url_patterns)


@pytest.mark.parametrize(
    ("method", "name", "scope", "expected"), MATRIX, ids=[f"{r[0]} {r[1]}" for r in MATRIX]
)
def test_the_matrix(
    cast: Cast,
    data_dir: object,
    method: str,
    name: str,
    scope: Scope | None,
    expected: tuple[int, ...],
) -> None:
    got = []
    for person in PEOPLE:
        caller = Caller() if person == "anonymous" else calling(getattr(cast, person))
        got.append(_call(caller, cast, method, name).status_code)
    assert tuple(got) == expected

    if scope is not None:
        others = [other for other in Scope if other != scope]
        answer = _call(calling(cast.administrator, *others), cast, method, name)
        assert answer.status_code == 403
        if method != "HEAD":
            assert problem(answer, 403, "scope_missing")["detail"] == scope
        assert _call(calling(cast.operator, scope), cast, method, name).status_code == expected[2]


def _call(caller: Caller, cast: Cast, method: str, name: str) -> Any:
    """Call one address about a fresh thing of the operator's."""
    if name == "images":
        return caller.upload(picture())
    if name in _BODIES:
        return caller.send(method, _address(cast, name), _BODIES[name], idempotency_key=uuid4().hex)
    return caller.send(method, _address(cast, name), idempotency_key=uuid4().hex)


_PRESET = {"name": "p", "model": DEFAULT_MODEL, "input": {}}
_BODIES = {
    "generations": {"input": an_input()},
    "estimates": {"input": an_input()},
    "presets": _PRESET,
    "preset": {"input": {"duration": "5"}},
}


def _address(cast: Cast, name: str) -> str:
    if name in {"generation", "events", "video", "retry"}:
        made = make_generation(by=cast.operator, status=Status.SUCCEEDED)
        archive(made)
        return f"generations/{made.pk}/" + ("" if name == "generation" else f"{name}/")
    if name == "cancel":
        return f"generations/{make_generation(by=cast.operator).pk}/cancel/"
    if name in {"preset", "preset_versions"}:
        slug = make_preset(by=cast.operator).preset.slug
        return f"presets/{slug}/" + ("" if name == "preset" else "versions/")
    return {"model": f"models/{DEFAULT_MODEL}/", "metrics": "/metrics", "nowhere": "nothing/"}.get(
        name, f"{name}/"
    )


@pytest.mark.parametrize("name", ["not-a-uuid", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"])
def test_a_missing_generation_and_a_foreign_one_are_the_same(cast: Cast, name: str) -> None:
    foreign = make_generation(by=cast.stranger)
    caller = calling(cast.operator)

    missing, hidden = caller.get(f"generations/{name}/"), caller.get(f"generations/{foreign.pk}/")

    told = [problem(answer, 404, "not_found") for answer in (missing, hidden)]
    for body in told:
        del body["instance"], body["request_id"]
    assert told[0] == told[1]


UNSAFE = [row for row in MATRIX if row[0] not in {"GET", "HEAD"}]


@pytest.mark.parametrize(
    ("method", "name"), [row[:2] for row in UNSAFE], ids=[f"{r[0]} {r[1]}" for r in UNSAFE]
)
def test_a_session_changes_nothing_without_its_csrf_token(
    cast: Cast, data_dir: object, method: str, name: str
) -> None:
    browser = Caller(client=Client(enforce_csrf_checks=True, raise_request_exception=False))
    browser.client.force_login(cast.operator)

    problem(_call(browser, cast, method, name), 403, "csrf_failed")


def test_reading_changes_nothing(cast: Cast) -> None:
    generation = make_generation(by=cast.operator)
    for action in ("cancel", "retry"):
        answer = calling(cast.operator).get(f"generations/{generation.pk}/{action}/")
        problem(answer, 405, "method_not_allowed")
    assert Generation.objects.get().status == Status.QUEUED


def test_no_field_of_a_generation_can_be_written(cast: Cast) -> None:
    generation, caller = make_generation(by=cast.operator), calling(cast.operator)
    before = list(Generation.objects.values())
    for field in Generation._meta.fields:
        for method in ("PATCH", "PUT"):
            answer = caller.send(method, f"generations/{generation.pk}/", {field.name: "x"})
            problem(answer, 405, "method_not_allowed")
        if field.name not in {"model", "input", "image", "project", "note"}:
            told = problem(caller.create({"input": an_input(), field.name: "x"}), 400, "invalid")
            assert told["errors"][0]["code"] == "unknown_field"
    assert list(Generation.objects.values()) == before
