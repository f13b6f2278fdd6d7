"""Every fault of createTask makes the naive client pay twice, lose an order, hang or miscount."""

from typing import Any

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
from tests.simulator.naive import PRICE, TRIES, NaiveClient
from tests.simulator.plain_client import CREATE, Listener, PlainClient, until

pytestmark = pytest.mark.no_database

DOUBLED = [
    *LATE,
    *BROKEN,
    case("answer", http_status=500, code=500, msg="Internal Error", with_task=True),
    case("answer", http_status=200, code=505, with_task=True),
    case("answer", http_status=504, code=200, with_task=True, shows_task_id=True),
    case("no_task_id"),
    case("raw_body", text="[" * 10_000),
    case("raw_body", text=""),
    case("redirect", status=302),
    case("redirect", status=307),
    case("redirect", status=308),
]
ODD_IDS = [case("odd_task_id", value=each) for each in (None, "", 7, ["a"], {"a": 1}, "../../x")]
FATES = [
    case("fail", code="422", msg="CONTENT_POLICY_BLOCKED"),
    case("stuck"),
    case("long_job", seconds=1e7),
]
ON_CREATE = [
    *DOUBLED,
    *UNREAD,
    *dripped(8),
    *ODD_IDS,
    *FATES,
    case("charged_differently", credits=200.0),
    case("refund_kept"),
]


def test_without_a_fault_the_naive_client_does_well(kie: Simulator, naive: NaiveClient) -> None:
    naive.timeout_s = 5
    kie.settings(speed=100_000)
    assert naive.run("a cat") == "done"
    assert naive.files[naive.tasks["a cat"]].read_bytes()[4:8] == b"ftyp"
    assert len(kie.ledger().tasks) == 1
    assert naive.balance() == 10_000 - naive.spent


@table(DOUBLED)
def test_one_order_is_paid_twice(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="create", match={"nth": 1}, **fault.params)
    naive.order("a cat")
    assert len(until(lambda: kie.ledger().tasks[1:])) == 1
    assert len(naive.tasks) == 1


@table(UNREAD)
def test_an_order_vanishes_without_a_trace(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="create", match={"prompt_contains": "cat"})
    with pytest.raises(requests.ConnectionError):
        naive.order("a cat")
    assert naive.tasks == {}
    assert [each.faults for each in kie.requests(CREATE)] == [(fault.kind,)] * TRIES
    assert not kie.ledger().tasks


@table(dripped(8))
def test_a_time_out_never_fires(kie: Simulator, naive: NaiveClient, fault: Case) -> None:
    kie.fault(fault.kind, on="create", **fault.params)
    assert outlasts_its_time_out(naive, lambda: naive.order("a cat"))


@table(ODD_IDS)
def test_a_paid_task_is_saved_under_nonsense(
    kie: Simulator, naive: NaiveClient, fault: Case
) -> None:
    kie.fault(fault.kind, **fault.params)
    task_id = naive.order("a cat")
    assert naive.watch(task_id) == "failed"
    assert len(kie.ledger().tasks) == 1


def test_two_orders_share_one_id(kie: Simulator, naive: NaiveClient) -> None:
    kie.fault("odd_task_id", value="0" * 32)
    assert naive.order("a cat") == naive.order("a dog")
    assert len(kie.ledger().tasks) == 2


@pytest.mark.parametrize("code", [401, 402, 422, 429, 433, 451, 455, 500, "200", True, None])
def test_a_refusal_inside_200_is_hammered(kie: Simulator, naive: NaiveClient, code: Any) -> None:
    kie.fault("answer", on="create", code=code, msg="no")
    with pytest.raises(TypeError):
        naive.order("a cat")
    assert kie.ledger().requests[CREATE] == TRIES


def test_an_order_is_carried_to_strangers(
    kie: Simulator, naive: NaiveClient, listener: Listener
) -> None:
    kie.fault("redirect", on="create", status=307, location=listener.url)
    with pytest.raises(requests.JSONDecodeError):
        naive.order("a secret cat", callback_url="http://127.0.0.1:9/secret-token")
    assert listener.posts[0].body["callBackUrl"] == "http://127.0.0.1:9/secret-token"


def test_a_small_answer_becomes_a_huge_one(kie: Simulator) -> None:
    kie.fault("gzip_bomb", on="credit", megabytes=16)
    answer = requests.get(kie.url + "/api/v1/chat/credit", timeout=30)
    assert len(answer.content) == 16 * 1024 * 1024
    assert int(answer.headers["Content-Length"]) < 20_000


@table(FATES)
def test_what_failed_or_seems_dead_is_ordered_again(
    kie: Simulator, naive: NaiveClient, fault: Case
) -> None:
    kie.settings(speed=100_000)
    kie.fault(fault.kind, **fault.params)
    assert naive.run("a cat") != "done"
    assert len(kie.ledger().tasks) == TRIES


def test_a_stuck_task_stays_in_generating_for_ever(kie: Simulator, client: PlainClient) -> None:
    kie.fault("stuck")
    task_id = client.made()
    kie.advance(10**7)
    data = client.read(task_id)
    assert (data["state"], data["creditsConsumed"]) == ("generating", 160.0)


def test_another_price_is_not_noticed(kie: Simulator, naive: NaiveClient) -> None:
    kie.settings(speed=100_000)
    kie.fault("charged_differently", credits=200)
    naive.timeout_s = 5
    assert naive.run("a cat") == "done"
    assert (10_000 - naive.balance(), naive.spent) == (200, PRICE)


def test_a_kept_refund_is_not_noticed(kie: Simulator, naive: NaiveClient) -> None:
    kie.settings(speed=100_000)
    kie.fault("fail")
    kie.fault("refund_kept")
    assert naive.watch(naive.order("a cat")) == "failed"
    assert (10_000 - naive.balance(), naive.spent) == (PRICE, 0)
