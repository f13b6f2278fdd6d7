"""One Idempotency-Key, one generation: looked at before the body, and whatever happens twice."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from generations.models import ApiToken, Generation, IdempotencyRecord, Price, Status
from tests.api.calling import Caller, calling, faults, problem
from tests.cast import Cast
from tests.factories import an_input, make_generation

BODY = {"input": an_input(), "tags": ["a"]}


def test_a_missing_key_is_told_before_anything_of_the_body(cast: Cast) -> None:
    for body in ("{broken", "{}", json.dumps(BODY)):
        answer = calling(cast.operator).post("generations/", body)
        problem(answer, 400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["k" * 256, "two words", "ключ", "a\tb", "a\x7f"])
def test_an_odd_key_is_refused(cast: Cast, key: str) -> None:
    answer = calling(cast.operator).create(BODY, key.encode().decode("latin-1"))

    problem(answer, 400, "idempotency_key_invalid")


def test_the_longest_key_is_taken(cast: Cast) -> None:
    assert calling(cast.operator).create(BODY, "~" * 255).status_code == 201


def test_the_same_request_gets_the_first_answer_byte_for_byte(cast: Cast) -> None:
    caller = calling(cast.operator)
    first = caller.create(BODY, "k", accept_language="en")
    Generation.objects.update(status=Status.CANCELLED, finished_at=timezone.now())
    reordered = json.dumps(dict(reversed(BODY.items())), indent=3)

    again = caller.create(reordered, "k", accept_language="ru")

    assert again.status_code == 201
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Generation.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"input": an_input(prompt="another")},
        {"input": {}},
        {"input": an_input(), "tags": ["a"], "unknown": 1},
        [],
        "{broken",
        b"\xff\xfe",
        '{"a": 1, "a": 1}',
    ],
)
def test_a_known_key_with_another_body_is_refused_as_such(cast: Cast, body: Any) -> None:
    caller = calling(cast.operator)
    caller.create(BODY, "k")

    problem(caller.create(body, "k"), 422, "idempotency_key_reused")
    assert Generation.objects.count() == 1


def test_a_known_key_with_a_body_of_another_type_is_refused_as_such(cast: Cast) -> None:
    caller = calling(cast.operator)
    caller.create(BODY, "k")

    problem(caller.create("x", "k", content_type="text/plain"), 422, "idempotency_key_reused")
    problem(caller.create("x", "k2", content_type="text/plain"), 415, "unsupported_media_type")


def test_an_unreadable_body_with_a_new_key_is_just_that(cast: Cast) -> None:
    problem(calling(cast.operator).create("{broken", "k"), 400, "malformed")


def test_only_a_201_is_remembered(cast: Cast) -> None:
    caller = calling(cast.operator)
    price = Price.objects.filter(variant="duration=5")
    kept = list(price.values())
    assert faults(caller.create({"input": {}}, "k"))
    price.delete()
    problem(caller.create(BODY, "k"), 409, "price_missing")
    Price.objects.bulk_create([Price(**row) for row in kept])

    made = caller.create(BODY, "k")

    assert made.status_code == 201
    assert IdempotencyRecord.objects.get().generation_id == Generation.objects.get().pk


def test_a_key_belongs_to_its_user_and_its_call(cast: Cast) -> None:
    old = make_generation(by=cast.operator, status=Status.CANCELLED)
    mine, theirs = calling(cast.operator), calling(cast.stranger)

    answers = [
        mine.create(BODY, "k"),
        theirs.create(BODY, "k"),
        mine.post(f"generations/{old.pk}/retry/", idempotency_key="k"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3


def test_a_key_is_the_users_whatever_token_brings_it(cast: Cast) -> None:
    first = calling(cast.operator).create(BODY, "k")

    assert calling(cast.operator).create(BODY, "k").content == first.content


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_one_generation_is_made(cast: Cast) -> None:
    caller = calling(cast.operator)
    caller.get("models/")

    def create(_: int) -> Any:
        try:
            return Caller(caller.headers).create(BODY, "k")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(16)))

    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in made}) == 1
    assert sum("Idempotency-Replayed" not in answer for answer in made) == 1
    assert Generation.objects.count() == 1


@contextmanager
def _write_lock_held() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_first_request_that_still_runs_is_told_and_may_be_repeated(cast: Cast) -> None:
    caller = calling(cast.operator)
    ApiToken.objects.update(last_used_at=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    with _write_lock_held():
        answer = caller.create(BODY, "k")

    problem(answer, 409, "request_in_progress")
    assert answer["Retry-After"] == "1"
    assert caller.create(BODY, "k").status_code == 201
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_reading_goes_on_while_somebody_writes_for_long(cast: Cast) -> None:
    caller = calling(cast.operator)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    with _write_lock_held():
        assert caller.get("generations/").status_code == 200
    connection.close()
