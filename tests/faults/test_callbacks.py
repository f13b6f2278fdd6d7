"""Callbacks: acted on at once, whenever they come; believed in nothing, whatever they say."""

import json

import pytest

from generations.models import Generation, Incident, IncidentKind, Status
from generations.services import cancel, hint, outcome
from kie_simulator.testing import Simulator
from tests.faults.ground import Ground

HOURS = (21_600, 21_600, 21_600)


@pytest.fixture
def patient(settings: object) -> None:
    """Only callbacks can bring anything about in reasonable time."""
    settings.POLL_SECONDS = HOURS  # type: ignore[attr-defined]


def post(ground: Ground, token: str, task_id: str) -> hint.Reception:
    body = json.dumps({"code": 200, "data": {"taskId": task_id, "state": "success"}}).encode()
    return hint.receive(token=token, body=body, timestamp=None, signature=None, now=ground.clock())


def lose_an_answer(ground: Ground, kie: Simulator) -> tuple[Generation, str, str]:
    """Answer a generation whose answer is lost, its true task, and its callback token."""
    number = kie.fault("close_after_read", on="create", match={"times": 1})
    generation = ground.ask()
    ground.submit()
    assert kie.fault_hits()[number] == 1
    generation.refresh_from_db()
    assert generation.status == Status.UNKNOWN
    (task,) = ground.tasks_of(generation)
    assert task.callback_url
    return generation, task.task_id, task.callback_url.rstrip("/").rpartition("/")[2]


@pytest.mark.usefixtures("patient")
def test_a_callback_that_came_before_the_answer_is_acted_on_at_once(
    ground: Ground, kie: Simulator
) -> None:
    kie.fault("before_answer", on="callback")
    ground.meanwhile = ground.deliver
    generation = ground.ask()
    ground.submit()
    ground.read()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


@pytest.mark.usefixtures("patient")
def test_a_callback_that_came_before_an_odd_answer_is_acted_on_at_once(
    ground: Ground, kie: Simulator
) -> None:
    kie.fault("before_answer", on="callback")
    kie.fault("answer", on="create", code=500, with_task=True, shows_task_id=True)
    ground.meanwhile = ground.deliver
    generation = ground.ask()
    ground.submit()
    ground.read()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


@pytest.mark.usefixtures("patient")
def test_a_callback_that_comes_while_a_read_is_under_way_causes_another(
    ground: Ground, kie: Simulator
) -> None:
    generation = ground.ask()
    ground.submit()
    ground.clock.forward(HOURS[0])
    ground.sweep.step()
    (reading,) = ground.sweep.reading
    assert reading.result(timeout=10).state == "waiting"
    ground.finish_jobs()
    ground.deliver()
    ground.sweep._apply_finished(wait_s=1)
    ground.read()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("code", [400, 422, 501])
def test_a_callback_that_comes_before_a_refusal_is_acted_on_at_once(
    ground: Ground, kie: Simulator, code: int
) -> None:
    kie.fault("before_answer", on="callback")
    kie.fault("answer", on="create", code=code, with_task=True)
    ground.meanwhile = ground.deliver
    generation = ground.ask()
    ground.submit()
    generation.refresh_from_db()
    assert generation.status == Status.FAILED
    ground.read()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED
    assert generation.incidents.filter(kind=IncidentKind.LATE_SUCCESS).exists()


@pytest.mark.usefixtures("patient")
def test_a_task_of_a_cancelled_generation_is_named_to_a_person(
    ground: Ground, kie: Simulator
) -> None:
    kie.fault("answer", on="create", code=429, with_task=True)
    generation = ground.ask()
    ground.submit()
    cancel.cancel(generation, by="olga", now=ground.clock())
    ground.finish_jobs()
    ground.deliver()
    ground.read()
    (task,) = ground.tasks_of(generation)
    assert Incident.objects.get(kind=IncidentKind.SECOND_TASK).cause == task.task_id


def test_a_callback_cannot_give_a_failed_generation_the_task_of_another(
    ground: Ground, kie: Simulator
) -> None:
    """The other's task is not attached yet: nothing but the echo stands in the way."""
    kie.fault("answer", on="create", code=422, msg="no", match={"nth": 1})
    failed = ground.ask()
    ground.submit()
    token = kie.requests("/api/v1/jobs/createTask")[0].body
    token = json.loads(token)["callBackUrl"].rstrip("/").rpartition("/")[2]
    other, task_id, _ = lose_an_answer(ground, kie)
    kie.advance(400)
    assert post(ground, token, task_id) is hint.Reception.TAKEN
    ground.read()
    failed.refresh_from_db()
    assert (failed.status, failed.provider_task_id) == (Status.FAILED, None)
    assert Incident.objects.filter(generation=failed, kind=IncidentKind.WRONG_ECHO).exists()
    ground.heal()
    other.refresh_from_db()
    assert (other.status, other.provider_task_id) == (Status.SUCCEEDED, task_id)


@pytest.mark.parametrize("false_id", ["no-such-task", "of another"])
@pytest.mark.parametrize("order", ["true first", "false first", "read between"])
@pytest.mark.usefixtures("patient")
def test_a_false_callback_does_not_hide_the_true_one(
    ground: Ground, kie: Simulator, order: str, false_id: str
) -> None:
    another = ground.ask()
    ground.submit()
    if false_id == "of another":
        false_id = ground.tasks_of(another)[0].task_id
    generation, task_id, token = lose_an_answer(ground, kie)
    for named in [false_id, task_id] if order == "false first" else [task_id, false_id]:
        post(ground, token, named)
        if order == "read between":
            ground.read()
    ground.read()
    ground.read()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, task_id)


@pytest.mark.usefixtures("patient")
def test_a_true_callback_that_comes_while_a_false_one_is_read_is_not_forgotten(
    ground: Ground, kie: Simulator
) -> None:
    another = ground.ask()
    ground.submit()
    generation, task_id, token = lose_an_answer(ground, kie)
    post(ground, token, ground.tasks_of(another)[0].task_id)
    ground.sweep.step()
    (reading,) = ground.sweep.reading
    reading.result(timeout=10)
    post(ground, token, task_id)
    ground.sweep._apply_finished(wait_s=1)
    ground.read()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, task_id)


def test_callbacks_in_any_number_and_order_come_to_the_same(ground: Ground, kie: Simulator) -> None:
    kie.fault("duplicate", on="callback", times=5)
    kie.fault("altered", on="callback", data={"state": "fail", "failMsg": "forged"})
    kie.fault("forged", on="callback", seconds=1.0)
    generation = ground.ask()
    ground.submit()
    ground.finish_jobs()
    ground.deliver()
    ground.read()
    ground.heal()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED
    assert generation.result_url.startswith(kie.url)


def test_a_late_callback_resolves_what_the_lease_gave_up(ground: Ground, kie: Simulator) -> None:
    generation, task_id, _ = lose_an_answer(ground, kie)
    for hours in (1, 24, 24 * 30):
        ground.clock.forward(hours * 3600)
        outcome.expire_leases(now=ground.clock())
        ground.submit_all()
        ground.read()
    ground.finish_jobs()
    ground.deliver()
    ground.read()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.SUCCEEDED, task_id)
