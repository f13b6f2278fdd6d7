"""The sweep: finds what is due, reads it in threads, and rings for the rest."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from generations import queue
from generations.kie import TaskRecord, Unreachable
from generations.models import Generation, Status
from generations.services import leases, limits, outcome
from generations.services import sweep as sweep_room
from generations.services.submit import LEASE
from generations.services.sweep import LEASE_NAME, Sweep
from tests.fakes import Clock, FakeKie, success_record, unknown

Ask = Callable[..., Generation]


class Reader:
    """Answers reads by task id."""

    def __init__(self, **answers: TaskRecord | Exception) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def read_task(self, task_id: str) -> TaskRecord:
        self.asked.append(task_id)
        found = self.answers.get(task_id.replace("-", "_"), success_record(task_id))
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[queue.Task]:
    """The bells rung during the test."""
    bells: list[queue.Task] = []
    monkeypatch.setattr(queue, "ring", lambda task, argument="": bells.append(task))
    return bells


def _sweep(reader: Reader, clock: Clock) -> Sweep:
    return Sweep(client=reader, clock=clock, holder="tester")


def _settle(sweep: Sweep) -> None:
    sweep.step()
    sweep._apply_finished(wait_s=5)


def test_everything_due_is_read_and_applied(
    ask: Ask, send: Callable[..., object], clock: Clock, rung: list[queue.Task]
) -> None:
    for _ in range(3):
        ask()
        send()
    clock.forward(5)
    _settle(_sweep(Reader(), clock))
    assert set(Generation.objects.values_list("status", flat=True)) == {Status.SUCCEEDED}


def test_reads_keep_within_the_limit(
    ask: Ask, send: Callable[..., object], clock: Clock, settings: object
) -> None:
    settings.KIE_READS_PER_SECOND = 2  # type: ignore[attr-defined]
    for _ in range(5):
        ask()
        send()
    clock.forward(5)
    reader = Reader()
    sweep = _sweep(reader, clock)
    _settle(sweep)
    _settle(sweep)
    assert len(reader.asked) == 2
    clock.forward(1)
    _settle(sweep)
    assert len(reader.asked) == 4


def test_one_odd_record_does_not_stop_the_others(
    ask: Ask, send: Callable[..., object], clock: Clock
) -> None:
    for _ in range(3):
        ask()
        send()
    clock.forward(5)
    reader = Reader(task_0000001=RuntimeError("bug"), task_0000002=Unreachable("502"))
    _settle(_sweep(reader, clock))
    by_task = dict(Generation.objects.values_list("provider_task_id", "status"))
    assert by_task == {
        "task-0000001": Status.RUNNING,
        "task-0000002": Status.RUNNING,
        "task-0000003": Status.SUCCEEDED,
    }
    assert not Generation.objects.filter(status=Status.RUNNING, next_poll_at=None).exists()


def test_a_dead_senders_generation_is_found(
    ask: Ask, send: Callable[..., object], kie: FakeKie, clock: Clock, rung: list[queue.Task]
) -> None:
    ask()

    def die(task: object) -> None:
        raise SystemExit

    kie.on_create = die
    with pytest.raises(SystemExit):
        send()
    clock.forward(LEASE.total_seconds())
    _settle(_sweep(Reader(), clock))
    assert Generation.objects.get().status == Status.UNKNOWN


def test_a_queued_row_that_no_message_announced_is_rung_for(
    ask: Ask, clock: Clock, rung: list[queue.Task]
) -> None:
    ask()
    rung.clear()
    sweep = _sweep(Reader(), clock)
    sweep.step()
    assert set(rung) == {queue.Task.SUBMIT}


def test_lost_answers_are_not_rung_for(
    ask: Ask, send: Callable[..., object], kie: FakeKie, clock: Clock, rung: list[queue.Task]
) -> None:
    ask()
    kie.outcomes.append(unknown())
    send()
    rung.clear()
    clock.forward(3600)
    sweep = _sweep(Reader(), clock)
    sweep.step()
    assert rung == []
    assert outcome.expire_leases(now=clock()) == 0


def test_one_sweep_runs_at_a_time(clock: Clock, rung: list[queue.Task]) -> None:
    assert leases.take(LEASE_NAME, holder="another", now=clock(), seconds=20)
    assert _sweep(Reader(), clock).run(should_stop=lambda: True) is False
    clock.forward(20)
    assert _sweep(Reader(), clock).run(should_stop=lambda: True) is True
    assert not leases.is_held(LEASE_NAME, now=clock())


def test_an_answer_is_applied_without_waiting_for_the_next_step(
    ask: Ask, send: Callable[..., object], clock: Clock, rung: list[queue.Task]
) -> None:
    ask()
    send()
    clock.forward(5)
    sweep = _sweep(Reader(), clock)
    sweep.step()
    sweep._go_on_reading(for_s=0.2)
    assert Generation.objects.get().status == Status.SUCCEEDED


class SlowReader(Reader):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def read_task(self, task_id: str) -> TaskRecord:
        assert self.may_answer.wait(20)
        return super().read_task(task_id)


def test_a_read_that_outlasts_its_turn_is_applied_when_the_next_turn_may_run(
    ask: Ask, send: Callable[..., object], clock: Clock, rung: list[queue.Task]
) -> None:
    ask()
    send()
    clock.forward(5)
    reader = SlowReader()
    sweep = _sweep(reader, clock)
    assert sweep.run(should_stop=lambda: False, turn_s=0.1) is True
    assert not leases.is_held(LEASE_NAME, now=clock())
    reader.may_answer.set()
    sweep.drain(should_stop=lambda: False)
    assert Generation.objects.get().status == Status.SUCCEEDED


def test_a_read_that_never_comes_back_is_due_again_at_once(
    ask: Ask,
    send: Callable[..., object],
    clock: Clock,
    rung: list[queue.Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep_room, "DRAIN_S", 0.3)
    ask()
    send()
    clock.forward(5)
    reader = SlowReader()
    sweep = _sweep(reader, clock)
    sweep.run(should_stop=lambda: False, turn_s=0.1)
    sweep.drain(should_stop=lambda: False)
    reader.may_answer.set()
    assert Generation.objects.get().next_poll_at == clock()


def test_reads_that_begin_late_do_not_begin_together_with_the_next_ones() -> None:
    pace = limits.Pace(2)

    def begin(number: int) -> float:
        pace.wait()
        return time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        began_s = sorted(pool.map(begin, range(4)))
    assert began_s[2] - began_s[0] >= 0.99
    assert began_s[3] - began_s[1] >= 0.9
