"""What a change of state costs: a bare conditional UPDATE, ours with its event, and a limit's use."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F

from generations.models import EventKind, Generation, Status
from generations.models.transition import PROVIDER, record, transition
from generations.services import limits
from tests.bench.figures import report
from tests.bench.rows import make_running

REPEATS, ROWS = 3, 250
# Of a bare conditional UPDATE, at least so many a second.
TARGETS = {"sqlite": 5000, "postgresql": 1500}


def main() -> None:
    vendor, now = connection.vendor, datetime.now(UTC)
    rows = make_running(ROWS, age_s=60, now=now)
    ends = iter([make_running(ROWS, age_s=60, now=now) for _ in range(REPEATS)])
    calls: dict[str, Callable[[], float]] = {
        "bare_cas": lambda: _rate(rows, _bare),
        "event_without_move": lambda: _rate(rows, lambda row: _event(row, now)),
        "transition": lambda: _rate(next(ends), lambda row: _end(row, now)),
    }
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(REPEATS):
        for name, call in calls.items():
            rates[name].append(call())
    found = {name: statistics.median(values) for name, values in rates.items()}
    report(
        f"transitions.{vendor}.bare_cas",
        found["bare_cas"],
        "rows/s",
        at_least=TARGETS[vendor],
        detail="UPDATE … WHERE pk AND status, a transaction each, committed to the disk",
    )
    for name, words in (
        ("transition", "the UPDATE, the row read back, its event, one transaction"),
        ("event_without_move", "the same without a change of status"),
    ):
        times = found["bare_cas"] / found[name]
        detail = f"{words}; a bare CAS is {times:.1f} times as fast and leaves no trail"
        report(f"transitions.{vendor}.{name}", found[name], "rows/s", detail=detail)
    report(
        f"transitions.{vendor}.limit_take",
        statistics.median(_takes(now, repeat) for repeat in range(REPEATS)),
        "takes/s",
        detail="limits.take of one create, 18 in 10 s shipped, the clock moved on by 0.6 s a take",
    )


def _rate(rows: list[Generation], change: Callable[[Generation], object]) -> float:
    began_s = time.perf_counter()
    for row in rows:
        assert change(row)
    return len(rows) / (time.perf_counter() - began_s)


def _bare(row: Generation) -> int:
    found = Generation.objects.filter(pk=row.pk, status=Status.RUNNING)
    return found.update(version=F("version"), last_poll_at=row.created_at)


def _event(row: Generation, now: datetime) -> Generation | None:
    return record(
        row.pk,
        kind=EventKind.PROVIDER_STATE,
        actor=PROVIDER,
        now=now,
        detail={"from": "waiting", "to": "generating"},
    )


def _end(row: Generation, now: datetime) -> Generation | None:
    return transition(
        row.pk,
        sources=[Status.RUNNING],
        to=Status.SUCCEEDED,
        kind=EventKind.SUCCEEDED,
        actor=PROVIDER,
        now=now,
        detail={"credits": "160.00"},
        changes={"result_url": "https://results.example.com/video.mp4"},
    )


def _takes(now: datetime, repeat: int) -> float:
    count = 150
    first_at = now + timedelta(hours=repeat + 1)
    began_s = time.perf_counter()
    for number in range(count):
        assert limits.take(limits.CREATES, now=first_at + timedelta(seconds=number * 0.6))
    return count / (time.perf_counter() - began_s)
