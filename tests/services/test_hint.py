"""Callbacks: they make a read due, and nothing else in them is believed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from generations.models import (
    CallbackHit,
    EventKind,
    Generation,
    Incident,
    IncidentKind,
    Status,
    SubmissionAttempt,
)
from generations.services import poll
from generations.services.hint import Reception
from generations.services.submit import Step
from tests.fakes import (
    Clock,
    FakeKie,
    fail_record,
    success_record,
    task_record,
    unknown,
)
from tests.services.conftest import Callbacks, callback_body, echo_of

Ask = Callable[..., Generation]
Send = Callable[..., Step]
TASK = "task-0000001"


Call = Callable[..., Reception]
ReadDue = Callable[..., int]


def test_a_callback_makes_a_running_generation_due_now(
    ask: Ask, send: Send, call: Call, clock: Clock, read_due: ReadDue
) -> None:
    generation = ask()
    send()
    assert call() is Reception.TAKEN
    assert read_due(task=success_record()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED
    assert "evil" not in generation.result_url


def test_an_unknown_token_is_not_ours(ask: Ask, send: Send, call: Call) -> None:
    ask()
    send()
    assert call(token="nobody") is Reception.UNKNOWN


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 5000, b"null", b'{"data": []}'])
def test_a_senseless_body_still_causes_a_read(
    ask: Ask, send: Send, call: Call, read_due: ReadDue, body: bytes
) -> None:
    ask()
    send()
    assert call(body or b" ") is Reception.TAKEN
    assert read_due(task=task_record()) == 1


def test_a_lost_generation_finds_its_task_by_callback(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue
) -> None:
    generation = ask()
    kie.outcomes.append(unknown())
    send()
    call()
    assert read_due(task=success_record(echo=echo_of(kie))) == 1
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.SUCCEEDED, TASK)


def test_a_forged_task_id_attaches_nothing(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask(prompt="one")
    clock.forward(1)
    other = ask(prompt="two")
    kie.outcomes.append(unknown())
    send()
    send()
    call(callback_body("task-of-others"))
    read_due(task=success_record(task_id="task-of-others", echo=echo_of(kie, 1)))
    generation.refresh_from_db()
    other.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.UNKNOWN, None)
    assert other.status == Status.RUNNING


def test_the_same_body_again_does_not_use_up_the_reads(
    ask: Ask, send: Send, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask()
    send()
    call()
    read_due(task=task_record())
    for _ in range(10):
        assert call() is Reception.TAKEN
    assert read_due(task=task_record()) == 0
    assert CallbackHit.objects.get().repeats == 10
    assert generation.events.filter(kind=EventKind.CALLBACK).count() == 2


def test_the_same_body_again_is_still_acted_on_within_three_seconds(
    ask: Ask, send: Send, call: Call, read_due: ReadDue, clock: Clock, settings: Any
) -> None:
    settings.POLL_SECONDS = (600, 600, 600)
    generation = ask()
    send()
    call()
    read_due(task=task_record())
    clock.forward(1)
    call()
    assert read_due(task=task_record()) == 0
    clock.forward(1)
    assert read_due(task=success_record()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


def test_a_callback_that_names_a_second_task_is_reported(
    ask: Ask, send: Send, call: Call, clock: Clock
) -> None:
    generation = ask()
    send()
    call(callback_body("task-another"))
    generation.refresh_from_db()
    assert generation.provider_task_id == TASK
    assert Incident.objects.get().kind == IncidentKind.SECOND_TASK


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_callback_after_the_end_causes_one_read_that_changes_nothing(
    ask: Ask, send: Send, call: Call, read_due: ReadDue, clock: Clock, state: str
) -> None:
    generation = ask()
    send()
    final = success_record() if state == "succeeded" else fail_record()
    for wait_s in (5, 3):
        clock.forward(wait_s)
        read_due(task=final)
    generation.refresh_from_db()
    before = (generation.status, generation.cost_micro_credits)
    clock.forward(60)
    call()
    assert read_due(task=final) == 1
    generation.refresh_from_db()
    assert (generation.status, generation.cost_micro_credits) == before
    assert generation.next_poll_at is None


def test_the_token_is_stored_as_a_hash_only(ask: Ask, send: Send, callbacks: Callbacks) -> None:
    ask()
    send()
    row = SubmissionAttempt.objects.values().get()
    assert callbacks.tokens[0] not in repr(row)


def test_a_callback_during_a_read_causes_another_one(
    ask: Ask, send: Send, call: Call, clock: Clock, read_due: ReadDue
) -> None:
    generation = ask()
    send()
    clock.forward(5)
    (due,) = poll.claim_due(now=clock(), most=1)
    call()
    poll.apply_record(due, task_record(), now=clock())
    assert read_due(task=success_record()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


def test_a_callback_just_before_the_answer_is_not_forgotten(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue
) -> None:
    ask()
    kie.on_create = lambda task: call()
    send()
    assert read_due(task=success_record()) == 1


def test_a_called_generation_is_read_before_those_that_have_waited_longer(
    ask: Ask, send: Send, call: Call, clock: Clock
) -> None:
    called = ask()
    clock.forward(1)
    waiting = ask()
    send()
    send()
    Generation.objects.filter(pk=waiting.pk).update(next_poll_at=clock() - timedelta(seconds=30))
    call()
    assert [due.generation_id for due in poll.claim_due(now=clock(), most=1)] == [called.pk]
