"""Callbacks: when they are posted, what they say, how they are signed and repeated."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.simulator.plain_client import Listener, PlainClient, Posted, until

pytestmark = pytest.mark.no_database


def finished(kie: Simulator, client: PlainClient, listener: Listener, **given: Any) -> Posted:
    """Will finish a task with a callback and return the first post."""
    client.made(callback_url=listener.url, **given)
    kie.advance(300)
    until(lambda: listener.posts)
    return listener.posts[0]


def test_success_is_posted_in_the_documented_shape(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    posted = finished(kie, client, listener)
    task = kie.ledger().tasks[0]
    assert posted.path == "/hook/token?x=1"
    assert posted.headers["content-type"] == "application/json"
    assert posted.body["code"] == 200
    assert posted.body["msg"] == "Playground task completed successfully."
    data = posted.body["data"]
    assert (data["taskId"], data["state"], data["failCode"]) == (task.task_id, "success", None)
    assert json.loads(data["resultJson"]) == {"resultUrls": [task.result_url]}
    assert json.loads(data["param"])["callBackUrl"] == listener.url
    assert data["creditsConsumed"] == 160.0
    assert {data[name] % 1000 for name in ("createTime", "completeTime", "updateTime")} == {0}


def test_failure_is_posted_as_501(kie: Simulator, client: PlainClient, listener: Listener) -> None:
    kie.fault("fail", code="400", msg="Your content was flagged")
    posted = finished(kie, client, listener)
    assert (posted.body["code"], posted.body["msg"]) == (501, "Playground task failed.")
    data = posted.body["data"]
    assert (data["state"], data["failCode"], data["creditsConsumed"]) == ("fail", "400", 0.0)
    assert data["resultJson"] == ""


def test_nothing_is_posted_before_the_end(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    client.made(callback_url=listener.url)
    kie.advance(60)
    time.sleep(0.1)
    assert not listener.posts


def test_nobody_is_called_who_did_not_ask(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    client.made()
    kie.advance(300)
    time.sleep(0.05)
    assert not kie.ledger().callbacks


def test_without_a_key_there_is_no_signature(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    assert not {"x-webhook-timestamp", "x-webhook-signature"} & set(
        finished(kie, client, listener).headers
    )


def test_with_a_key_id_and_second_are_signed(listener: Listener) -> None:
    with start_simulator(hmac_key="секрет") as kie:
        posted = finished(kie, PlainClient(kie), listener)
    stamp = posted.headers["x-webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    text = f"{posted.body['data']['taskId']}.{stamp}"
    digest = hmac.new("секрет".encode(), text.encode(), hashlib.sha256).digest()
    assert posted.headers["x-webhook-signature"] == base64.b64encode(digest).decode()


def test_a_refused_callback_is_tried_three_times_more(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    kie.settings(callback_retry_s=0)
    listener.answers = [500, 404, 302, 503, 200]
    finished(kie, client, listener)
    until(lambda: len(kie.ledger().callbacks) == 4 and kie.ledger().callbacks[3].http_status)
    time.sleep(0.05)
    assert [each.http_status for each in kie.ledger().callbacks] == [500, 404, 302, 503]
    assert [each.attempt for each in kie.ledger().callbacks] == [1, 2, 3, 4]


def test_an_accepted_callback_is_not_repeated(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    kie.settings(callback_retry_s=0)
    finished(kie, client, listener)
    time.sleep(0.05)
    assert [each.http_status for each in kie.ledger().callbacks] == [200]


def test_a_slow_listener_is_given_up(
    kie: Simulator, client: PlainClient, listener: Listener
) -> None:
    kie.settings(callback_timeout_s=0.05, callback_retries=0)
    listener.on_post = lambda _: time.sleep(0.3)
    finished(kie, client, listener)
    until(lambda: kie.ledger().callbacks[0].error)
    assert "timed out" in str(kie.ledger().callbacks[0].error)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "http://10.0.0.1/",
        "nonsense",
        "http://[x",
    ],
)
def test_no_callback_leaves_this_machine(kie: Simulator, client: PlainClient, url: str) -> None:
    client.made(callback_url=url)
    kie.advance(300)
    (callback,) = until(lambda: [each for each in kie.ledger().callbacks if each.error])
    assert callback.http_status is None


def test_callbacks_can_be_off(kie: Simulator, client: PlainClient, listener: Listener) -> None:
    kie.settings(callbacks="never")
    client.made(callback_url=listener.url)
    kie.advance(300)
    time.sleep(0.05)
    assert (listener.posts, kie.ledger().callbacks) == ([], ())
