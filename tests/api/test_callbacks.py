"""KIE's callbacks: 200 for a token of ours in any state, nothing for anybody else."""

import base64
import hashlib
import hmac
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations.models import CallbackHit, Generation, Status
from generations.services import attach
from kling_platform.settings.logs import LOGGING
from tests.cast import Cast
from tests.factories import make_attempt, make_generation

TOKEN = "tok_" + "a" * 43
BODY = json.dumps({"code": 200, "data": {"taskId": "task-12345"}})


@pytest.fixture
def generation(cast: Cast) -> Generation:
    made = make_generation(by=cast.operator)
    make_attempt(made, token=TOKEN, at=datetime.now(UTC))
    made.refresh_from_db()
    return made


def _post(token: str = TOKEN, body: Any = BODY, **headers: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.generic(
        "POST",
        f"/callbacks/kie/{token}/",
        body,
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_a_token_of_ours_is_taken_and_asks_for_a_read(generation: Generation) -> None:
    answer = _post()

    assert (answer.status_code, answer.json()) == (200, {"code": 200, "msg": "success"})
    generation.refresh_from_db()
    assert generation.candidate_task_id == "task-12345"
    assert generation.next_poll_at is not None
    assert generation.status == Status.SUBMITTING


@pytest.mark.parametrize(
    "body",
    ["", "{broken", b"\xff\xfe", "[]", "null", '{"data": 5}', "[" * 20_000, "x" * 262_144,
     '{"data": {"taskId": "a", "task_id": "b"}}', '{"data": {"taskId": ["a"]}}'],
)  # fmt: skip
def test_whatever_the_body_the_token_decides(generation: Generation, body: Any) -> None:
    assert _post(body=body).status_code == 200


def test_any_state_takes_it_and_none_is_moved_by_it(cast: Cast, generation: Generation) -> None:
    running = attach.accept(
        generation.attempts.get(), "task-12345", now=datetime.now(UTC), evidence="answer"
    )
    assert running is not None
    for _ in range(3):
        assert _post().status_code == 200
    Generation.objects.update(
        status=Status.FAILED, failure_code="rejected", finished_at=datetime.now(UTC)
    )
    assert _post(body='{"data": {"state": "success"}}').status_code == 200

    generation.refresh_from_db()
    assert generation.status == Status.FAILED
    assert CallbackHit.objects.count() == 2


@pytest.mark.parametrize("token", ["x", "a" * 500, "%00", "%F0%9F%98%80", "..", "tok_", "%ff"])
def test_any_other_token_is_not_found_and_leaves_nothing(
    generation: Generation, token: str
) -> None:
    answer = _post(token)

    assert (answer.status_code, answer.content) == (404, b"")
    assert not CallbackHit.objects.exists()


def test_only_post_is_answered(generation: Generation) -> None:
    for method in ("get", "put", "delete", "patch", "head", "options"):
        assert getattr(Client(), method)(f"/callbacks/kie/{TOKEN}/").status_code == 405


def test_64_kb_are_read_and_no_more(generation: Generation) -> None:
    assert _post(body="x" * 262_145).status_code == 413
    assert _post("unknown", body="x" * 262_145).status_code == 413
    assert not CallbackHit.objects.exists()


def _signed(key: str, task_id: str = "task-12345", age_s: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) - age_s)
    digest = hmac.new(key.encode(), f"{task_id}.{stamp}".encode(), hashlib.sha256).digest()
    return {
        "X_Webhook_Timestamp": stamp,
        "X_Webhook_Signature": base64.b64encode(digest).decode(),
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (_signed("hmac-key"), 200),
        ({}, 401),
        (_signed("another-key"), 401),
        (_signed("hmac-key", task_id="task-99999"), 401),
        (_signed("hmac-key", age_s=3600), 401),
        ({"X_Webhook_Timestamp": "1", "X_Webhook_Signature": "\xff"}, 401),
    ],
    ids=["signed", "unsigned", "another key", "another task", "too old", "nonsense"],
)
def test_with_a_key_only_signed_callbacks_count(
    generation: Generation, settings: Any, headers: dict[str, str], status: int
) -> None:
    settings.KIE_WEBHOOK_HMAC_KEY = "hmac-key"

    assert _post(**headers).status_code == status
    assert CallbackHit.objects.exists() == (status == 200)
    assert _post("unknown", **headers).status_code == 404


def test_a_callback_costs_little(generation: Generation) -> None:
    _post()
    for token, most in ((TOKEN, 15), ("unknown", 1)):
        with CaptureQueriesContext(connection) as captured:
            _post(token, '{"data": {"taskId": "task-12345", "n": 2}}')
        assert len(captured) <= most, [query["sql"] for query in captured]


def test_the_token_reaches_no_log(
    generation: Generation, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    lines = []
    formatter = logging.config.DictConfigurator(LOGGING).configure_formatter(
        LOGGING["formatters"]["lines"]
    )

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    handler = Keep(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    try:
        for token in (TOKEN, "secretsecretsecret"):
            _post(token)
            _post(token, body="x" * 70_000)
            Client().get(f"/callbacks/kie/{token}/")
        settings.KIE_WEBHOOK_HMAC_KEY = "hmac-key"
        _post()
    finally:
        logging.getLogger().removeHandler(handler)

    assert lines
    assert not [line for line in lines if TOKEN in line or "secretsecretsecret" in line]
