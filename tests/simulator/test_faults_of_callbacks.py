"""Every fault of a callback misleads the client that believes callbacks."""

import base64
import hashlib
import hmac
import time

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.simulator.bites import case
from tests.simulator.naive import PRICE, NaiveClient
from tests.simulator.plain_client import Listener, PlainClient, Posted, until

pytestmark = pytest.mark.no_database

ON_CALLBACK = [
    case(kind) for kind in ("never", "late", "duplicate", "altered", "forged", "before_answer")
]


@pytest.fixture(autouse=True)
def _listening(naive: NaiveClient, listener: Listener) -> None:
    def hear(posted: Posted) -> None:
        naive.hear(posted.body)

    naive.timeout_s = 5
    listener.on_post = hear


def test_without_a_fault_a_callback_is_all_it_needs(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    task_id = naive.order("a cat", listener.url)
    kie.advance(300)
    until(lambda: naive.spent)
    assert naive.states[task_id] == "success"
    assert naive.files[task_id].read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("kind", ["never", "late"])
def test_a_result_is_waited_for_in_vain(
    kie: Simulator, naive: NaiveClient, listener: Listener, kind: str
) -> None:
    kie.fault(kind)
    naive.order("a cat", listener.url)
    kie.advance(300)
    time.sleep(0.1)
    assert kie.ledger().tasks[0].state == "success"
    assert naive.states == {}


def test_a_late_callback_comes_in_the_end(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("late", seconds=1000)
    naive.order("a cat", listener.url)
    kie.advance(300)
    until(lambda: kie.ledger().callbacks)
    assert not listener.posts
    kie.advance(1000)
    until(lambda: listener.posts)


def test_one_video_is_booked_three_times(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("duplicate", times=3)
    naive.order("a cat", listener.url)
    kie.advance(300)
    until(lambda: naive.spent == 3 * PRICE)
    assert kie.ledger().balance == 10_000 - PRICE


def test_an_altered_body_brings_another_file(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("altered")
    task_id = naive.order("a cat", listener.url)
    kie.advance(300)
    until(lambda: naive.spent)
    assert b"<html>" in naive.files[task_id].read_bytes()


def test_an_altered_state_turns_success_into_failure(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("altered", data={"state": "fail"})
    task_id = naive.order("a cat", listener.url)
    kie.advance(300)
    until(lambda: naive.states)
    assert naive.states[task_id] == "fail"
    assert kie.ledger().tasks[0].state == "success"


def test_the_headers_of_an_altered_body_are_genuine_and_those_of_a_forged_one_are_not(
    listener: Listener,
) -> None:
    listener.on_post = None
    with start_simulator(hmac_key="k", seed="s") as kie, Listener() as other:
        from_altered = _signature_is_right(kie, listener, "altered")
        kie.clear_faults()
        from_forged = _signature_is_right(kie, other, "forged")
    assert (from_altered, from_forged) == (True, False)


def _signature_is_right(kie: Simulator, listener: Listener, kind: str) -> bool:
    kie.fault(kind)
    PlainClient(kie).made(callback_url=listener.url)
    kie.advance(300 if kind == "altered" else 2)
    posted = until(lambda: listener.posts)[0]
    stamp = posted.headers["x-webhook-timestamp"]
    text = f"{posted.body['data']['taskId']}.{stamp}"
    digest = hmac.new(b"k", text.encode(), hashlib.sha256).digest()
    return bool(posted.headers["x-webhook-signature"] == base64.b64encode(digest).decode())


def test_a_strangers_word_makes_a_running_task_a_success(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("forged")
    task_id = naive.order("a cat", listener.url)
    kie.advance(5)
    until(lambda: naive.spent)
    assert naive.states[task_id] == "success"
    assert b"<html>" in naive.files[task_id].read_bytes()
    assert kie.ledger().tasks[0].state == "waiting"


def test_a_callback_before_the_answer_is_dropped_and_the_result_lost(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("before_answer")
    task_id = naive.order("a cat", listener.url)
    assert [posted.body["data"]["taskId"] for posted in listener.posts] == [task_id]
    assert naive.states == {}
    assert kie.ledger().tasks[0].state == "success"
