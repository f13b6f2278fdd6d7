"""The worker: a django-q2 cluster that proves every few seconds that it takes tasks."""

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from generations import queue

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 5.0
MOST_WAITING = 50


class Command(BaseCommand):
    help = "Run the queue's workers until TERM or INT. ./run worker calls and watches this."

    def handle(self, *args: object, **options: object) -> None:
        status = queue.run_cluster(beat=_ring_for_a_beat, every_s=BEAT_EVERY_S)
        if status:
            raise CommandError("The cluster's sentinel has died.", returncode=status)


def _ring_for_a_beat() -> None:
    try:
        if queue.waiting() < MOST_WAITING:
            queue.ring(queue.Task.BEAT)
    except DatabaseError:
        # Without a database no task can run, and starting the cluster anew would not bring it back.
        queue.touch_heartbeat()
        log.exception("beat not rung")
