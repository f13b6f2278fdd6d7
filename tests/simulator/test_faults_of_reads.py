"""Every fault of recordInfo, the balance and the upload host costs the naive client something."""

from collections.abc import Callable

import pytest
import requests

from kie_simulator.testing import Simulator
from tests.simulator.bites import (
    BROKEN,
    LATE,
    UNREAD,
    Case,
    case,
    dripped,
    outlasts_its_time_out,
    table,
)
from tests.simulator.naive import NaiveClient
from tests.simulator.plain_client import Listener, until

pytestmark = pytest.mark.no_database

WORDLESS = [
    *(case("answer", http_status=status, code=code) for status, code in
      [(200, 401), (200, 404), (200, 422), (200, 429), (200, 500), (500, 500), (503, None)]),
    case("raw_body", text="null"),
    case("raw_body", text="[", repeat=10_000),
    case("redirect", status=302, location="/elsewhere/page"),
]  # fmt: skip
FAILING = [*UNREAD, *LATE, *BROKEN, *WORDLESS]
ODD_STATES = [
    case("state", value=value)
    for value in ("canceled", "SUCCESS", "failed", "", None, 3, ["success"], {"is": "success"})
]
LOSING = [*FAILING, *ODD_STATES, case("states", values=["fail", "success"]), case("invisible")]
FAIL_MESSAGES: list[tuple[str, Callable[[NaiveClient], bool]]] = [
    ("nul", lambda naive: "\x00" in naive.log.read_text()),
    ("html", lambda naive: "<script>" in naive.page),
    ("crlf", lambda naive: "\nlevel=ERROR" in naive.log.read_text()),
    ("bidi", lambda naive: "\u202e" in naive.page),
    ("huge", lambda naive: naive.log.stat().st_size > 10**6),
]
CRASHING_MESSAGES = ["surrogate", "number", "list", "object", "null"]
CRASHING_RESULTS = [
    *("not_json", "list", "null", "no_urls", "empty", "urls_text", "urls_not_texts"),
    *("javascript", "deep", "nan"),
]
WRONG_RESULTS = ["nul", "surrogate", "huge"]
ON_READ = [
    *LOSING,
    *dripped(40),
    *(case("hostile_fail_message", variant=name) for name in CRASHING_MESSAGES),
    *(case("hostile_fail_message", variant=name) for name, _ in FAIL_MESSAGES),
    *(case("hostile_result", variant=name) for name in (*CRASHING_RESULTS, *WRONG_RESULTS)),
    case("hostile_result", variant="many_urls"),
    case("result_urls"),
    case("wrong_echo"),
]
ON_CREDIT = [*FAILING, *dripped(4)]
TWICE = [*LATE, *BROKEN, case("answer", code=500, with_task=True)]
UPLOADS_LOST = [*UNREAD, *WORDLESS[:-1], case("redirect", status=307)]
ON_UPLOAD = [*TWICE, *UPLOADS_LOST, *dripped(30)]


@pytest.fixture
def task_id(kie: Simulator, naive: NaiveClient) -> str:
    """A task that has succeeded, as a client that looks properly can see."""
    naive.timeout_s = 5
    task = str(naive.order("a cat"))
    naive.timeout_s = 0.3
    kie.advance(300)
    return task


@table(LOSING)
def test_a_finished_result_is_given_up(
    kie: Simulator, naive: NaiveClient, task_id: str, fault: Case
) -> None:
    kie.fault(fault.kind, on="read", match={"nth": 1}, **fault.params)
    assert naive.watch(task_id) == "failed"
    assert naive.files == {}
    assert kie.ledger().tasks[0].state == "success"


@table(dripped(40))
def test_a_read_never_times_out(
    kie: Simulator, naive: NaiveClient, task_id: str, fault: Case
) -> None:
    kie.fault(fault.kind, on="read", **fault.params)
    assert outlasts_its_time_out(naive, lambda: naive.record(task_id))


def test_a_success_too_early_leaves_no_video(kie: Simulator, naive: NaiveClient) -> None:
    kie.fault("states", values=["success", "fail"])
    task_id = naive.order("a cat")
    assert naive.watch(task_id) == "done"
    assert naive.files[task_id].read_bytes() == b"Not Found"


@pytest.mark.parametrize(
    ("variant", "harmed"), FAIL_MESSAGES, ids=[name for name, _ in FAIL_MESSAGES]
)
def test_a_hostile_message_gets_through(
    kie: Simulator,
    naive: NaiveClient,
    task_id: str,
    variant: str,
    harmed: Callable[[NaiveClient], bool],
) -> None:
    kie.fault("hostile_fail_message", variant=variant)
    assert naive.watch(task_id) == "failed"
    assert harmed(naive)


@pytest.mark.parametrize("variant", CRASHING_MESSAGES)
def test_a_hostile_message_stops_the_poller(
    kie: Simulator, naive: NaiveClient, task_id: str, variant: str
) -> None:
    kie.fault("hostile_fail_message", variant=variant)
    with pytest.raises((TypeError, UnicodeEncodeError)):
        naive.watch(task_id)


@pytest.mark.parametrize("variant", CRASHING_RESULTS)
def test_a_hostile_result_stops_the_poller(
    kie: Simulator, naive: NaiveClient, task_id: str, variant: str
) -> None:
    kie.fault("hostile_result", variant=variant)
    with pytest.raises(
        (ValueError, KeyError, IndexError, TypeError, RecursionError, AttributeError)
    ):
        naive.watch(task_id)


@pytest.mark.parametrize("variant", WRONG_RESULTS)
def test_a_hostile_address_brings_no_video(
    kie: Simulator, naive: NaiveClient, task_id: str, variant: str
) -> None:
    kie.fault("hostile_result", variant=variant)
    try:
        naive.watch(task_id)
    except (UnicodeEncodeError, requests.RequestException):
        return
    assert naive.files[task_id].read_bytes()[4:8] != b"ftyp"


def test_ten_thousand_addresses_are_all_kept(
    kie: Simulator, naive: NaiveClient, task_id: str
) -> None:
    kie.fault("hostile_result", variant="many_urls")
    naive.watch(task_id)
    assert len(naive.rows[task_id]) == 10_000


def test_any_address_is_visited(
    kie: Simulator, naive: NaiveClient, task_id: str, listener: Listener
) -> None:
    listener.on_post = None
    kie.fault("result_urls", urls=[listener.url.replace("/hook", "/latest/meta-data")])
    naive.watch(task_id)
    assert listener.visits == ["/latest/meta-data/token?x=1"]


def test_somebody_elses_task_is_taken(kie: Simulator, naive: NaiveClient, task_id: str) -> None:
    kie.fault("wrong_echo", param={"input": '{"prompt": "another order"}'})
    naive.claim(task_id)
    assert naive.tasks["another order"] == task_id


@table(FAILING)
def test_the_balance_crashes(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="credit", **fault.params)
    with pytest.raises((requests.RequestException, TypeError, AttributeError, RecursionError)):
        naive.balance()


@table(dripped(4))
def test_the_balance_never_times_out(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="credit", **fault.params)
    assert outlasts_its_time_out(naive, naive.balance)


@table(TWICE)
def test_a_picture_is_stored_twice(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="upload", match={"nth": 1}, **fault.params)
    naive.upload(b"picture")
    assert len(until(lambda: kie.ledger().uploads[1:])) == 1


@table(UPLOADS_LOST)
def test_a_picture_cannot_be_stored(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="upload", **fault.params)
    with pytest.raises((requests.RequestException, TypeError, RecursionError)):
        naive.upload(b"picture")


@table(dripped(30))
def test_an_upload_never_times_out(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="upload", **fault.params)
    assert outlasts_its_time_out(naive, lambda: naive.upload(b"picture"))
