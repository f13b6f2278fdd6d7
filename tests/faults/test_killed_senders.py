"""A sender that dies at any step of a submission: never two tasks, never one that nobody knows of.

A killed process leaves what it had committed and what it had written; so each case lets SystemExit,
which nothing on the way may catch, come out just before or just after one step.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django_q.timeout import TimeoutException

from generations import storage
from generations.kie import KieClient
from generations.models import Generation, SourceImage, Status, SubmissionAttempt
from generations.services import attach, incidents, lane, limits, outcome, picture, submit
from kie_simulator.testing import Simulator
from tests.factories import make_image
from tests.faults.ground import Ground

STEPS: dict[str, tuple[object, str]] = {
    "the oldest is taken": (submit, "_take_oldest"),
    "the picture is sent": (picture, "send"),
    "the picture's upload": (KieClient, "upload_image"),
    "a place in the limit is taken": (limits, "take"),
    "the lane's turn is taken": (lane, "take_turn"),
    "the claim is committed": (submit, "_claim"),
    "the claim's move": (submit, "transition"),
    "the attempt is written": (SubmissionAttempt.objects, "create"),
    "the request is sent": (KieClient, "create_task"),
    "the receipt is written": (storage, "write_receipt"),
    "the receipt is put": (storage, "put"),
    "the outcome is committed": (outcome, "_commit"),
    "the task is attached": (attach, "accept"),
    "the task's move": (attach, "transition"),
    "the outcome's move": (outcome, "transition"),
    "the attempt is closed": (outcome, "_close"),
    "the incident is opened": (incidents, "report"),
    "the lane is opened": (lane, "unblock"),
    "the receipt is dropped": (storage, "drop_receipt"),
}

# What KIE does with the first request.
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "accepts": ("delay", {"seconds": 0.0}),
    "refuses": ("answer", {"code": 422, "msg": "no"}),
    "puts off": ("answer", {"code": 429, "msg": "later"}),
    "refuses the account": ("answer", {"code": 402, "msg": "no credits"}),
    "closes": ("close_after_read", {}),
    "answers oddly": ("answer", {"code": 500, "with_task": True, "shows_task_id": True}),
}


@dataclass
class Killer:
    """Kills the one who calls a step for the first time."""

    when: str
    real: Callable[..., Any]
    is_armed: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.is_armed:
            return self.real(*args, **kwargs)
        if self.when == "after":
            self.real(*args, **kwargs)
        self.is_armed = False
        raise SystemExit


def put_in_the_way(monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> Killer:
    owner, name = STEPS[step]
    real = getattr(owner, name)
    killer = Killer(when, real)
    if isinstance(owner, type):
        monkeypatch.setattr(owner, name, lambda *args, **kwargs: killer(*args, **kwargs))
    else:
        monkeypatch.setattr(owner, name, killer)
    return killer


@pytest.mark.parametrize("has_callbacks", [True, False], ids=["callbacks", "no callbacks"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_sender_leaves_nothing_paid_twice_and_nothing_lost(
    ground: Ground,
    kie: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
    has_callbacks: bool,
) -> None:
    ground.has_callbacks = has_callbacks
    image = make_image(by=ground.author)
    killer = put_in_the_way(monkeypatch, step, when)
    asked: dict[str, Generation] = {}
    for answer, (kind, params) in ANSWERS.items():
        asked[answer] = ask_with_picture(ground, image)
        kie.clear_faults()
        kie.fault(kind, on="create", **params)
        killer.is_armed = True
        with suppress(SystemExit):
            ground.submit()
        killer.is_armed = False
        lane.resume()
        hide_from_the_others(asked[answer])
    Generation.objects.filter(status=Status.QUEUED).update(dispatch_at=ground.clock())
    ground.heal()
    for answer, generation in asked.items():
        check_one(ground, generation, f"KIE {answer}")
    assert list(storage.receipts(older_than=float("inf"))) == []


def check_one(ground: Ground, generation: Generation, story: str) -> None:
    generation.refresh_from_db()
    tasks = ground.tasks_of(generation)
    assert len(tasks) <= 1, f"{story}: paid {len(tasks)} times"
    if tasks and (ground.has_callbacks or generation.status != Status.UNKNOWN):
        assert generation.provider_task_id == tasks[0].task_id, story
        assert generation.status == Status.SUCCEEDED, story
    if not tasks:
        assert generation.status in {Status.UNKNOWN, Status.FAILED}, story


def hide_from_the_others(generation: Generation) -> None:
    """The next case is to send its own generation, not this one again."""
    far = generation.created_at + timedelta(days=1)
    Generation.objects.filter(pk=generation.pk, status=Status.QUEUED).update(dispatch_at=far)


@pytest.mark.parametrize("step", ["the receipt is written", "the receipt is put"])
def test_once_its_receipt_is_written_an_accepted_task_is_found_without_a_callback(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ground.has_callbacks = False
    generation = ground.ask()
    put_in_the_way(monkeypatch, step, "after")
    with pytest.raises(SystemExit):
        ground.submit()
    assert outcome.recover_receipts(now=ground.clock()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.RUNNING
    assert outcome.recover_receipts(now=ground.clock()) == 0


def test_an_alarm_at_any_moment_of_a_submission_is_a_killed_sender(
    live_ground: Ground,
) -> None:
    """The queue's own timeout is an exception out of a signal: it may come between any two lines.

    Another signal stands for SIGALRM, which the tests' own timeout needs.
    """
    ground = live_ground
    for number in range(40):
        generation = ground.ask()
        interrupt(ground.submit, after_s=0.001 + number * 0.001)
        hide_from_the_others(generation)
    Generation.objects.filter(status=Status.QUEUED).update(dispatch_at=ground.clock())
    ground.heal()
    for generation in ground.asked:
        check_one(ground, generation, "an alarm")


def interrupt(work: Callable[[], object], *, after_s: float) -> None:
    """Do the work until the queue's timeout strikes, if it does."""

    def ring(signal_number: int, frame: object) -> None:
        raise TimeoutException("Task exceeded maximum timeout value (180 seconds)")

    before = signal.signal(signal.SIGUSR1, ring)
    main = threading.main_thread().ident
    assert main
    is_done = threading.Event()

    def alarm() -> None:
        if not is_done.wait(after_s):
            signal.pthread_kill(main, signal.SIGUSR1)

    ringer = threading.Thread(target=alarm)
    try:
        ringer.start()
        work()
        is_done.set()
        ringer.join()
    except (TimeoutException, DatabaseError):
        # Out of the middle of a statement PostgreSQL's driver complains of the statement instead.
        # The worker ends after that, and what it had not committed ends with its connection.
        raw = connection.connection
        connection.in_atomic_block = False
        connection.close()
        if raw is not None:
            raw.close()  # Django may have lost hold of it in the middle of opening or closing
    finally:
        signal.signal(signal.SIGUSR1, before)


def ask_with_picture(ground: Ground, image: SourceImage) -> Generation:
    generation = ground.ask()
    generation.input["image_url"] = None
    Generation.objects.filter(pk=generation.pk).update(image=image, input=generation.input)
    generation.refresh_from_db()
    return generation
