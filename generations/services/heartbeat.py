"""A cluster's proof of life: written by a task, so that it shows that tasks are taken."""

from datetime import datetime, timedelta

from generations import queue
from generations.models import Heartbeat

FRESH_FOR = timedelta(seconds=45)


def beat(*, cluster: str, now: datetime) -> None:
    """Show that this cluster takes tasks: to its parent by a file, to everybody by a row."""
    queue.touch_heartbeat()
    Heartbeat.objects.update_or_create(cluster=cluster, defaults={"at": now})


def newest_age_s(*, now: datetime) -> float | None:
    """Answer how long ago any cluster last took a task, in seconds; None when none ever did."""
    newest = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    return None if newest is None else max(0.0, (now - newest).total_seconds())
