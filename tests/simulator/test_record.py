"""recordInfo: the recorded keys and types, the states, and when they come."""

import json
from typing import Any

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.simulator.plain_client import MODEL, READ, PlainClient

pytestmark = pytest.mark.no_database

KEYS = {
    "taskId", "model", "state", "param", "resultJson", "failCode", "failMsg", "costTime",
    "completeTime", "createTime", "creditsConsumed",
}  # fmt: skip


def test_a_waiting_task_has_the_recorded_shape(client: PlainClient) -> None:
    task_id = client.made(callback_url="http://127.0.0.1:9/x")
    data = client.read(task_id)
    assert set(data) == KEYS
    assert (data["taskId"], data["model"], data["state"]) == (task_id, MODEL, "waiting")
    assert data["resultJson"] == ""
    assert [data[name] for name in ("failCode", "failMsg", "costTime", "completeTime")] == [
        None
    ] * 4
    assert type(data["creditsConsumed"]) is float
    assert type(data["createTime"]) is int
    assert data["createTime"] > 10**12


def test_the_echo_is_json_in_json(client: PlainClient) -> None:
    data = client.read(client.made(prompt="кот", callback_url="http://127.0.0.1:9/x"))
    echo = json.loads(data["param"])
    assert (echo["model"], echo["callBackUrl"]) == (MODEL, "http://127.0.0.1:9/x")
    assert json.loads(echo["input"])["prompt"] == "кот"


def test_the_echo_has_no_callback_that_was_not_given(client: PlainClient) -> None:
    assert "callBackUrl" not in json.loads(client.read(client.made())["param"])


def test_the_echo_may_hold_defaults_nobody_sent(kie: Simulator, client: PlainClient) -> None:
    kie.settings(echo_adds_defaults=True)
    given = json.loads(json.loads(client.read(client.made())["param"])["input"])
    assert (given["duration"], given["cfg_scale"]) == ("5", 0.5)


def test_success_names_one_mp4_in_a_json_text(kie: Simulator, client: PlainClient) -> None:
    task_id = client.made()
    kie.advance(300)
    data = client.read(task_id)
    urls = json.loads(data["resultJson"])["resultUrls"]
    assert len(urls) == 1
    assert urls[0].startswith(f"{kie.url}/files/k/{task_id}_1_")
    assert urls[0].endswith(".mp4")
    assert (data["failCode"], data["failMsg"]) == (None, None)
    assert type(data["costTime"]) is int
    assert data["completeTime"] > data["createTime"]


def test_cost_time_is_seconds_between_the_two_moments() -> None:
    with start_simulator(speed=100, seed="s") as kie:
        kie.settings(job_seconds=140, jitter=0)
        client = PlainClient(kie)
        task_id = client.made()
        while client.read(task_id)["state"] != "success":
            kie.settings(reads_per_second=0)
        data = client.read(task_id)
        passed_ms = data["completeTime"] - data["createTime"]
        assert passed_ms == pytest.approx(1400, abs=60)
        assert data["costTime"] == round(passed_ms / 1000)


def test_a_failed_task_is_code_200_with_texts(kie: Simulator, client: PlainClient) -> None:
    kie.fault("fail", code="422", msg="Invalid prompt: prompt contains prohibited content")
    task_id = client.made()
    kie.advance(300)
    told = client.call("GET", f"{READ}?taskId={task_id}").json
    data = told["data"]
    assert (told["code"], data["state"], data["resultJson"]) == (200, "fail", "")
    assert data["failCode"] == "422"
    assert data["failMsg"] == "Invalid prompt: prompt contains prohibited content"


@pytest.mark.parametrize(
    ("setting", "code", "text"), [(422, 422, "recordInfo is null"), (404, 404, "Task not found")]
)
def test_an_unknown_task_is_null(
    kie: Simulator, client: PlainClient, setting: int, code: int, text: str
) -> None:
    kie.settings(unknown_task_code=setting)
    reply = client.call("GET", f"{READ}?taskId={'0' * 32}")
    assert reply.status == 200
    assert reply.json == {"code": code, "msg": text, "data": None}


def test_a_read_without_an_id_is_400(client: PlainClient) -> None:
    assert client.call("GET", READ).json["code"] == 400


def test_a_young_task_can_be_invisible(kie: Simulator, client: PlainClient) -> None:
    kie.settings(visible_after_s=60)
    task_id = client.made()
    assert client.read(task_id) is None
    kie.settings(visible_after_s=0)
    assert client.read(task_id)["state"] == "waiting"


class TestPace:
    def test_a_five_second_clip_takes_about_130_seconds(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        task_id = client.made()
        kie.advance(110)
        assert client.read(task_id)["state"] in ("waiting", "queuing", "generating")
        kie.advance(40)
        assert client.read(task_id)["state"] == "success"

    def test_a_ten_second_clip_takes_longer(self, kie: Simulator, client: PlainClient) -> None:
        task_id = client.made(duration="10")
        kie.advance(150)
        assert client.read(task_id)["state"] != "success"
        kie.advance(100)
        assert client.read(task_id)["state"] == "success"

    def test_the_clock_runs_as_fast_as_told(self, client: PlainClient, kie: Simulator) -> None:
        task_id = client.made()
        kie.settings(speed=5000, reads_per_second=0)
        states = [client.read(task_id)["state"]]
        while states[-1] != "success":
            states.append(client.read(task_id)["state"])
        order = ["waiting", "queuing", "generating", "success"]
        assert states == sorted(states, key=order.index)

    def test_generating_is_the_exception_and_queuing_rarer_still(self) -> None:
        with start_simulator(seed="states", balance=10**6) as kie:
            kie.settings(creates_per_10s=0, jitter=0)
            client = PlainClient(kie)
            for _ in range(100):
                client.made()
            kie.advance(100)
            states = [task.state for task in kie.ledger().tasks]
        assert 15 <= states.count("generating") <= 45
        assert 0 < states.count("queuing") < 15


def _story(seed: str) -> list[Any]:
    with start_simulator(seed=seed) as kie:
        client = PlainClient(kie)
        kie.fault("fail", match={"rate": 0.5})
        ids = [client.made(prompt=f"cat {n}") for n in range(8)]
        kie.advance(130)
        tasks = kie.ledger().tasks
        assert [task.task_id for task in tasks] == ids
        return [(task.task_id, task.state) for task in tasks]


def test_the_same_seed_tells_the_same_story() -> None:
    assert _story("one") == _story("one")
    assert _story("one") != _story("two")


def test_without_a_seed_no_two_simulators_share_an_id(client: PlainClient) -> None:
    with start_simulator() as one, start_simulator() as other:
        assert PlainClient(one).made() != PlainClient(other).made()
