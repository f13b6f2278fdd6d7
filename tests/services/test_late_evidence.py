"""Evidence that comes early, late or where none should: attached once, never sent again, never lost."""

from collections.abc import Callable

import pytest

from generations.kie import NotVisible, RefusalKind
from generations.models import Generation, Incident, IncidentKind, Status
from generations.services import cancel, outcome
from generations.services.errors import WrongState
from generations.services.hint import Reception
from generations.services.submit import LEASE, Step
from tests.fakes import Clock, FakeKie, accepted, refused, success_record, task_record, unknown
from tests.services.conftest import callback_body, echo_of

Ask = Callable[..., Generation]
Send = Callable[..., Step]
Call = Callable[..., Reception]
ReadDue = Callable[..., int]
TASK = "task-0000001"


def test_a_callback_before_the_answer_attaches_once(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue
) -> None:
    generation = ask()

    def call_back(task: object) -> None:
        call()
        read_due(task=success_record(echo=echo_of(kie)))

    kie.on_create = call_back
    send()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.SUCCEEDED, TASK)
    assert generation.attempts.get().state == "accepted"
    assert not Incident.objects.exists()


def test_a_callback_before_the_answer_that_names_no_task_is_acted_on_with_the_answer(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue
) -> None:
    generation = ask()

    def call_back(task: object) -> None:
        call(b"{}")
        assert read_due() == 0

    kie.on_create = call_back
    send()
    assert read_due(task=success_record()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


def test_a_sender_that_died_is_found_by_callback_before_its_lease_is_over(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask()

    def die(task: object) -> None:
        raise SystemExit

    kie.on_create = die
    with pytest.raises(SystemExit):
        send()
    call()
    read_due(task=task_record(echo=echo_of(kie)))
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, TASK)
    clock.forward(LEASE.total_seconds())
    assert outcome.expire_leases(now=clock()) == 0


def test_a_refused_attempt_that_has_a_task_after_all_is_not_sent_again(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.LATER, 429))
    send()
    call()
    read_due(task=task_record(echo=echo_of(kie)))
    clock.forward(600)
    assert send() is Step.IDLE
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, TASK)
    assert len(kie.sent) == 1
    assert Incident.objects.get().kind == IncidentKind.CONTRADICTION


def test_while_a_named_task_is_not_shown_nothing_is_sent_in_its_place(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_failing: Callable[..., None], clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.LATER, 429))
    send()
    call()
    for _ in range(20):
        read_failing(NotVisible("recordInfo is null"))
        clock.forward(600)
        assert send() is Step.IDLE
    with pytest.raises(WrongState):
        cancel.cancel(generation, by="olga", now=clock())
    assert len(kie.sent) == 1
    assert Incident.objects.get().kind == IncidentKind.CONTRADICTION


def test_a_named_task_that_is_not_shown_for_a_day_does_not_hold_the_generation_back(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_failing: Callable[..., None], clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.LATER, 429))
    send()
    call(callback_body("task-of-nobody"))
    clock.forward(24 * 3600)
    read_failing(NotVisible("recordInfo is null"))
    assert send() is Step.DONE
    generation.refresh_from_db()
    assert generation.status == Status.RUNNING
    assert set(Incident.objects.values_list("kind", flat=True)) == {
        IncidentKind.CONTRADICTION,
        IncidentKind.WRONG_ECHO,
    }


def test_a_callback_that_names_another_task_before_the_answer_is_told(
    ask: Ask, send: Send, kie: FakeKie, call: Call
) -> None:
    generation = ask()
    kie.on_create = lambda task: call(callback_body("task-of-a-callback")) and None
    send()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, TASK)
    incident = Incident.objects.get()
    assert (incident.kind, incident.cause) == (IncidentKind.SECOND_TASK, "task-of-a-callback")


def test_a_rejected_generation_that_succeeds_after_all_is_taken(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.REJECTED, 422))
    send()
    call()
    read_due(task=success_record(echo=echo_of(kie)))
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.SUCCEEDED, TASK)
    assert generation.cost_micro_credits == 160_000_000


def test_a_task_of_a_cancelled_generation_is_reported_and_dropped(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.LATER, 429))
    send()
    cancel.cancel(generation, by="olga", now=clock())
    call()
    read_due(task=success_record(echo=echo_of(kie)))
    generation.refresh_from_db()
    assert (generation.status, generation.candidate_task_id) == (Status.CANCELLED, "")
    assert Incident.objects.get().kind == IncidentKind.SECOND_TASK


def test_a_candidate_that_belongs_to_another_generation_is_dropped(
    ask: Ask, send: Send, kie: FakeKie, call: Call, read_due: ReadDue, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.extend([unknown(), accepted(TASK)])
    send()
    clock.forward(1)
    ask(prompt="another")
    send()
    call()
    read_due(task=success_record(echo=echo_of(kie)))
    generation.refresh_from_db()
    assert (generation.status, generation.next_poll_at) == (Status.UNKNOWN, None)
    assert Incident.objects.filter(kind=IncidentKind.SECOND_TASK).exists()
