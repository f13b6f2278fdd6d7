"""What the queue calls: how many may run at once, and what a beat does when something is in its way."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from generations import queue, tasks
from generations.services import outcome


@pytest.mark.usefixtures("data_dir")
def test_a_task_has_so_many_places_and_no_more() -> None:
    with (
        queue.seat(queue.Task.SUBMIT, of=2) as first,
        queue.seat(queue.Task.SUBMIT, of=2) as second,
    ):
        assert (first, second) == (True, True)
        with (
            queue.seat(queue.Task.SUBMIT, of=2) as third,
            queue.seat(queue.Task.ARCHIVE, of=2) as own,
        ):
            assert (third, own) == (False, True)
    with queue.seat(queue.Task.SUBMIT, of=2) as again:
        assert again


@pytest.mark.usefixtures("data_dir")
def test_an_error_in_a_place_gives_it_back() -> None:
    with pytest.raises(BlockingIOError), queue.seat(queue.Task.SUBMIT, of=1):
        raise BlockingIOError
    with queue.seat(queue.Task.SUBMIT, of=1) as again:
        assert again


@pytest.mark.parametrize(
    ("task", "work", "places"),
    [
        (queue.Task.SUBMIT, "_send_what_waits", tasks.SENDERS),
        (queue.Task.ARCHIVE, "_copy_what_waits", tasks.COPIERS),
    ],
)
def test_bells_beyond_the_places_are_dropped(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, task: queue.Task, work: str, places: int
) -> None:
    depth = []

    def ring_again() -> None:
        depth.append(len(depth))
        getattr(tasks, task)()

    monkeypatch.setattr(tasks, work, ring_again)
    getattr(tasks, task)()
    assert len(depth) == places


def test_the_places_leave_workers_for_two_sweeps_and_the_beat(settings: object) -> None:
    """Two, because one turn still applies its last reads when the next one has begun."""
    workers = settings.Q_CLUSTER["workers"]  # type: ignore[attr-defined]
    assert workers >= tasks.SENDERS + tasks.COPIERS + 3


@pytest.mark.django_db
def test_what_a_killed_worker_had_taken_does_not_count_as_waiting() -> None:
    for _ in range(3):
        queue.ring(queue.Task.SUBMIT)
    taken = OrmQ.objects.order_by("pk").first()
    assert taken
    OrmQ.objects.filter(pk=taken.pk).update(lock=timezone.now() + timedelta(seconds=900))
    assert queue.waiting() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("data_dir")
def test_a_beat_starts_the_sweep_even_when_receipts_cannot_be_brought_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**arguments: object) -> int:
        raise OSError("the disk is away")

    monkeypatch.setattr(outcome, "recover_receipts", fail)
    with pytest.raises(OSError, match="the disk is away"):
        tasks.beat()
    assert queue.waiting() == 2  # the sweep, and a first look at the balance
