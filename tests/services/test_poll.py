"""Reading: what KIE's record moves, and what moves nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from generations.kie import (
    AccountRefused,
    NotVisible,
    RateLimited,
    ReadFailed,
    TaskRecord,
    TaskState,
    Unreachable,
    Unreadable,
)
from generations.models import (
    EventKind,
    Evidence,
    FailureCode,
    Generation,
    Incident,
    IncidentKind,
    Status,
    Video,
    VideoState,
)
from generations.models.transition import transition
from generations.services import lane, poll
from generations.services.plan import interval_s
from generations.services.submit import Step
from tests.fakes import (
    RESULT_URL,
    Clock,
    fail_record,
    success_record,
    task_record,
)

Ask = Callable[..., Generation]
Send = Callable[..., Step]


Read = Callable[..., None]


@pytest.mark.parametrize(
    ("age_s", "wait_s"),
    [
        (0, 5),
        (59, 5),
        (60, 10),
        (299, 10),
        (300, 30),
        (899, 30),
        (900, 60),
        (960, 120),
        (1080, 240),
        (86_400, 21_600),
        (86_400 * 60, 21_600),
    ],
)
def test_reads_come_at_the_agreed_intervals(age_s: float, wait_s: int) -> None:
    assert interval_s(age_s, (5, 10, 30)) == wait_s


def test_a_generation_is_read_at_most_two_hundred_and_twenty_times_in_sixty_days() -> None:
    age, reads = 0.0, 0
    while age < 60 * 86_400:
        age += interval_s(age, (5, 10, 30))
        reads += 1
    assert reads < 320


def test_success_is_priced_and_queued_for_copying(
    running: Generation, read: Read, clock: Clock
) -> None:
    read(running, success_record())
    assert (running.status, running.result_url) == (Status.SUCCEEDED, RESULT_URL)
    assert running.finished_at == clock()
    assert running.next_poll_at is None
    assert (running.cost_micro_credits, running.cost_micro_usd) == (160_000_000, 800_000)
    assert running.cost_evidence == Evidence.PROVIDER
    video = Video.objects.get(generation=running)
    assert (video.state, video.next_try_at) == (VideoState.PENDING, clock())


def test_a_success_without_credits_costs_what_was_quoted(running: Generation, read: Read) -> None:
    read(running, success_record(credits_consumed=None))
    assert (running.cost_micro_credits, running.cost_evidence) == (160_000_000, Evidence.QUOTE)


def test_credits_seen_while_running_count_when_the_end_names_none(
    running: Generation, read: Read
) -> None:
    read(running, task_record(credits_consumed=Decimal("100.5")))
    read(running, success_record(credits_consumed=None))
    assert (running.cost_micro_credits, running.cost_evidence) == (100_500_000, Evidence.PROVIDER)


def test_a_charge_that_differs_from_the_quote_is_recorded_and_reported(
    running: Generation, read: Read
) -> None:
    read(running, success_record(credits_consumed=Decimal(320)))
    assert running.cost_micro_credits == 320_000_000
    assert Incident.objects.get().kind == IncidentKind.OVERCHARGE


@pytest.mark.parametrize("state", [TaskState.WAITING, TaskState.QUEUING, TaskState.GENERATING])
def test_a_running_state_is_shown_and_read_again(
    running: Generation, read: Read, clock: Clock, state: TaskState
) -> None:
    read(running, task_record(state))
    assert (running.status, running.provider_state) == (Status.RUNNING, state)
    assert running.next_poll_at == clock() + timedelta(seconds=5)


@pytest.mark.parametrize("raw", ["SUCCESS", "canceled", "3", ""])
def test_a_state_nobody_knows_counts_as_running_and_alarms_once(
    running: Generation, read: Read, raw: str
) -> None:
    read(running, task_record(None, raw_state=raw))
    read(running, task_record(None, raw_state=raw))
    assert (running.status, running.provider_state) == (Status.RUNNING, "")
    incident = Incident.objects.get()
    assert (incident.kind, incident.seen_count) == (IncidentKind.ODD_STATE, 2)


def test_a_fail_counts_when_it_is_read_twice(running: Generation, read: Read) -> None:
    read(running, fail_record())
    assert (running.status, running.fail_seen_at is not None) == (Status.RUNNING, True)
    read(running, fail_record(), wait_s=3)
    assert (running.status, running.failure_code) == (Status.FAILED, FailureCode.PROVIDER_FAILED)
    assert (running.provider_code, running.provider_message) == ("501", "Generation failed")
    assert (running.cost_micro_credits, running.cost_evidence) == (0, Evidence.PROVIDER)


@pytest.mark.parametrize("second", [success_record(), task_record(TaskState.GENERATING)])
def test_a_fail_that_is_taken_back_does_not_count(
    running: Generation, read: Read, second: TaskRecord
) -> None:
    read(running, fail_record())
    read(running, second, wait_s=3)
    assert running.status in {Status.SUCCEEDED, Status.RUNNING}
    assert running.fail_seen_at is None


def test_a_failure_that_names_no_credits_has_no_known_cost(running: Generation, read: Read) -> None:
    read(running, task_record(credits_consumed=Decimal(160)))
    for wait_s in (5, 3):
        read(running, fail_record(credits_consumed=None), wait_s=wait_s)
    assert (running.cost_micro_credits, running.cost_evidence) == (None, Evidence.NONE)


def test_what_kie_kept_of_a_failure_is_its_cost(running: Generation, read: Read) -> None:
    for wait_s in (5, 3):
        read(running, fail_record(credits_consumed=Decimal(160)), wait_s=wait_s)
    assert (running.cost_micro_credits, running.cost_evidence) == (160_000_000, Evidence.PROVIDER)


def test_moderation_has_a_code_of_its_own(running: Generation, read: Read) -> None:
    text = "Invalid prompt: prompt contains prohibited content"
    for wait_s in (5, 3):
        read(running, fail_record(fail_code="422", fail_message=text), wait_s=wait_s)
    assert running.failure_code == FailureCode.MODERATION


def test_success_without_a_result_needs_review_and_is_read_again(
    running: Generation, read: Read
) -> None:
    read(running, task_record(TaskState.SUCCESS))
    assert (running.status, running.next_poll_at is not None) == (Status.NEEDS_REVIEW, True)
    read(running, success_record())
    assert running.status == Status.SUCCEEDED


def test_needs_review_is_not_failed_by_a_program(running: Generation, read: Read) -> None:
    read(running, task_record(TaskState.SUCCESS))
    for _ in range(3):
        read(running, fail_record())
    assert running.status == Status.NEEDS_REVIEW
    assert Incident.objects.filter(kind=IncidentKind.CONTRADICTION).exists()


@pytest.mark.parametrize(
    "failure",
    [NotVisible("no record"), RateLimited("slow down"), Unreachable("502"), Unreadable("html")],
)
def test_trouble_on_the_way_moves_nothing_and_is_read_again(
    running: Generation, read: Read, clock: Clock, failure: ReadFailed
) -> None:
    read(running, failure)
    assert running.status == Status.RUNNING
    assert running.next_poll_at > clock()
    clock.forward(86_400)
    read(running, success_record())
    assert running.status == Status.SUCCEEDED


def test_a_refused_key_holds_submissions_back_too(running: Generation, read: Read) -> None:
    read(running, AccountRefused("no access", code=401))
    assert lane.get().blocked_code == 401
    assert running.status == Status.RUNNING


def test_success_is_final(running: Generation, read: Read, clock: Clock) -> None:
    read(running, success_record())
    for late in (fail_record(), task_record(TaskState.SUCCESS), task_record()):
        Generation.objects.filter(pk=running.pk).update(next_poll_at=clock())
        read(running, late, wait_s=0)
        assert (running.status, running.next_poll_at) == (Status.SUCCEEDED, None)
        assert running.cost_micro_credits == 160_000_000


def test_a_late_success_overturns_a_failure_once(
    running: Generation, read: Read, clock: Clock
) -> None:
    for wait_s in (5, 3):
        read(running, fail_record(), wait_s=wait_s)
    Generation.objects.filter(pk=running.pk).update(next_poll_at=clock())
    read(running, success_record(), wait_s=0)
    assert (running.status, running.failure_code) == (Status.SUCCEEDED, "")
    assert running.cost_micro_credits == 160_000_000
    assert Incident.objects.filter(kind=IncidentKind.LATE_SUCCESS).count() == 1


def test_two_readers_never_claim_the_same_row(running: Generation, clock: Clock) -> None:
    clock.forward(5)
    assert len(poll.claim_due(now=clock(), most=10)) == 1
    assert poll.claim_due(now=clock(), most=10) == []
    clock.forward(poll.CLAIM.total_seconds())
    assert len(poll.claim_due(now=clock(), most=10)) == 1


def test_an_edge_that_the_machine_lacks_is_refused(running: Generation, clock: Clock) -> None:
    with pytest.raises(ValueError, match="no edge"):
        transition(
            running.pk,
            sources=[Status.RUNNING],
            to=Status.QUEUED,
            kind=EventKind.UNSENT,
            actor="test",
            now=clock(),
        )
