"""The hourly tidying: what killed processes and old messages have left behind, and what has waited
too long for an answer.
"""

import time
from datetime import datetime, timedelta

from generations import queue, storage
from generations.models import CallbackHit, Heartbeat
from generations.services import suspense

KEEP_CALLBACKS = timedelta(days=90)
KEEP_HEARTBEATS = timedelta(days=1)
STALE_PART_S = 3600


def tidy(*, now: datetime) -> None:
    """Remove stale files, callback traces and the queue's leftovers; see to what is overdue."""
    suspense.suspect_old(now=now)
    for part in storage.stale_parts(older_than=time.time() - STALE_PART_S):
        part.unlink(missing_ok=True)
    CallbackHit.objects.filter(received_at__lt=now - KEEP_CALLBACKS).delete()
    Heartbeat.objects.filter(at__lt=now - KEEP_HEARTBEATS).delete()
    queue.forget_old(now=now)
