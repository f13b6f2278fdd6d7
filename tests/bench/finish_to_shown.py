"""From a task's end at KIE to `succeeded` over REST: with callbacks, or by reading alone.

Without callbacks the reading interval decides. KIE's jobs take some 130 s, and at that age the shipped
POLL_SECONDS (5,10,30) reads every 10 s; the benchmark sets 10 s from the start instead of waiting two
minutes, and spreads the ends evenly over one interval.
"""

import time
from dataclasses import dataclass

from tests.bench.figures import report_times
from tests.bench.platform import Platform, running

PATIENCE_S, LOOK_S = 45.0, 0.03


@dataclass(frozen=True, slots=True)
class Variant:
    """How it is set up. So few tasks that their reads stay well below the account's limit."""

    callbacks: bool
    poll_seconds: str
    tasks: int
    shortest_s: float
    spread_s: float
    median_at_most_s: float
    p95_at_most_s: float


VARIANTS = {
    "callbacks": Variant(True, "5,10,30", 16, 5.5, 8.0, 0.5, 1.0),
    "demo": Variant(False, "2,5,10", 12, 4.5, 2.0, 2.0, 3.0),
    "default": Variant(False, "10,10,30", 24, 10.5, 10.0, 6.0, 11.0),
}


def main(name: str) -> None:
    variant = VARIANTS[name]
    with running(
        callbacks=variant.callbacks,
        POLL_SECONDS=variant.poll_seconds,
        KIE_CREATES_PER_10S="100",
    ) as platform:
        time.sleep(1.0)
        began_s = time.time()
        for number in range(variant.tasks):
            # 7 is coprime to the number: every part of the interval is met once, in no order.
            part = (number * 7 % variant.tasks) / variant.tasks
            _start(platform, f"task {number}", variant.shortest_s + part * variant.spread_s)
        asked_s = time.time() - began_s
        shown = _watch(platform, variant.tasks)
        ended = {str(t.input["prompt"]): t.completed_at for t in platform.kie.ledger().tasks}
    report_times(
        f"finish_to_shown.{name}",
        [at_s - (ended[prompt] or 0.0) for prompt, at_s in shown.items()],
        unit="s",
        median_at_most=variant.median_at_most_s,
        p95_at_most=variant.p95_at_most_s,
        detail=f"POLL_SECONDS={variant.poll_seconds}, callbacks "
        f"{'on' if variant.callbacks else 'off'}; asked within {asked_s:.0f} s, "
        f"looked at every {LOOK_S} s",
    )


def _start(platform: Platform, prompt: str, job_s: float) -> None:
    """Ask for a generation whose task takes so long, and wait until KIE has it."""
    platform.kie.settings(job_seconds=job_s)
    before = platform.kie.ledger().tasks
    platform.ask(prompt)
    until_s = time.monotonic() + PATIENCE_S
    while len(platform.kie.ledger().tasks) == len(before):
        if time.monotonic() > until_s:
            raise RuntimeError(f"{prompt} did not arrive")
        time.sleep(0.02)


def _watch(platform: Platform, tasks: int) -> dict[str, float]:
    """Answer when each was first shown as succeeded, by prompt."""
    shown: dict[str, float] = {}
    until_s = time.monotonic() + PATIENCE_S
    while len(shown) < tasks:
        if time.monotonic() > until_s:
            raise RuntimeError(f"{len(shown)} of {tasks} are shown as succeeded")
        found = platform.call("GET", "generations/?status=succeeded&page_size=100")
        now_s = time.time()
        for row in found["results"]:
            shown.setdefault(row["input"]["prompt"], now_s)
        time.sleep(LOOK_S)
    return shown
