"""createTask on real sockets: what goes out, and what is never shown."""

import signal
import threading

import pytest

from generations.kie import Accepted, Unknown, Unsent
from tests.kie.conftest import ACCEPTED, API_KEY, TASK, TASK_ID, TOKEN, MakeClient
from tests.kie.lost_answers import say_nothing
from tests.kie.wire_server import (
    answering,
    http,
    serving,
    wait_for_no_request_thread,
)

pytestmark = pytest.mark.no_database


def test_a_clean_success_is_accepted_and_the_bytes_sent_are_the_bytes_encoded(
    client_for: MakeClient,
) -> None:
    with serving(answering(http(200, ACCEPTED))) as server:
        client = client_for(server.url + "/")
        outcome = client.create_task(TASK)
    assert isinstance(outcome, Accepted)
    assert outcome.task_id == TASK_ID
    assert outcome.answer.http_status == 200
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == client.encode(TASK)
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /api/v1/jobs/createTask HTTP/1.1"
    assert f"Authorization: Bearer {API_KEY}" in lines
    assert "Content-Type: application/json" in lines
    assert "Connection: close" in lines
    assert "Accept-Encoding: identity" in lines
    (agent,) = (line for line in lines if line.lower().startswith("user-agent:"))
    assert "python" not in agent.lower()


def test_each_create_opens_a_connection_of_its_own(client_for: MakeClient) -> None:
    with serving(answering(http(200, ACCEPTED))) as server:
        client = client_for(server.url)
        assert all(isinstance(client.create_task(TASK), Accepted) for _ in range(3))
        assert server.connections == 3


def test_the_same_task_encodes_to_the_same_ascii_bytes(client_for: MakeClient) -> None:
    client = client_for("http://127.0.0.1:9")
    body = client.encode(TASK)
    assert body == client.encode(TASK)
    assert body.isascii()
    assert b'"cfg_scale":0.3}' in body
    assert b'"callBackUrl":"https://ours.example/callbacks/kie/' in body


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_an_input_that_is_no_json_is_unsent(client_for: MakeClient, value: object) -> None:
    task = type(TASK)(model=TASK.model, input={"prompt": value}, callback_url=None)
    with serving(answering(http(200, ACCEPTED))) as server:
        assert isinstance(client_for(server.url).create_task(task), Unsent)
        assert server.connections == 0


class _TimeIsOverError(SystemExit):
    """What the queue's alarm raises."""


@pytest.mark.parametrize("raised", [_TimeIsOverError, KeyboardInterrupt])
def test_an_alarm_passes_through_and_stops_the_request(
    client_for: MakeClient, raised: type[BaseException]
) -> None:
    def strike(_signal: int, _frame: object) -> None:
        raise raised

    before = signal.signal(signal.SIGALRM, strike)
    try:
        with serving(say_nothing) as server:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(raised):
                client_for(server.url).create_task(TASK)
            wait_for_no_request_thread()
            assert len(server.requests) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_no_secret_appears_in_outcomes_reprs_or_logs(
    client_for: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    body = {"code": 418, "msg": f"bad key {API_KEY}", "data": {"callBackUrl": TASK.callback_url}}
    with serving(answering(http(200, body))) as server:
        client = client_for(server.url)
        outcome = client.create_task(TASK)
    assert isinstance(outcome, Unknown)
    assert outcome.answer.message == "bad key ***"
    for shown in (repr(outcome), repr(client), repr(client._config), repr(TASK), caplog.text):
        assert API_KEY not in shown
        assert TOKEN not in shown


def test_a_key_that_no_header_can_carry_is_unsent_and_not_shown(client_for: MakeClient) -> None:
    with serving(answering(http(200, ACCEPTED))) as server:
        outcome = client_for(server.url, api_key="secret-key\r\nX: 1").create_task(TASK)
        assert isinstance(outcome, Unsent)
        assert "secret" not in repr(outcome)
        assert server.requests == []


def test_the_excerpt_is_at_most_two_kilobytes_of_storable_text(client_for: MakeClient) -> None:
    with serving(answering(http(502, "щ\x00\u202e".encode() * 4000))) as server:
        outcome = client_for(server.url).create_task(TASK)
    assert isinstance(outcome, Unknown)
    assert 0 < len(outcome.answer.excerpt.encode()) <= 2048
    assert set(outcome.answer.excerpt) <= {"щ", "\ufffd"}


def test_twenty_threads_share_one_client(client_for: MakeClient) -> None:
    with serving(answering(http(200, ACCEPTED))) as server:
        client = client_for(server.url)
        outcomes: list[object] = []
        threads = [
            threading.Thread(target=lambda: outcomes.append(client.create_task(TASK)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == len(server.requests) == 20
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
