"""The control API: what it shows, what it takes, and whom a fault hits."""

from pathlib import Path

import pytest

from kie_simulator.exchange import Request
from kie_simulator.site import respond
from kie_simulator.testing import Simulator, SimulatorRefused
from kie_simulator.world import World
from tests.simulator.plain_client import MODEL, PlainClient

pytestmark = pytest.mark.no_database


class TestControl:
    def test_the_key_is_never_written_down(self, kie: Simulator) -> None:
        PlainClient(kie, key="very-secret-key").made()
        assert kie.requests()[0].headers["authorization"] == "redacted"

    def test_every_request_is_kept_in_order(self, kie: Simulator, client: PlainClient) -> None:
        client.create(prompt="")
        client.made()
        client.credit()
        first, second, third = kie.requests()
        assert (first.http_status, first.code, second.code) == (200, 500, 200)
        assert third.path == "/api/v1/chat/credit"
        assert '"prompt": "a cat"' in second.body
        assert kie.ledger().requests["/api/v1/jobs/createTask"] == 2

    def test_a_reset_begins_a_new_account(self, kie: Simulator, client: PlainClient) -> None:
        client.made()
        kie.fault("fail")
        kie.settings(refund="keep")
        kie.reset(balance=500, seed="again")
        ledger = kie.ledger()
        assert ledger.balance == 500
        assert not ledger.tasks
        assert not ledger.requests
        assert (kie.fault_hits(), kie.settings()["refund"]) == ({}, "refund")
        first = client.made()
        kie.reset(seed="again")
        assert client.made() == first

    def test_health_is_told(self, kie: Simulator, client: PlainClient) -> None:
        assert client.call("GET", "/_simulator/health").json["ok"] is True

    @pytest.mark.parametrize(
        "changes",
        [
            {"speed": 0}, {"speed": "fast"}, {"advance_s": -1}, {"colour": "red"},
            {"refund": "half"}, {"prices": {"7": 1}}, {"prices": {"5": -1}},
            {"job_seconds": "long"}, {"creates_per_10s": True}, {"api_key": ""},
        ],
    )  # fmt: skip
    def test_a_bad_setting_is_refused(self, kie: Simulator, changes: dict[str, object]) -> None:
        before = kie.settings()
        with pytest.raises(SimulatorRefused):
            kie.settings(**changes)
        assert kie.settings() == before

    @pytest.mark.parametrize(
        "given",
        [
            {"kind": "gremlins"}, {"kind": "delay"}, {"kind": "stuck", "on": "read"},
            {"kind": "delay", "on": "create", "minutes": 3},
            {"kind": "delay", "on": "create", "seconds": "3"},
            {"kind": "delay", "on": "create", "match": {"moon": "full"}},
            {"kind": "delay", "on": "create", "match": {"nth": "2"}},
            {"kind": "wrong_type", "variant": "pudding"},
        ],
    )  # fmt: skip
    def test_a_fault_that_does_not_exist_is_refused(
        self, kie: Simulator, client: PlainClient, given: dict[str, object]
    ) -> None:
        reply = client.call("POST", "/_simulator/faults", given)
        assert reply.status == 400
        assert reply.json["error"]
        assert kie.fault_hits() == {}

    def test_strangers_are_not_served(self, tmp_path: Path) -> None:
        world = World(tmp_path)
        request = Request("GET", "/_simulator/health", {}, {}, b"", peer="10.1.2.3")
        assert respond(world, request).answer.status == 404
        world.close()

    def test_an_unknown_control_is_404(self, client: PlainClient) -> None:
        assert client.call("GET", "/_simulator/nothing").status == 404


class TestMatching:
    def codes(self, client: PlainClient, *prompts: str) -> list[int]:
        return [client.create(prompt=prompt)["code"] for prompt in prompts]

    def test_by_prompt(self, kie: Simulator, client: PlainClient) -> None:
        kie.fault("answer", on="create", code=455, match={"prompt_contains": "FAULT-1"})
        assert self.codes(client, "cat", "cat FAULT-1", "dog") == [200, 455, 200]

    def test_by_number_among_those_that_fit(self, kie: Simulator, client: PlainClient) -> None:
        match = {"prompt_contains": "dog", "nth": 2}
        kie.fault("answer", on="create", code=455, match=match)
        assert self.codes(client, "dog", "cat", "dog", "dog") == [200, 200, 455, 200]

    def test_so_many_times(self, kie: Simulator, client: PlainClient) -> None:
        number = kie.fault("answer", on="create", code=455, match={"times": 2})
        assert self.codes(client, "a", "b", "c") == [455, 455, 200]
        assert kie.fault_hits() == {number: 2}

    def test_by_seeded_rate(self, kie: Simulator, client: PlainClient) -> None:
        kie.settings(creates_per_10s=0)
        kie.fault("answer", on="create", code=455, match={"rate": 0.5})
        assert 8 < self.codes(client, *["a"] * 40).count(455) < 32

    def test_by_task(self, kie: Simulator, client: PlainClient) -> None:
        one, other = client.made(), client.made()
        kie.fault("state", value="odd", match={"task_id": one})
        assert (client.read(one)["state"], client.read(other)["state"]) == ("odd", "waiting")

    def test_clearing_ends_them(self, kie: Simulator, client: PlainClient) -> None:
        kie.fault("answer", on="create", code=455)
        kie.clear_faults()
        assert self.codes(client, "a") == [200]

    def test_a_fault_may_forbid_or_allow_the_work_behind_it(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        kie.fault("answer", on="create", code=500, msg="x", match={"nth": 1})
        kie.fault("answer", on="create", code=505, with_task=True, match={"nth": 1})
        assert self.codes(client, "a") == [500]
        assert not kie.ledger().tasks
        kie.clear_faults()
        kie.fault("answer", on="create", code=505, with_task=True, shows_task_id=True)
        told = client.call("POST", "/api/v1/jobs/createTask", _body()).json
        assert told["data"]["taskId"] == kie.ledger().tasks[0].task_id


def _body() -> dict[str, object]:
    return {"model": MODEL, "input": {"prompt": "x", "image_url": "http://a.test/b.png"}}
