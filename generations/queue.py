"""The only place that knows django-q2: names of tasks, bells and schedules.

A message is a bell, not an order. It carries at most one id, may come twice, late or never; the rows
say what is due. So `ring` may be called freely, also inside a transaction: with the ORM broker the
message commits, or vanishes, with the rows.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.models import Failure, OrmQ, Schedule
from django_q.tasks import async_task


class Task(StrEnum):
    """Every task there is; generations.tasks holds the functions of the same names."""

    SUBMIT = "submit"
    SWEEP = "sweep"
    ARCHIVE = "archive"
    BALANCE = "balance"
    BEAT = "beat"
    HOUSEKEEPING = "housekeeping"


_MODULE = "generations.tasks"


def ring(task: Task, argument: str = "") -> None:
    """Ask some worker to run the task soon."""
    arguments = (argument,) if argument else ()
    async_task(f"{_MODULE}.{task}", *arguments, task_name=str(task))


def waiting() -> int:
    """Answer how many messages wait for a worker.

    What a killed worker had taken lies in the broker for another `retry` seconds; it waits for nobody.
    """
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()


@contextmanager
def seat(task: Task, *, of: int) -> Iterator[bool]:
    """Hold one of the places that a task has on this host; False when all are taken.

    A place is a lock of the kernel's, so it is free again the moment its holder dies.
    """
    folder = Path(settings.DATA_DIR) / "run" / "seats"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        places = (
            opened.enter_context((folder / f"{task}-{number}").open("w")) for number in range(of)
        )
        yield any(_is_locked_by_us(place) for place in places)


def _is_locked_by_us(place: IO[str]) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget_old(*, now: datetime) -> None:
    """Delete the queue's own records of failures after 30 days, without reading their pickles."""
    Failure.objects.filter(stopped__lt=now - timedelta(days=30)).delete()


def install_schedules() -> None:
    """Make the schedules be exactly ours. Safe to repeat.

    The minute's beat is the second string: clusters start their own loop, this one finds it missing.
    """
    wanted = {Task.BEAT: Schedule.MINUTES, Task.HOUSEKEEPING: Schedule.HOURLY}
    for task, kind in wanted.items():
        Schedule.objects.update_or_create(
            name=f"platform {task}",
            defaults={
                "func": f"{_MODULE}.{task}",
                "schedule_type": kind,
                "minutes": 1,
                "repeats": -1,
                "args": None,
                "kwargs": None,
            },
        )
    Schedule.objects.exclude(name__in=[f"platform {task}" for task in wanted]).delete()


def run_cluster(*, beat: Callable[[], None], every_s: float) -> int:
    """Run a cluster in this process until it is told to stop by TERM or INT.

    `beat` is called at the start and then every `every_s` seconds, in this process and after the
    fork. Returns the exit status to end with: 0 for an ordered stop, as a shell would say it (137
    for a kill) when the cluster's sentinel has died under us.
    """
    cluster = Cluster()
    cluster.start()
    while cluster.sentinel.is_alive():
        beat()
        due = time.monotonic() + every_s
        while cluster.sentinel.is_alive() and time.monotonic() < due:
            time.sleep(0.2)
    if cluster.stop_event is None:
        return 0
    code: int = cluster.sentinel.exitcode or 1
    return 128 - code if code < 0 else code


def is_stopping() -> bool:
    """Tell whether this worker's parent is stopping it, so that nothing new may be begun."""
    path = os.environ.get("WORKER_STOP_FILE")
    return path is not None and Path(path).exists()


def touch_heartbeat() -> None:
    """Show this cluster's parent that a worker has taken a task."""
    path = os.environ.get("HEARTBEAT_FILE")
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()


def cluster_name() -> str:
    """Answer a name for the cluster that this process belongs to: host and process group."""
    return f"{os.uname().nodename}:{os.getpgrp()}"
