"""Real processes killed by -9 where it hurts: hours of bad luck in minutes. All of it is long."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kie_simulator.testing import Simulator, start_simulator
from kling_platform.launch.place import ROOT
from tests.faults.cluster import WORKERS, members
from tests.faults.conftest import KEY
from tests.journeys.machine import kill, wait_for
from tests.journeys.platform import Platform

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

RECOVERED_WITHIN_S = 180
SEED = os.environ.get("KILL_SEED", "20261123")


@pytest.fixture
def kie() -> Iterator[Simulator]:
    with start_simulator(speed=40, api_key=KEY, balance=1_000_000, seed=SEED) as made:
        yield made


def platform_for(kie: Simulator, folder: Path, **environ: str) -> Platform:
    return Platform(
        folder,
        KIE_BASE_URL=kie.url,
        KIE_API_KEY=KEY,
        PUBLIC_BASE_URL="{address}",
        **{"POLL_SECONDS": "2,5,10"} | environ,
    )


def check(platform: Platform, kie: Simulator) -> tuple[dict[str, int], int]:
    """Check the invariants over the platform's database.

    Answers the number of generations by status, and how many answers to createTask were ever lost.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.check", kie.url],
        cwd=ROOT,
        env=platform.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = {word: int(number) for word, number in map(str.split, done.stdout.splitlines())}
    lost = told.pop("lost_once")
    return told, lost


def tasks_by_prompt(kie: Simulator) -> Counter[str]:
    return Counter(task.input["prompt"] for task in kie.ledger().tasks)


@pytest.mark.parametrize("has_callbacks", [True, False], ids=["callbacks", "no callbacks"])
def test_fifty_senders_killed_between_the_answer_and_its_commit(
    kie: Simulator, tmp_path: Path, has_callbacks: bool
) -> None:
    kie.settings(creates_per_10s=0, callbacks="send" if has_callbacks else "never")
    # Some callbacks find nobody at home while the platform is started anew.
    kie.settings(callback_retries=20, callback_retry_s=200)
    with platform_for(kie, tmp_path / "data", KIE_CREATES_PER_10S="1000") as platform:
        platform.stop()
        platform.start("web")
        asked = {name: platform.request(name) for name in (f"kill {n}" for n in range(50))}
        deadly = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.kill_after_answer"],
            cwd=ROOT,
            env=platform.environ,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: len(kie.ledger().tasks) == len(asked), "not all were sent", 300)
            time.sleep(2)
        finally:
            deadly.kill()
            deadly.wait()
            platform.kill()
        began_s = time.monotonic()
        platform.start()
        ends = ("succeeded",) if has_callbacks else ("succeeded", "unknown")
        for generation in asked.values():
            platform.wait(generation, *ends, within_s=240)
        took_s = time.monotonic() - began_s
        time.sleep(5)
        by_status, lost = check(platform, kie)
        print(
            f"{len(asked)} killed senders: {by_status}, at rest {took_s:.0f} s after the start, "
            f"{lost} given up for lost on the way"
        )
        assert tasks_by_prompt(kie) == Counter(list(asked))
        assert kie.ledger().requests["/api/v1/jobs/createTask"] == len(asked)
        if has_callbacks:
            assert by_status == {"succeeded": len(asked)}
        else:
            # Every second one had its receipt on the disk; of the others only a person can know.
            assert by_status == {"succeeded": len(asked) // 2, "unknown": len(asked) // 2}


def test_an_idle_worker_that_is_killed_stops_work_for_three_minutes_at_most(
    kie: Simulator, tmp_path: Path
) -> None:
    """Whoever waits for the queue holds its lock, and SIGKILL takes the lock along."""
    with platform_for(kie, tmp_path / "data") as platform:
        for number, of in enumerate([1, 1, 1, WORKERS]):
            for worker in members(platform)["workers"][:of]:
                kill(worker)
            began_s = time.monotonic()
            asked = platform.request(f"after kill {number}")
            platform.wait(asked, "succeeded", within_s=RECOVERED_WITHIN_S)
            print(f"{of} idle workers killed: done {time.monotonic() - began_s:.0f} s later")
        assert check(platform, kie)[0] == {"succeeded": 4}


def test_two_minutes_of_random_kills_under_load(kie: Simulator, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    for kind, on, rate, params in [
        ("close_after_read", "create", 0.02, {}),
        ("answer", "create", 0.02, {"http_status": 500, "with_task": True}),
        ("reset_before", "create", 0.01, {}),
        ("html", "read", 0.03, {}),
        ("expired", "result", 0.05, {}),
        ("never", "callback", 0.05, {}),
    ]:
        kie.fault(kind, on=on, match={"rate": rate}, **params)
    with platform_for(kie, tmp_path / "data") as platform:
        asked, killed = run_under_kills(platform, dice, for_s=120)
        last_kill_s = time.monotonic()
        kie.clear_faults()
        canary = platform.request(f"canary {uuid.uuid4().hex}")
        platform.wait(canary, "succeeded", within_s=RECOVERED_WITHIN_S)
        recovered_s = time.monotonic() - last_kill_s
        for generation in asked:
            platform.wait(generation, "succeeded", "failed", "unknown", within_s=240)
        at_rest_s = time.monotonic() - last_kill_s
        by_status, lost = check(platform, kie)
        print(
            f"seed {SEED}: {len(asked)} generations, killed {dict(killed)}; a new one was done "
            f"{recovered_s:.0f} s after the last kill, all at rest after {at_rest_s:.0f} s: "
            f"{by_status}; "
            f"{lost} answers were lost, {lost - by_status.get('unknown', 0)} of them found again"
        )
        assert set(tasks_by_prompt(kie).values()) == {1}
        assert set(by_status) <= {"succeeded", "unknown"}
        print(f"stopped in {platform.stop():.1f} s")


def run_under_kills(
    platform: Platform, dice: random.Random, *, for_s: float
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Ask for some two generations a second and kill something every two to four seconds."""
    asked: list[dict[str, Any]] = []
    killed: Counter[str] = Counter()
    until_s = time.monotonic() + for_s
    next_kill_s = time.monotonic() + 3
    while time.monotonic() < until_s:
        asked.append(platform.request(f"load {uuid.uuid4().hex}"))
        if time.monotonic() >= next_kill_s:
            next_kill_s = time.monotonic() + dice.uniform(2, 4)
            living = [(role, pid) for role, pids in members(platform).items() for pid in pids]
            if living:
                role, pid = dice.choice(living)
                kill(pid)
                killed[role] += 1
        time.sleep(0.5)
    return asked, killed
