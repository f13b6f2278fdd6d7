"""What the queue calls. Each task takes no order from its message: the rows say what is due.

They answer nothing, never raise for what services anticipate, and begin nothing new once the
worker's parent is stopping it.
"""

import os
import time

import structlog
from django.conf import settings
from django.utils import timezone

from generations import provider, queue
from generations.kie import ReadFailed
from generations.services import archive as archiving
from generations.services import heartbeat, limits, outcome, reconcile
from generations.services import submit as submitting
from generations.services.housekeeping import tidy
from generations.services.sweep import Sweep, is_running

log = structlog.get_logger(__name__)

# A task goes on to the next due row for this long, well below the queue's own timeout.
LONGEST_S = 50.0
# A slow KIE may hold up so many workers and no more: the sweep and the beat need theirs.
SENDERS = 2
COPIERS = 2


def submit() -> None:
    """Send what waits, oldest first, while the account's limit allows."""
    with queue.seat(queue.Task.SUBMIT, of=SENDERS) as is_seated:
        if is_seated:
            queue.touch_heartbeat()
            _send_what_waits()


def _send_what_waits() -> None:
    started = time.monotonic()
    while not queue.is_stopping() and time.monotonic() - started < LONGEST_S:
        step = submitting.submit_next(
            client=provider.client(),
            callbacks=provider.callbacks(),
            clock=timezone.now,
            worker=_worker(),
            should_stop=queue.is_stopping,
        )
        if step is not submitting.Step.DONE:
            return


def sweep() -> None:
    """Run the sweep for one turn, then ring for the next one."""
    if queue.is_stopping() or is_running(now=timezone.now()):
        return
    turn = Sweep(
        client=provider.client(),
        clock=timezone.now,
        holder=_worker(),
        pace=limits.Pace(settings.KIE_READS_PER_SECOND).wait,
    )
    try:
        if turn.run(should_stop=queue.is_stopping) and not queue.is_stopping():
            queue.ring(queue.Task.SWEEP)
    finally:
        turn.drain(should_stop=queue.is_stopping)


def archive() -> None:
    """Copy the results that wait."""
    with queue.seat(queue.Task.ARCHIVE, of=COPIERS) as is_seated:
        if is_seated:
            queue.touch_heartbeat()
            _copy_what_waits()


def _copy_what_waits() -> None:
    started = time.monotonic()
    while not queue.is_stopping() and time.monotonic() - started < LONGEST_S:
        if not archiving.archive_next(
            fetcher=provider.fetcher(),
            links=provider.client(),
            clock=timezone.now,
            should_stop=queue.is_stopping,
        ):
            return


def balance() -> None:
    """Read KIE's balance and hold it against the books; what cannot be read now is read later."""
    queue.touch_heartbeat()
    now = timezone.now()
    if queue.is_stopping() or not reconcile.is_due(now=now):
        return
    if not limits.take(limits.READS, now=now):
        return
    try:
        reconcile.take_snapshot(client=provider.client(), now=now)
    except (ReadFailed, ValueError) as failure:
        log.warning("balance not read", why=str(failure))
        return
    reconcile.judge(now=timezone.now())


def beat() -> None:
    """Show that this cluster lives, bring receipts in, and start what nobody else has started."""
    now = timezone.now()
    heartbeat.beat(cluster=queue.cluster_name(), now=now)
    if not is_running(now=now) and not queue.is_stopping():
        queue.ring(queue.Task.SWEEP)
    if reconcile.is_due(now=now) and not queue.is_stopping():
        queue.ring(queue.Task.BALANCE)
    outcome.recover_receipts(now=now)


def housekeeping() -> None:
    tidy(now=timezone.now())


def _worker() -> str:
    return f"{os.uname().nodename}:{os.getpid()}"
