"""Many at once: whoever comes first has it, and nobody else, in threads and in processes."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection

from generations import provider, storage, tasks
from generations.kie import CreateOutcome, CreateTask
from generations.models import Generation, GenerationEvent, RateSlot, Status, SubmissionAttempt
from generations.services import archive, bootstrap, limits, outcome, submit
from kie_simulator.testing import Simulator
from tests.factories import make_attempt, make_generation
from tests.fakes import FakeFetcher, FakeKie, accepted
from tests.faults.conftest import KEY
from tests.faults.ground import Addresses, Ground
from tests.faults.invariants import check_invariants
from tests.processes import in_processes


@pytest.fixture
def author(transactional_db: None, data_dir: Path) -> User:
    bootstrap.bootstrap(now=datetime.now(UTC) - timedelta(days=365))
    return User.objects.create_user("olga")


def in_threads(number: int, work: Callable[[int], object]) -> None:
    """Do the work so many times at once, each with a connection of its own."""
    start = threading.Barrier(number)

    def one(index: int) -> None:
        try:
            start.wait(30)
            work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(one, index) for index in range(number)]:
            done.result()


class Recorder(FakeKie):
    """Accepts everything, under ids that no other process gives."""

    def create_task(self, task: CreateTask) -> CreateOutcome:
        self.sent.append(task)
        return accepted(f"task-{os.getpid()}-{threading.get_ident()}-{len(self.sent)}")


def send_all(kie: Recorder) -> list[str]:
    """Be one worker until nothing is due; answer the prompts sent."""
    while submit.submit_next(
        client=kie,
        callbacks=Addresses(""),
        clock=lambda: datetime.now(UTC),
        worker=f"{os.getpid()}",
        should_stop=lambda: False,
    ) is submit.Step.DONE or submit.has_due(now=datetime.now(UTC)):
        pass
    return [task.input["prompt"] for task in kie.sent]


def send_all_alone(index: int) -> list[str]:
    return send_all(Recorder())


def ask_for(number: int, author: User) -> list[Generation]:
    at = datetime.now(UTC) - timedelta(seconds=5)
    return [
        make_generation(
            by=author,
            at=at,
            input={"prompt": f"number {n}", "image_url": "https://files.example.com/a.png"},
        )
        for n in range(number)
    ]


def test_sixteen_threads_send_each_generation_once(author: User, settings: Any) -> None:
    settings.KIE_CREATES_PER_10S = 500
    asked = ask_for(100, author)
    kie = Recorder()
    in_threads(16, lambda _: send_all(kie))
    assert_each_was_sent_once(asked, [task.input["prompt"] for task in kie.sent])


def test_four_processes_send_each_generation_once(author: User, settings: Any) -> None:
    settings.KIE_CREATES_PER_10S = 500
    asked = ask_for(100, author)
    told = in_processes(4, send_all_alone)
    assert_each_was_sent_once(asked, [prompt for prompts in told for prompt in prompts])


def assert_each_was_sent_once(asked: list[Generation], prompts: list[str]) -> None:
    assert Counter(prompts) == Counter(generation.input["prompt"] for generation in asked)
    assert Generation.objects.filter(status=Status.RUNNING).count() == len(asked)
    assert SubmissionAttempt.objects.count() == len(asked)
    check_invariants()


def take_for_a_while(index: int) -> list[datetime]:
    used, until = [], time.monotonic() + 2.5
    while time.monotonic() < until:
        now = datetime.now(UTC)
        used += [now] * limits.take(limits.READS, now=now, most=1 + index % 3)
        time.sleep(0.002)
    return used


@pytest.mark.parametrize("takers", [4, 8])
def test_a_limit_holds_in_any_window_whatever_the_number_of_processes(
    author: User, settings: Any, takers: int
) -> None:
    settings.KIE_READS_PER_SECOND = 9
    limits.free(limits.READS, now=datetime.now(UTC))

    told = in_processes(takers, take_for_a_while)

    used = sorted(moment for moments in told for moment in moments)
    assert RateSlot.objects.filter(limit=limits.READS).count() == 9
    assert len(used) > 9
    for first, tenth in zip(used, used[9:], strict=False):
        assert tenth - first >= timedelta(seconds=1)


def test_bells_may_ring_any_number_of_times_at_once(
    live_ground: Ground, kie: Simulator, settings: Any
) -> None:
    """The real task functions, called by eight threads; KIE's own books say what was paid."""
    settings.KIE_BASE_URL = settings.KIE_UPLOAD_BASE_URL = kie.url
    settings.KIE_API_KEY = KEY
    settings.KIE_CREATES_PER_10S = 500
    settings.FETCH_ALLOW_HOSTS = frozenset({kie.host})
    live_ground.clock.forward(-60)
    asked = [live_ground.ask() for _ in range(20)]
    live_ground.clock.forward(60)
    kie.settings(job_seconds=0)
    assert provider.callbacks().url("token") is None

    def ring(index: int) -> None:
        for _ in range(1 + index % 5):
            tasks.submit()
            tasks.beat()
            tasks.archive()

    in_threads(8, ring)
    live_ground.clock.forward(10.5)
    live_ground.read()
    in_threads(8, lambda _: tasks.archive())
    ledger = kie.ledger()
    assert Counter(task.input["prompt"] for task in ledger.tasks) == Counter(
        generation.input["prompt"] for generation in asked
    )
    assert ledger.requests["/api/v1/jobs/createTask"] == len(asked)
    live_ground.heal()


def test_two_who_find_the_same_receipt_attach_its_task_once(
    author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "RECEIPT_OWNED_S", -5)
    now = datetime.now(UTC)
    generation = make_generation(by=author, at=now)
    attempt = make_attempt(generation, at=now)
    storage.write_receipt(storage.Receipt(attempt.pk, str(generation.pk), "task-of-the-receipt"))
    answer = accepted("task-of-the-receipt")

    def work(index: int) -> None:
        if index == 0:
            outcome.settle(attempt, generation, answer, clock=lambda: now)
        elif index == 1:
            outcome.expire_leases(now=now + timedelta(hours=1))
        else:
            outcome.recover_receipts(now=now)

    in_threads(6, work)
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (
        Status.RUNNING,
        "task-of-the-receipt",
    )
    assert list(storage.receipts(older_than=float("inf"))) == []
    moves = GenerationEvent.objects.filter(generation=generation, to_status=Status.RUNNING)
    assert moves.count() == 1
    check_invariants()


def test_ten_who_copy_at_once_copy_each_result_once(author: User) -> None:
    made = [make_generation(by=author, status=Status.SUCCEEDED) for _ in range(5)]
    fetcher = FakeFetcher()
    later = datetime.now(UTC) + timedelta(seconds=60)

    def copy(index: int) -> None:
        while archive.archive_next(
            fetcher=fetcher, links=FakeKie(), clock=lambda: later, should_stop=lambda: False
        ):
            pass

    in_threads(10, copy)
    assert len(fetcher.asked) == len(made)
    for generation in made:
        assert generation.video.state == "archived"
        assert storage.video_path(generation.pk).stat().st_size == generation.video.bytes
    assert not list((Path(django_settings.MEDIA_ROOT) / "videos").glob("*/.*.part"))
