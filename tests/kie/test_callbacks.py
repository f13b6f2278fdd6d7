"""The signature and the body of a callback."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.kie import CallbackHint, parse_callback, verify_signature
from tests.kie.conftest import TASK_ID

pytestmark = pytest.mark.no_database

KEY = "webhook-key"
SECONDS = 1_787_237_473
NOW = datetime.fromtimestamp(SECONDS, UTC)


def sign(task_id: str = TASK_ID, timestamp: str = str(SECONDS), key: str = KEY) -> str:
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def verify(**changes: object) -> bool:
    given_ = {
        "task_id": TASK_ID, "timestamp": str(SECONDS), "signature": sign(), "key": KEY, "now": NOW,
    }  # fmt: skip
    return verify_signature(**(given_ | changes))  # type: ignore[arg-type]


def test_a_known_signature() -> None:
    # Made with: printf task_123.1700000000 | openssl dgst -sha256 -hmac key -binary | base64
    assert verify_signature(
        task_id="task_123",
        timestamp="1700000000",
        signature="T8NGgNioDQZvXCEt6LXw8f4ydUGv5K7qzVu748bRLds=",
        key="key",
        now=datetime.fromtimestamp(1_700_000_100, UTC),
    )


@pytest.mark.parametrize("late_s", [-300, -299, 0, 300])
def test_within_the_tolerance(late_s: int) -> None:
    assert verify(now=datetime.fromtimestamp(SECONDS + late_s, UTC))


@pytest.mark.parametrize("late_s", [-301, 301, 86_400, -86_400])
def test_outside_the_tolerance(late_s: int) -> None:
    assert not verify(now=datetime.fromtimestamp(SECONDS + late_s, UTC))


@pytest.mark.parametrize(
    "changes",
    [
        {"task_id": None},
        {"task_id": ""},
        {"task_id": TASK_ID.upper()},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "0"},
        {"timestamp": f" {SECONDS}"},
        {"timestamp": f"{SECONDS}\n"},
        {"timestamp": f"{SECONDS}000"},
        {"timestamp": "1_87237473"},
        {"timestamp": "١٧٨٧٢٣٧٤٧٣"},
        {"timestamp": "１７８７２３７４７３"},
        {"signature": None},
        {"signature": ""},
        {"signature": sign()[:-1]},
        {"signature": sign() + "="},
        {"signature": sign().lower()},
        {"signature": sign(key="")},
        {"signature": sign(task_id="other_task")},
        {"signature": sign(timestamp=str(SECONDS + 1))},
        {"signature": "ключ"},
        {"signature": "\udcff\udcfe"},
        {"key": ""},
        {"key": "", "signature": sign(key="")},
        {"key": "another"},
        {"task_id": "\ud800"},
    ],
)
def test_anything_else_is_refused_without_an_error(changes: dict[str, object]) -> None:
    assert verify(**changes) is False


@pytest.mark.parametrize(
    ("body", "task_id", "contradictory"),
    [
        ({"data": {"taskId": TASK_ID}}, TASK_ID, False),
        ({"data": {"task_id": TASK_ID}}, TASK_ID, False),
        ({"taskId": TASK_ID}, TASK_ID, False),
        ({"task_id": TASK_ID}, TASK_ID, False),
        ({"taskId": TASK_ID, "data": {"task_id": TASK_ID, "taskId": TASK_ID}}, TASK_ID, False),
        ({"taskId": None, "data": {"taskId": TASK_ID}}, TASK_ID, False),
        ({"taskId": "other_task", "data": {"taskId": TASK_ID}}, None, True),
        ({"data": {"taskId": TASK_ID, "task_id": "other_task"}}, None, True),
        ({"taskId": 5, "data": {"taskId": TASK_ID}}, None, True),
        ({"taskId": "", "data": {"taskId": TASK_ID}}, None, True),
        ({"taskId": [TASK_ID]}, None, False),
        ({"taskId": "short"}, None, False),
        ({"taskId": "a b c d e f"}, None, False),
        ({"data": TASK_ID}, None, False),
        ({"data": [{"taskId": TASK_ID}]}, None, False),
        ({}, None, False),
        ([], None, False),
        (None, None, False),
    ],
)
def test_the_four_spellings_must_agree(
    body: object, task_id: str | None, contradictory: bool
) -> None:
    assert parse_callback(json.dumps(body).encode()) == CallbackHint(task_id, contradictory)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe{",
        b"[" * 1_000_000,
        b'{"a":' * 500_000,
        b'"' * 1_000_001,
        b'{"taskId":' + b"9" * 100_000 + b"}",
        b'{"taskId":NaN}',
        b'{"taskId":"\\ud800abcdef"}',
    ],
    ids=lambda body: repr(body)[:20],
)
def test_hostile_bodies_name_no_task(body: bytes) -> None:
    assert parse_callback(body) == CallbackHint(None, False)


def test_a_byte_order_mark_is_no_obstacle_and_a_repeated_key_is_one() -> None:
    body = f'{{"taskId":"{TASK_ID}"}}'.encode()
    assert parse_callback(b"\xef\xbb\xbf" + body) == CallbackHint(TASK_ID, False)
    twice = f'{{"taskId":"other_task","taskId":"{TASK_ID}"}}'.encode()
    assert parse_callback(twice) == CallbackHint(None, True)


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed(body: bytes) -> None:
    parse_callback(body)


@settings(max_examples=500, deadline=None)
@given(timestamp=st.text(max_size=12), signature=st.text(max_size=60), task_id=st.text(max_size=40))
def test_no_made_up_header_verifies(timestamp: str, signature: str, task_id: str) -> None:
    assert not verify(timestamp=timestamp, signature=signature, task_id=task_id)
