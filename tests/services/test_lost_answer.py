"""Lost answers: KIE's own record attaches them, and nothing less does."""

from collections.abc import Callable

import pytest

from generations.kie import Echo, NotVisible
from generations.models import EventKind, Generation, Incident, IncidentKind, Status
from generations.services.submit import Step
from tests.fakes import FakeKie, success_record, task_record, unknown

Ask = Callable[..., Generation]
Send = Callable[..., Step]
Read = Callable[..., None]


@pytest.fixture
def lost(ask: Ask, send: Send, kie: FakeKie) -> Generation:
    """A generation whose answer was lost, with a task id that an odd answer named."""
    generation = ask()
    kie.outcomes.append(unknown("task-0000001"))
    send()
    generation.refresh_from_db()
    return generation


def _echo(kie: FakeKie, **changes: object) -> Echo:
    task = kie.sent[0]
    values = {"model": task.model, "callback_url": task.callback_url, "input": dict(task.input)}
    return Echo(**(values | changes))  # type: ignore[arg-type]


def test_kies_own_record_attaches_a_lost_generation(
    lost: Generation, read: Read, kie: FakeKie
) -> None:
    read(lost, success_record(echo=_echo(kie)))
    assert (lost.status, lost.provider_task_id) == (Status.SUCCEEDED, "task-0000001")
    kinds = list(lost.events.values_list("kind", flat=True))
    assert kinds[-2:] == [EventKind.ATTACHED, EventKind.SUCCEEDED]


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "kling/v2-1-pro"},
        {"callback_url": "https://platform.example.com/callbacks/kie/forged/"},
        {"input": None},
        {"input": {"prompt": "another prompt"}},
    ],
)
def test_a_record_that_does_not_echo_our_request_attaches_nothing(
    lost: Generation, read: Read, kie: FakeKie, changes: dict[str, object]
) -> None:
    read(lost, success_record(echo=_echo(kie, **changes)))
    assert (lost.status, lost.provider_task_id) == (Status.UNKNOWN, None)
    assert (lost.candidate_task_id, lost.next_poll_at) == ("", None)
    assert Incident.objects.filter(kind=IncidentKind.WRONG_ECHO).exists()


def test_keys_that_kie_adds_to_the_echo_do_not_matter(
    lost: Generation, read: Read, kie: FakeKie
) -> None:
    echoed = dict(kie.sent[0].input) | {"aspect_ratio": "16:9", "cfg_scale": 0.5}
    read(lost, task_record(echo=_echo(kie, input=echoed)))
    assert lost.status == Status.RUNNING


def test_a_candidate_that_kie_does_not_show_yet_is_read_again(
    lost: Generation, read: Read, kie: FakeKie
) -> None:
    read(lost, NotVisible("recordInfo is null"))
    assert lost.status == Status.UNKNOWN
    read(lost, task_record(echo=_echo(kie)))
    assert lost.status == Status.RUNNING
