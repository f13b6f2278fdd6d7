"""Records that say nothing new: dealt with many at once, and only those."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from generations.kie import TaskRecord, TaskState
from generations.models import Generation
from generations.services import poll
from tests.fakes import Clock, fail_record, success_record, task_record

Ask = Callable[..., Generation]


@pytest.fixture
def due(ask: Ask, send: Callable[..., object], clock: Clock) -> poll.Due:
    """A claimed read of a generation whose record has said `waiting` and 160 credits before."""
    ask()
    send()
    clock.forward(5)
    (first,) = poll.claim_due(now=clock(), most=10)
    poll.apply_record(first, task_record(), now=clock())
    clock.forward(5)
    (again,) = poll.claim_due(now=clock(), most=10)
    return again


def test_the_next_read_is_planned_and_nothing_else(due: poll.Due, clock: Clock) -> None:
    before = Generation.objects.get()
    assert poll.apply_unchanged([(due, task_record())], now=clock()) == {due}
    after = Generation.objects.get()
    assert after.last_poll_at == clock()
    assert after.next_poll_at == clock.forward(5)
    assert (after.version, after.status) == (before.version, before.status)


@pytest.mark.parametrize(
    "news",
    [
        task_record(TaskState.GENERATING),
        task_record(None, raw_state="canceled"),
        task_record(credits_consumed=Decimal(320)),
        success_record(),
        fail_record(),
    ],
)
def test_news_is_left_to_the_careful_way(due: poll.Due, clock: Clock, news: TaskRecord) -> None:
    before = Generation.objects.values().get()
    assert poll.apply_unchanged([(due, news)], now=clock()) == frozenset()
    assert Generation.objects.values().get() == before


def test_a_fail_that_waits_for_its_second_read_is_news(due: poll.Due, clock: Clock) -> None:
    poll.apply_record(due, fail_record(), now=clock())
    clock.forward(3)
    (second,) = poll.claim_due(now=clock(), most=10)
    assert poll.apply_unchanged([(second, task_record())], now=clock()) == frozenset()


def test_a_read_that_a_callback_asked_for_meanwhile_stays_planned(
    due: poll.Due, clock: Clock
) -> None:
    wish = clock()
    Generation.objects.update(next_poll_at=wish)
    assert poll.apply_unchanged([(due, task_record())], now=clock.forward(1)) == {due}
    assert Generation.objects.get().next_poll_at == wish


def test_records_of_many_generations_take_few_statements(
    ask: Ask,
    send: Callable[..., object],
    clock: Clock,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for _ in range(5):
        ask()
        send()
    clock.forward(5)
    for first in poll.claim_due(now=clock(), most=10):
        poll.apply_record(first, task_record(task_id=first.task_id), now=clock())
    clock.forward(5)
    claimed = poll.claim_due(now=clock(), most=10)
    read = [(row, task_record(task_id=row.task_id)) for row in claimed]
    with django_assert_max_num_queries(2):  # type: ignore[attr-defined]
        assert poll.apply_unchanged(read, now=clock()) == set(claimed)
    assert len(claimed) == 5
