"""Stopping, starting again and power cuts: what was sent is known, what waits goes on."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.journeys.conftest import KEY, simulator_environ
from tests.journeys.machine import wait_for
from tests.journeys.platform import Platform


@pytest.fixture
def slow_kie() -> Iterator[Simulator]:
    with start_simulator(speed=100, api_key=KEY, balance=100_000) as made:
        yield made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("slow_s", [4, pytest.param(15, marks=pytest.mark.long)])
def test_a_stop_waits_for_the_answer_and_a_start_goes_on(
    slow_kie: Simulator, tmp_path: Path, slow_s: int
) -> None:
    names = {word: f"{word} {uuid.uuid4().hex}" for word in ("slow", "held", "cut")}
    environ = simulator_environ(slow_kie) | {"POLL_SECONDS": "1,1,1"}
    with Platform(tmp_path / "data", **environ) as platform:
        slow_kie.fault(
            "delay", on="create", seconds=slow_s, match={"prompt_contains": names["slow"]}
        )
        slow = platform.request(names["slow"])
        wait_for(lambda: tasks_named(slow_kie, names["slow"]), "not sent", 10)
        took_s = platform.stop()
        assert slow_s - 1 < took_s < 30

        platform.start()
        assert platform.look(slow)["provider_task_id"] == tasks_named(slow_kie, names["slow"])[0]
        platform.wait_for_video(slow)

        slow_kie.fault("answer", code=429, on="create", match={"prompt_contains": names["held"]})
        slow_kie.fault("delay", on="create", seconds=2, match={"prompt_contains": names["cut"]})
        held = platform.request(names["held"])
        wait_for(lambda: "refused" in kinds_of(platform, held), "not put off", 10)
        cut = platform.request(names["cut"])
        wait_for(lambda: tasks_named(slow_kie, names["cut"]), "not sent", 10)
        platform.kill()
        slow_kie.clear_faults()
        platform.start()
        platform.wait_for_video(held, within_s=60)
        # The answer to this one was on its way: nobody can know it, and nobody sends it again.
        assert platform.look(cut)["status"] in {"submitting", "unknown"}
        for name in names.values():
            assert len(tasks_named(slow_kie, name)) == 1
        assert platform.stop() < 10


def kinds_of(platform: Platform, generation: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in platform.events(generation)]


def tasks_named(kie: Simulator, prompt: str) -> list[str]:
    """Answer the ids of the tasks that KIE has made for a prompt."""
    return [task.task_id for task in kie.ledger().tasks if task.input["prompt"] == prompt]
