"""What tests of decisions share: KIE's one answer, who decides, what there is to decide about."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils.translation import override

from generations.kie import ReadFailed, TaskRecord, TaskState
from generations.models import Generation, LedgerEntry, Status
from generations.services.submit import Step
from tests.fakes import FakeKie, task_record, unknown
from tests.services.conftest import NoCallbacks

Ask = Callable[..., Generation]
Send = Callable[..., Step]
Read = Callable[..., None]
TASK = "task-0000001"
CREDIT = 1_000_000


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


class Records:
    """KIE's answer to the one read that a decision makes."""

    def __init__(self, told: TaskRecord | ReadFailed) -> None:
        self.told = told
        self.asked: list[str] = []

    def read_task(self, task_id: str) -> TaskRecord:
        self.asked.append(task_id)
        if isinstance(self.told, ReadFailed):
            raise self.told
        return self.told


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_user("boris")


@pytest.fixture
def lost(ask: Ask, send: Send, kie: FakeKie) -> Generation:
    generation = ask()
    kie.outcomes.append(unknown())
    send()
    generation.refresh_from_db()
    return generation


@pytest.fixture
def lost_without_callback(ask: Ask, send: Send, kie: FakeKie) -> Generation:
    generation = ask()
    kie.outcomes.append(unknown())
    send(callbacks=NoCallbacks())
    generation.refresh_from_db()
    return generation


@pytest.fixture
def empty(running: Generation, read: Read) -> Generation:
    """KIE says success and names no result; it took 150 credits instead of 160."""
    read(running, task_record(TaskState.SUCCESS, credits_consumed=Decimal(150)))
    assert running.status == Status.NEEDS_REVIEW
    return running


def money(generation: Generation) -> dict[str, int]:
    """The generation's balance on each account, in credits; accounts at zero are left out."""
    rows = LedgerEntry.objects.filter(generation=generation).order_by()
    sums = rows.values_list("account").annotate(Sum("micro_credits"))
    return {account: amount // CREDIT for account, amount in sums if amount}
