"""django-q2 as the platform ships it: ringing, taking messages off, and how soon one is taken.

One message a fetch (`bulk` 1) and two in memory (`queue_limit` 2) keep messages from growing old in
memory, where time counts against `retry`. What that costs is measured beside it.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from generations import queue
from tests.bench.figures import report, report_times
from tests.bench.place import ROOT

RUNG, IN_ONE, DRAINED, PACED = 600, 50, 800, 40
PATIENCE_S = 25.0
# Targets of at least so many a second: enqueue, drain.
TARGETS = {"sqlite": (3500, 1200), "postgresql": (1200, 750)}
_DURABLE = {
    "sqlite": "synchronous FULL: each commit is on the disk, as a task id that is money must be",
    "postgresql": "synchronous_commit as the server has it",
}
_SETTINGS = os.environ["DJANGO_SETTINGS_MODULE"]


def main() -> None:
    vendor = connection.vendor
    enqueue, drain = TARGETS[vendor]
    detail = f"{RUNG} bells, {_DURABLE[vendor]}"
    report(f"queue.{vendor}.ring", _ring_alone(), "bells/s", at_least=enqueue, detail=detail)
    report(
        f"queue.{vendor}.ring_in_transaction",
        _ring_together(),
        "bells/s",
        at_least=enqueue,
        detail=f"{detail}; {IN_ONE} in one transaction",
    )
    if vendor == "sqlite":
        bulk = _drain("tests.bench.bulk_settings")
        detail = "not shipped, to show what bulk 1 and limit 2 cost: bulk 20, limit 60"
        report(f"queue.{vendor}.drained_bulk_20", bulk, "tasks/s", detail=detail)
    with _cluster(_SETTINGS) as notes:
        report(
            f"queue.{vendor}.drained",
            _drained(notes),
            "tasks/s",
            at_least=drain,
            detail=f"{DRAINED} no-ops until no message is left; as shipped: 4 workers, bulk 1, "
            "limit 2, so that messages do not grow old in memory: caution costs speed here",
        )
        times = _paced(notes)
    report_times(
        f"queue.{vendor}.idle_ring_to_start",
        times,
        median_at_most=20,
        p95_at_most=35,
        detail="as shipped: poll 0.05 s, the sweep and the beat running beside",
    )


def _ring_alone() -> float:
    queue.ring(queue.Task.SUBMIT)
    began_s = time.perf_counter()
    for _ in range(RUNG):
        queue.ring(queue.Task.SUBMIT)
    rate = RUNG / (time.perf_counter() - began_s)
    OrmQ.objects.all().delete()
    return rate


def _ring_together() -> float:
    began_s = time.perf_counter()
    for _ in range(RUNG // IN_ONE):
        with transaction.atomic():
            for _ in range(IN_ONE):
                queue.ring(queue.Task.SUBMIT)
    rate = RUNG / (time.perf_counter() - began_s)
    OrmQ.objects.all().delete()
    return rate


def _drain(settings_module: str) -> float:
    with _cluster(settings_module) as notes:
        return _drained(notes)


@contextlib.contextmanager
def _cluster(settings_module: str) -> Iterator[Path]:
    """Fill the queue, then start a worker, and hand out where its tasks make their notes."""
    notes = Path(settings.DATA_DIR) / f"notes-{time.time_ns()}"
    with transaction.atomic():
        for _ in range(DRAINED):
            _send(notes)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "run_cluster"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": settings_module},
        stdout=sys.stderr,
    )
    try:
        yield notes
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # What is left of the cluster dies with this benchmark's process group.
            process.kill()
            process.wait()
        OrmQ.objects.all().delete()


def _send(notes: Path) -> None:
    async_task("tests.bench.noted.note", str(notes), time.time(), task_name="note")


def _drained(notes: Path) -> float:
    """Answer messages a second, from the first task's start until none is left in the database."""
    newest = OrmQ.objects.order_by("-pk").values_list("pk", flat=True)[0]
    until_s = time.monotonic() + PATIENCE_S
    while OrmQ.objects.filter(pk__lte=newest).exists():
        if time.monotonic() > until_s:
            raise RuntimeError(f"{OrmQ.objects.count()} of {DRAINED} messages are left")
        time.sleep(0.02)
    ended_at = time.time()
    return DRAINED / (ended_at - min(at for _, at in _noted(notes)))


def _paced(notes: Path) -> list[float]:
    """Answer how long each of some messages waited for its task to start, one at a time."""
    time.sleep(1.0)
    before = len(_noted(notes))
    for _ in range(PACED):
        _send(notes)
        time.sleep(random.uniform(0.1, 0.2))
    time.sleep(0.5)
    return [began_at - rung_at for rung_at, began_at in _noted(notes)[before:]]


def _noted(notes: Path) -> list[tuple[float, float]]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [(float(rung), float(began)) for rung, began in (line.split() for line in lines)]
