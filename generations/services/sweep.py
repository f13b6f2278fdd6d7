"""The sweep: one loop for all processes that finds whatever is due and sees to it.

It holds a database lease, reads KIE in threads, applies what comes back, declares dead senders'
generations unknown, and rings the bells of submissions and copies. A turn lasts a minute; then the
next one is rung for, so that a deploy or a leak never sticks to one process.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Protocol

import structlog

from generations import queue
from generations.kie import ReadFailed, TaskRecord
from generations.services import archive, lane, leases, limits, outcome, poll, submit

log = structlog.get_logger(__name__)

LEASE_NAME = "sweep"
LEASE_S = 20
RENEW_EVERY_S = 5.0
TURN_S = 60.0
TICK_S = 0.25
THREADS = 64
# A read's own deadline is 15 s; what is not back by then is given back.
DRAIN_S = 16.0
DRAIN_WHEN_STOPPING_S = 2.0
# Copies at one time: two, so that slow downloads leave workers for submissions.
MOST_COPIES = 2
# Bells beyond this many say nothing new.
MOST_WAITING = 12


class Client(Protocol):
    def read_task(self, task_id: str) -> TaskRecord: ...


class Sweep:
    """One turn of the loop. `run` holds the lease; `step` is one pass and never waits.

    `drain` comes last, when the next turn may have begun: it applies the reads still under way.

    `pace` is called in the reading thread just before each read, and may wait.
    """

    def __init__(
        self,
        *,
        client: Client,
        clock: Callable[[], datetime],
        holder: str,
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self.client = client
        self.clock = clock
        self.holder = holder
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="read")
        self.pace = pace
        self.reading: dict[Future[TaskRecord], poll.Due] = {}

    def run(self, *, should_stop: Callable[[], bool], turn_s: float = TURN_S) -> bool:
        """Sweep for one turn. False when another process holds the lease."""
        if not self._take_lease():
            return False
        started = renewed = time.monotonic()
        try:
            while not should_stop() and time.monotonic() - started < turn_s:
                if time.monotonic() - renewed >= RENEW_EVERY_S:
                    if not self._take_lease():
                        return False
                    renewed = time.monotonic()
                self.step()
                self._go_on_reading(for_s=TICK_S)
        finally:
            leases.release(LEASE_NAME, holder=self.holder)
        return True

    def drain(self, *, should_stop: Callable[[], bool]) -> None:
        """Apply the reads that are under way; those that take too long are made due again."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        never_begun = [future for future in self.reading if future.cancelled()]
        poll.give_back([self.reading.pop(future) for future in never_begun], now=self.clock())
        began_s = time.monotonic()
        while self.reading:
            longest_s = DRAIN_WHEN_STOPPING_S if should_stop() else DRAIN_S
            if time.monotonic() - began_s >= longest_s:
                break
            wait(self.reading, timeout=TICK_S, return_when=FIRST_COMPLETED)
            self._apply_finished(wait_s=0.0)
        poll.give_back(self.reading.values(), now=self.clock())
        self.reading.clear()

    def step(self) -> None:
        """Do what is due now."""
        now = self.clock()
        outcome.expire_leases(now=now)
        self._apply_finished(wait_s=0.0)
        self._start_reads(now)
        self._ring_bells(now)

    def _go_on_reading(self, *, for_s: float) -> None:
        """Apply each answer as soon as it is there, and read on where more is due."""
        until = time.monotonic() + for_s
        while self.reading and (left_s := until - time.monotonic()) > 0:
            wait(self.reading, timeout=left_s, return_when=FIRST_COMPLETED)
            self._apply_finished(wait_s=0.0)
            self._start_reads(self.clock())
        time.sleep(max(0.0, until - time.monotonic()))

    def _take_lease(self) -> bool:
        return leases.take(LEASE_NAME, holder=self.holder, now=self.clock(), seconds=LEASE_S)

    def _start_reads(self, now: datetime) -> None:
        # No more of the limit than there is to read: what is taken is gone for a second.
        wanted = poll.count_due(now=now, most=THREADS - len(self.reading))
        if not wanted:
            return
        most = limits.take(limits.READS, now=now, most=wanted)
        for due in poll.claim_due(now=now, most=most):
            self.reading[self.pool.submit(self._read, due.task_id)] = due

    def _read(self, task_id: str) -> TaskRecord:
        self.pace()
        return self.client.read_task(task_id)

    def _apply_finished(self, *, wait_s: float) -> None:
        ended = {
            self.reading.pop(future): future for future in wait(self.reading, timeout=wait_s).done
        }
        unchanged = self._apply_unchanged(ended)
        for due in ended.keys() - unchanged:
            self._apply(due, ended[due])

    def _apply_unchanged(self, ended: Mapping[poll.Due, Future[TaskRecord]]) -> frozenset[poll.Due]:
        """Deal at once with the records that say nothing new, nearly all of them."""
        read = [(due, f.result()) for due, f in ended.items() if f.exception() is None]
        try:
            return poll.apply_unchanged(read, now=self.clock())
        except Exception:
            log.exception("unchanged records not applied")
            return frozenset()

    def _apply(self, due: poll.Due, future: Future[TaskRecord]) -> None:
        try:
            task = future.result()
        except ReadFailed as failure:
            poll.apply_failure(due, failure, now=self.clock())
        except Exception:
            # One odd record must not stop the others; its claim runs out and it is read again.
            log.exception("read failed", generation=str(due.generation_id))
        else:
            self._apply_record(due, task)

    def _apply_record(self, due: poll.Due, task: TaskRecord) -> None:
        try:
            poll.apply_record(due, task, now=self.clock())
        except Exception:
            log.exception("record not applied", generation=str(due.generation_id))

    def _ring_bells(self, now: datetime) -> None:
        if queue.waiting() >= MOST_WAITING:
            return
        if submit.has_due(now=now) and lane.is_open(lane.get(), now=now):
            for _ in range(min(2, limits.free(limits.CREATES, now=now))):
                queue.ring(queue.Task.SUBMIT)
        idle = MOST_COPIES - archive.count_running(now=now)
        for _ in range(min(idle, archive.count_due(now=now))):
            queue.ring(queue.Task.ARCHIVE)


def is_running(*, now: datetime) -> bool:
    """Tell whether some process holds the sweep's lease."""
    return leases.is_held(LEASE_NAME, now=now)
