"""Reading a task on real sockets: what each answer becomes."""

import os
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from generations.kie import (
    AccountRefused,
    Echo,
    KieClient,
    NotVisible,
    RateLimited,
    ReadFailed,
    TaskRecord,
    TaskState,
    Unreachable,
    Unreadable,
)
from tests.kie.conftest import API_KEY, MODEL, TASK, TASK_ID, MakeClient
from tests.kie.lost_answers import LOST_ANSWERS
from tests.kie.records import DATA, VIDEO
from tests.kie.wire_server import Behaviour, answering, dripping, http, serving

pytestmark = pytest.mark.no_database


def test_a_successful_task_is_read_whole(client_for: MakeClient) -> None:
    with serving(answering(http(200, {"code": 200, "msg": "success", "data": DATA}))) as server:
        record = client_for(server.url).read_task(TASK_ID)
    assert record == TaskRecord(
        task_id=TASK_ID,
        model=MODEL,
        state=TaskState.SUCCESS,
        raw_state="success",
        result_urls=(VIDEO,),
        result_problem=None,
        fail_code="",
        fail_message="",
        credits_consumed=Decimal("160.0"),
        created_at=datetime(2026, 8, 20, 14, 48, 55, 813000, tzinfo=UTC),
        completed_at=datetime(2026, 8, 20, 14, 51, 13, 583000, tzinfo=UTC),
        echo=Echo(MODEL, TASK.callback_url, dict(TASK.input)),
    )
    request = server.requests[0].decode()
    assert request.startswith(f"GET /api/v1/jobs/recordInfo?taskId={TASK_ID} HTTP/1.1\r\n")
    assert f"Authorization: Bearer {API_KEY}" in request
    assert "Content-Type: application/json" in request


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"code": 422, "msg": "recordInfo is null", "data": None}, NotVisible),
        (200, {"code": 404, "msg": "Task not found"}, NotVisible),
        (404, {"code": 404}, NotVisible),
        (200, {"code": 200, "data": None}, NotVisible),
        (200, {"code": 401, "msg": "You do not have access permissions"}, AccountRefused),
        (401, {"code": 401}, AccountRefused),
        (200, {"code": 402}, AccountRefused),
        (200, {"code": 433}, AccountRefused),
        (200, {"code": 429}, RateLimited),
        (429, {"code": 429}, RateLimited),
        (429, b"slow down", RateLimited),
        (200, {"code": 455}, Unreachable),
        (200, {"code": 408}, Unreachable),
        (200, {"code": 500, "msg": "Internal Error"}, Unreachable),
        (200, {"code": 501}, Unreachable),
        (502, b"<html>bad gateway</html>", Unreachable),
        (524, b"", Unreachable),
        (500, {"code": 200, "data": DATA}, Unreachable),
        (200, b"<html>hello</html>", Unreadable),
        (200, b"", Unreadable),
        (200, {"code": 400}, Unreadable),
        (200, {"code": "200", "data": DATA}, Unreadable),
        (200, {"code": True, "data": DATA}, Unreadable),
        (200, {"data": DATA}, Unreadable),
        (201, {"code": 200, "data": DATA}, Unreadable),
        (302, {"code": 200, "data": DATA}, Unreadable),
        (403, b"error code: 1010", Unreadable),
        (404, b"<html>no such page</html>", Unreadable),
        (401, b"<html>who are you</html>", Unreadable),
        (200, {"code": 200, "data": "text"}, Unreadable),
        (200, {"code": 200, "data": []}, Unreadable),
        (200, {"code": 200, "data": DATA | {"taskId": "f" * 32}}, Unreadable),
        (200, {"code": 200, "data": DATA | {"taskId": 5}}, Unreadable),
        (200, b"[" * 200_000, Unreadable),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_a_read_that_fails_says_what_was_learned(
    client_for: MakeClient, status: int, body: object, expected: type[ReadFailed]
) -> None:
    with serving(answering(http(status, body))) as server:
        with pytest.raises(ReadFailed) as caught:
            client_for(server.url).read_task(TASK_ID)
        assert len(server.requests) == 1
    assert type(caught.value) is expected
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    "name", [name for name in LOST_ANSWERS if name not in ("utf-16", "empty", "gzip nobody asked for")]
)  # fmt: skip
def test_a_lost_answer_to_a_read_is_unreachable_and_not_repeated(
    client_for: MakeClient, name: str
) -> None:
    with serving(LOST_ANSWERS[name]) as server:
        started = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            client_for(server.url, read_deadline_s=0.5).read_task(TASK_ID)
        assert time.monotonic() - started < 2
        assert server.connections == 1
    assert TASK_ID not in str(caught.value)


def test_errors_show_neither_the_key_nor_the_address(client_for: MakeClient) -> None:
    body = {"code": 401, "msg": f"bad key {API_KEY} at ?taskId"}
    with serving(answering(http(200, body))) as server:
        with pytest.raises(AccountRefused) as refused:
            client_for(server.url).read_task(TASK_ID)
        assert str(refused.value) == "HTTP 200, code 401: bad key *** at ?taskId"
    with pytest.raises(Unreachable) as unreachable:
        client_for(server.url).read_task(TASK_ID)
    assert API_KEY not in repr(refused.value)
    assert "127.0.0.1" not in repr(unreachable.value)


def test_an_id_from_a_person_cannot_change_the_address(client_for: MakeClient) -> None:
    with serving(answering(http(200, {"code": 422}))) as server:
        with pytest.raises(NotVisible):
            client_for(server.url).read_task("a&b=/../?#\r\n")
        line = server.requests[0].split(b"\r\n")[0]
    assert line == b"GET /api/v1/jobs/recordInfo?taskId=a%26b%3D%2F..%2F%3F%23%0D%0A HTTP/1.1"


def test_reads_share_a_connection_among_threads(client_for: MakeClient) -> None:
    with serving(answering(http(200, {"code": 200, "data": DATA}))) as server:
        client = client_for(server.url)
        for _ in range(5):
            client.read_task(TASK_ID)
        assert server.connections == 1
        threads = [threading.Thread(target=client.read_task, args=(TASK_ID,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 17
        assert server.connections <= 12


def test_a_deadline_of_one_read_leaves_the_next_one_whole(client_for: MakeClient) -> None:
    behaviours: list[Behaviour] = [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b" "),
        answering(http(200, {"code": 200, "data": DATA})),
    ]
    with serving(lambda server, connection: behaviours.pop(0)(server, connection)) as server:
        client = client_for(server.url, read_deadline_s=0.4)
        with pytest.raises(Unreachable):
            client.read_task(TASK_ID)
        assert client.read_task(TASK_ID).state is TaskState.SUCCESS


def test_a_forked_process_opens_connections_of_its_own(client_for: MakeClient) -> None:
    with serving(answering(http(200, {"code": 200, "data": DATA}))) as server:
        client = client_for(server.url)
        client.read_task(TASK_ID)
        child = os.fork()
        if child == 0:
            os._exit(0 if _reads_success(client) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert client.read_task(TASK_ID).state is TaskState.SUCCESS
        assert server.connections == 2


def _reads_success(client: KieClient) -> bool:
    try:
        return client.read_task(TASK_ID).state is TaskState.SUCCESS
    except BaseException:
        return False
