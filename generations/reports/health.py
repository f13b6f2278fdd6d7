"""Whether the platform can do its work now, and the figures that show how well it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db.models import Count, Min

from generations import queue, storage
from generations.models import Generation, Heartbeat, Lane, Status

HEARTBEAT_FRESH_FOR = timedelta(seconds=45)
# Reads are due every 5 s at first; one that waits this long shows that nobody reads.
LONGEST_POLL_LAG = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted at one moment. None stands for nothing to measure: no beat, nothing due."""

    heartbeat_age_s: float | None
    poll_lag_s: float | None
    send_lag_s: float | None
    queue_length: int
    free_mb: int
    is_paused: bool
    blocked_code: int | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """`reasons` names what stands in the way, by check; empty when the platform is ready."""

    reasons: Mapping[str, str]
    figures: Figures | None

    @property
    def is_ready(self) -> bool:
        return not self.reasons


def readiness(*, now: datetime) -> Readiness:
    """Judge whether work can be taken and done. Never raises because of the database."""
    disk = _disk_problem()
    try:
        found = figures(now=now)
    except DatabaseTrouble as trouble:
        return Readiness({"database": type(trouble).__name__} | disk, None)
    return Readiness(_heartbeat_problem(found) | _poll_problem(found) | disk, found)


def figures(*, now: datetime) -> Figures:
    """Count what readiness is judged by. Every query follows an index."""
    beat_at = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    lane = Lane.objects.filter(pk=1).first()
    due = Generation.objects.filter(next_poll_at__lte=now)
    queued = Generation.objects.filter(status=Status.QUEUED, dispatch_at__lte=now)
    return Figures(
        heartbeat_age_s=_age_s(beat_at, now),
        poll_lag_s=_age_s(due.aggregate(at=Min("next_poll_at"))["at"], now),
        send_lag_s=_age_s(queued.aggregate(at=Min("dispatch_at"))["at"], now),
        queue_length=queue.waiting(),
        free_mb=storage.free_mb(),
        is_paused=lane is not None and lane.paused_at is not None,
        blocked_code=lane.blocked_code if lane else None,
    )


def count_by_status() -> dict[str, int]:
    """Answer how many generations are in each status; every status is named."""
    rows = Generation.objects.order_by().values_list("status").annotate(Count("pk"))
    counted: dict[str, int] = dict(rows)
    return {str(status): counted.get(status, 0) for status in Status}


def _age_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _heartbeat_problem(found: Figures) -> dict[str, str]:
    age_s, most_s = found.heartbeat_age_s, HEARTBEAT_FRESH_FOR.total_seconds()
    if age_s is None:
        return {"queue": "no worker has taken a task yet"}
    if age_s > most_s:
        return {"queue": f"no worker has taken a task for {age_s:.0f} s, {most_s:.0f} s at most"}
    return {}


def _poll_problem(found: Figures) -> dict[str, str]:
    lag_s, most_s = found.poll_lag_s or 0.0, LONGEST_POLL_LAG.total_seconds()
    if lag_s <= most_s:
        return {}
    return {"polls": f"the oldest due poll waits for {lag_s:.0f} s, {most_s:.0f} s at most"}


def _disk_problem() -> dict[str, str]:
    if storage.has_room():
        return {}
    return {"disk": f"{storage.free_mb()} MB free, {settings.MIN_FREE_MB} MB at least"}
