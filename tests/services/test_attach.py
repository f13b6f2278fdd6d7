"""A task id that a person names: proved by KIE's record, or refused in a plain sentence."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from generations.kie import Echo, NotVisible, ReadFailed, Unreachable
from generations.models import EventKind, Generation, Status
from generations.services import decide
from generations.services.errors import DecisionRefused
from tests.fakes import Clock, FakeKie, accepted, fail_record, success_record, task_record
from tests.services.conftest import echo_of
from tests.services.decisions import TASK, Ask, Read, Records, Send, money
from tests.services.decisions import boss as boss
from tests.services.decisions import empty as empty
from tests.services.decisions import in_english as in_english
from tests.services.decisions import lost as lost
from tests.services.decisions import lost_without_callback as lost_without_callback


def test_a_pasted_task_id_is_proved_by_kies_record_and_read_at_once(
    lost: Generation, kie: FakeKie, boss: User, clock: Clock
) -> None:
    told = Records(success_record(echo=echo_of(kie)))
    decided = decide.attach_task(
        lost, task_id=f" {TASK} ", reason="seen in KIE's log", by=boss, client=told, now=clock()
    )
    assert (decided.status, decided.provider_task_id) == (Status.SUCCEEDED, TASK)
    assert (decided.decided_by, decided.decision_note) == (boss, "seen in KIE's log")
    assert decided.attempts.get().state == "accepted"
    event = decided.events.get(kind=EventKind.DECIDED)
    assert (event.actor, event.detail["decision"]) == ("boris", "attached")
    assert told.asked == [TASK]
    assert money(decided) == {"available": -160, "spent": 160}


def test_a_running_task_that_a_person_attaches_goes_on_as_any_other(
    lost: Generation, kie: FakeKie, boss: User, clock: Clock, read: Read
) -> None:
    told = Records(task_record(echo=echo_of(kie)))
    decided = decide.attach_task(
        lost, task_id=TASK, reason="log", by=boss, client=told, now=clock()
    )
    assert decided.status == Status.RUNNING
    read(decided, success_record())
    assert decided.status == Status.SUCCEEDED


def test_a_failure_that_a_person_attaches_is_read_once_more_before_it_counts(
    lost: Generation, kie: FakeKie, boss: User, clock: Clock, read: Read
) -> None:
    told = Records(fail_record(echo=echo_of(kie)))
    decided = decide.attach_task(lost, task_id=TASK, reason="x", by=boss, client=told, now=clock())
    assert decided.status == Status.RUNNING
    read(decided, fail_record())
    assert (decided.status, money(decided)) == (Status.FAILED, {})


def test_without_a_callback_model_and_input_prove_what_a_person_names(
    lost_without_callback: Generation, kie: FakeKie, boss: User, clock: Clock
) -> None:
    told = Records(success_record(echo=echo_of(kie)))
    decided = decide.attach_task(
        lost_without_callback, task_id=TASK, reason="log", by=boss, client=told, now=clock()
    )
    assert decided.status == Status.SUCCEEDED


def _other_input(echo: Echo) -> Echo:
    return Echo(echo.model, echo.callback_url, dict(echo.input or {}) | {"prompt": "another"})


def _other_model(echo: Echo) -> Echo:
    return Echo("kling/other", echo.callback_url, echo.input)


def _other_token(echo: Echo) -> Echo:
    return Echo(echo.model, "https://platform.example.com/callbacks/kie/stranger/", echo.input)


@pytest.mark.parametrize("distort", [_other_input, _other_model, _other_token, lambda echo: None])
def test_a_task_that_does_not_echo_our_request_is_refused(
    lost: Generation, kie: FakeKie, boss: User, clock: Clock, distort: Callable[[Echo], Echo]
) -> None:
    told = Records(success_record(echo=distort(echo_of(kie))))
    with pytest.raises(DecisionRefused, match="another request"):
        decide.attach_task(lost, task_id=TASK, reason="x", by=boss, client=told, now=clock())
    lost.refresh_from_db()
    assert (lost.status, lost.decided_by) == (Status.UNKNOWN, None)


def test_a_task_of_another_generation_is_refused_without_asking_kie(
    ask: Ask, send: Send, lost: Generation, kie: FakeKie, boss: User, clock: Clock
) -> None:
    clock.forward(1)
    ask(prompt="another")
    kie.outcomes.append(accepted(TASK))
    send()
    told = Records(success_record(echo=echo_of(kie)))
    with pytest.raises(DecisionRefused, match="belongs to another generation"):
        decide.attach_task(lost, task_id=TASK, reason="x", by=boss, client=told, now=clock())
    assert told.asked == []


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (NotVisible("recordInfo is null"), "knows no task"),
        (Unreachable("timed out"), "cannot be read now"),
    ],
)
def test_a_task_that_kie_cannot_show_is_refused(
    lost: Generation, boss: User, clock: Clock, failure: ReadFailed, sentence: str
) -> None:
    with pytest.raises(DecisionRefused, match=sentence):
        decide.attach_task(
            lost, task_id=TASK, reason="x", by=boss, client=Records(failure), now=clock()
        )


@pytest.mark.parametrize("task_id", ["", "short", "has space in it", "../../../etc", "x" * 129])
def test_what_is_no_task_id_never_reaches_kie(
    lost: Generation, boss: User, clock: Clock, task_id: str
) -> None:
    told = Records(success_record())
    with pytest.raises(DecisionRefused, match="no task id"):
        decide.attach_task(lost, task_id=task_id, reason="x", by=boss, client=told, now=clock())
    assert told.asked == []
