"""Sending: exactly once, and what each outcome leaves behind."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from generations import storage
from generations.kie import RefusalKind
from generations.models import (
    AttemptState,
    Evidence,
    FailureCode,
    Generation,
    Incident,
    IncidentKind,
    Status,
)
from generations.services import attach, cancel, limits, outcome
from generations.services.submit import LEASE, Step
from tests.fakes import Clock, FakeKie, accepted, refused, unknown, unsent

Ask = Callable[..., Generation]
Send = Callable[..., Step]


def test_an_accepted_generation_runs_and_knows_its_task(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()
    assert send() is Step.DONE
    generation.refresh_from_db()
    assert generation.status == Status.RUNNING
    assert generation.provider_task_id == "task-0000001"
    assert generation.submitted_at == clock()
    assert generation.next_poll_at == clock() + timedelta(seconds=5)
    assert [attempt.state for attempt in generation.attempts.all()] == [AttemptState.ACCEPTED]
    assert list(storage.receipts(older_than=float("inf"))) == []


def test_what_is_sent_is_what_was_frozen(ask: Ask, send: Send, kie: FakeKie) -> None:
    generation = ask(duration=10, cfg_scale="0.25")
    send()
    (task,) = kie.sent
    assert task.input == generation.input
    assert list(task.input) == ["prompt", "image_url", "duration", "negative_prompt", "cfg_scale"]
    assert (task.input["duration"], task.input["cfg_scale"]) == ("10", 0.3)
    attempt = generation.attempts.get()
    assert attempt.request_sha256 == hashlib.sha256(kie.encode(task)).hexdigest()
    token = task.callback_url.rstrip("/").rpartition("/")[2]
    assert attempt.token_sha256 == attach.token_digest(token)


@pytest.mark.parametrize(
    ("kind", "code", "status", "attempt_state"),
    [
        (RefusalKind.REJECTED, 422, Status.FAILED, AttemptState.REFUSED),
        (RefusalKind.LATER, 429, Status.QUEUED, AttemptState.REFUSED),
        (RefusalKind.ACCOUNT, 402, Status.QUEUED, AttemptState.REFUSED),
    ],
)
def test_a_refusal_is_not_a_task(
    ask: Ask,
    send: Send,
    kie: FakeKie,
    kind: RefusalKind,
    code: int,
    status: Status,
    attempt_state: AttemptState,
) -> None:
    generation = ask()
    kie.outcomes.append(refused(kind, code))
    send()
    generation.refresh_from_db()
    assert (generation.status, generation.attempts.get().state) == (status, attempt_state)
    assert generation.provider_task_id is None


def test_a_rejected_generation_costs_nothing_and_says_why(
    ask: Ask, send: Send, kie: FakeKie
) -> None:
    generation = ask()
    kie.outcomes.append(refused(RefusalKind.REJECTED, 422, "prompt is bad"))
    send()
    generation.refresh_from_db()
    assert generation.failure_code == FailureCode.REJECTED
    assert (generation.provider_code, generation.provider_message) == ("422", "prompt is bad")
    assert (generation.cost_micro_credits, generation.cost_evidence) == (0, Evidence.PROVIDER)


def test_unsent_is_tried_again_with_growing_patience_and_no_end(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()
    waits = []
    for _ in range(12):
        kie.outcomes.append(unsent())
        assert send() is Step.DONE
        generation.refresh_from_db()
        waits.append((generation.dispatch_at - clock()).total_seconds())
        assert send() is Step.IDLE
        clock.forward(waits[-1])
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert send() is Step.DONE
    generation.refresh_from_db()
    assert generation.status == Status.RUNNING
    assert generation.attempts.count() == 13


def test_a_lost_answer_is_never_sent_again(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(unknown())
    send()
    clock.forward(86_400)
    assert send() is Step.IDLE
    outcome.expire_leases(now=clock())
    generation.refresh_from_db()
    assert generation.status == Status.UNKNOWN
    assert len(kie.sent) == 1
    assert generation.attempts.get().state == AttemptState.UNKNOWN
    assert generation.cost_evidence == Evidence.NONE
    assert Incident.objects.get().kind == IncidentKind.ANSWER_LOST


def test_a_task_id_in_an_odd_answer_is_a_candidate_to_be_read(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(unknown("task-odd-0001"))
    send()
    generation.refresh_from_db()
    assert generation.provider_task_id is None
    assert (generation.candidate_task_id, generation.candidate_from) == ("task-odd-0001", "answer")
    assert generation.next_poll_at == clock() + timedelta(seconds=5)


def test_a_sender_that_died_leaves_an_unknown_generation(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()

    def die(task: object) -> None:
        raise SystemExit

    kie.on_create = die
    with pytest.raises(SystemExit):
        send()
    generation.refresh_from_db()
    assert generation.status == Status.SUBMITTING
    clock.forward(LEASE.total_seconds() - 1)
    assert outcome.expire_leases(now=clock()) == 0
    clock.forward(1)
    assert outcome.expire_leases(now=clock()) == 1
    generation.refresh_from_db()
    assert generation.status == Status.UNKNOWN
    assert send() is Step.IDLE


@pytest.mark.parametrize("spoilt", [None, b"", b"[]", b'{"attempt_id": "x"}', b"\xff"])
def test_a_receipt_brings_back_what_the_database_missed(
    ask: Ask,
    send: Send,
    kie: FakeKie,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: bytes | None,
) -> None:
    """Also when another receipt, which comes first, cannot be read."""
    generation = ask()
    if spoilt is not None:
        storage.put(storage.receipt_folder() / "0.json", spoilt)

    def die(*args: object, **kwargs: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(outcome, "_insist", die)
        with pytest.raises(SystemExit):
            send()
    monkeypatch.setattr(outcome, "RECEIPT_OWNED_S", -1)
    assert outcome.recover_receipts(now=clock()) == 1
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, "task-0000001")
    assert outcome.recover_receipts(now=clock()) == 0


def test_an_answer_later_than_its_lease_still_counts(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()

    def be_slow(task: object) -> None:
        clock.forward(LEASE.total_seconds() + 1)
        outcome.expire_leases(now=clock())

    kie.on_create = be_slow
    send()
    generation.refresh_from_db()
    assert (generation.status, generation.provider_task_id) == (Status.RUNNING, "task-0000001")
    assert generation.attempts.get().state == AttemptState.ACCEPTED


def test_a_task_id_of_another_generation_is_never_taken_over(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    first = ask()
    clock.forward(1)
    second = ask()
    kie.outcomes.extend([accepted("task-constant"), accepted("task-constant")])
    send()
    send()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.provider_task_id) == (Status.RUNNING, "task-constant")
    assert (second.status, second.provider_task_id) == (Status.SUBMITTING, None)
    assert Incident.objects.get(generation=second).kind == IncidentKind.SECOND_TASK
    clock.forward(LEASE.total_seconds())
    outcome.expire_leases(now=clock())
    second.refresh_from_db()
    assert second.status == Status.UNKNOWN


def test_the_oldest_goes_first(ask: Ask, send: Send, kie: FakeKie, clock: Clock) -> None:
    for number in range(3):
        ask(prompt=f"number {number}")
        clock.forward(1)
    for _ in range(3):
        send()
    assert [task.input["prompt"] for task in kie.sent] == ["number 0", "number 1", "number 2"]


def test_a_cancelled_generation_is_not_sent_by_a_worker_that_had_seen_it(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = ask()
    real = limits.take

    def take(*args: object, **kwargs: object) -> int:
        cancel.cancel(generation, by="olga", now=clock())
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(limits, "take", take)
    assert send() is Step.IDLE
    generation.refresh_from_db()
    assert (generation.status, kie.sent) == (Status.CANCELLED, [])


def test_an_order_to_stop_that_comes_during_an_upload_is_heeded(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    generation = ask()
    assert send(should_stop=lambda: True) is Step.IDLE
    generation.refresh_from_db()
    assert (generation.status, generation.dispatch_at, kie.sent) == (Status.QUEUED, clock(), [])
    assert send() is Step.DONE
