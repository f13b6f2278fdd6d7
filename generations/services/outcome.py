"""Committing what became of a submission: accepted, refused, proved unsent or unknown."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models.functions import Coalesce

from generations import storage
from generations.kie import (
    Accepted,
    Answer,
    CreateOutcome,
    RefusalKind,
    Refused,
    Unknown,
    Unsent,
)
from generations.models import (
    AttemptState,
    EventKind,
    FailureCode,
    Generation,
    IncidentKind,
    Status,
    SubmissionAttempt,
)
from generations.models.transition import PROVIDER, SYSTEM, transition
from generations.services import attach, backoff, incidents, lane
from generations.services import settle as money

log = structlog.get_logger(__name__)

# How long a worker keeps trying to commit an outcome while the database is locked or away.
PATIENCE_S = 60
# A receipt younger than this is most likely about to be followed by its own commit.
RECEIPT_OWNED_S = 10

_SENDER_DIED = Unknown(
    reason="the sender died before it could note an answer",
    candidate_task_id=None,
    answer=Answer(http_status=None, code=None, message="", excerpt=""),
)


def settle(
    attempt: SubmissionAttempt,
    generation: Generation,
    outcome: CreateOutcome,
    *,
    clock: Callable[[], datetime],
) -> None:
    """Commit the outcome of an attempt. An accepted task id is on disk before the database has it."""
    if isinstance(outcome, Accepted):
        _keep_receipt(attempt, outcome)
    _insist(lambda: _commit(attempt, generation, outcome, clock()))
    if isinstance(outcome, Accepted):
        storage.drop_receipt(attempt.pk)


def expire_leases(*, now: datetime) -> int:
    """Declare unknown what was being sent by somebody who has died; answers how many."""
    expired = list(Generation.objects.filter(status=Status.SUBMITTING, lease_until__lte=now)[:100])
    for generation in expired:
        attempt = generation.attempts.filter(state=AttemptState.OPEN).first()
        if attempt is not None:
            _lose_answer(attempt, generation, _SENDER_DIED, now)
    return len(expired)


def recover_receipts(*, now: datetime) -> int:
    """Bring receipts on this host's disk, which no commit followed, into the database."""
    recovered = 0
    for receipt in storage.receipts(older_than=time.time() - RECEIPT_OWNED_S):
        attempt = SubmissionAttempt.objects.filter(pk=receipt.attempt_id).first()
        if attempt is None or str(attempt.generation_id) != receipt.generation_id:
            log.error("receipt of an attempt that is not here", attempt=receipt.attempt_id)
            continue
        attach.accept(attempt, receipt.task_id, now=now, evidence="receipt")
        storage.drop_receipt(receipt.attempt_id)
        recovered += 1
    return recovered


def _commit(
    attempt: SubmissionAttempt, generation: Generation, outcome: CreateOutcome, now: datetime
) -> None:
    match outcome:
        case Accepted():
            attach.accept(attempt, outcome.task_id, now=now, evidence="answer")
            lane.unblock()
        case Refused(kind=RefusalKind.REJECTED):
            _reject(attempt, generation, outcome, now)
            lane.unblock()
        case Refused():
            if outcome.kind is RefusalKind.ACCOUNT:
                lane.block(code=outcome.code, message=outcome.message, now=now)
            _requeue(attempt, generation, outcome, now)
        case Unsent():
            _requeue(attempt, generation, outcome, now)
        case Unknown():
            _lose_answer(attempt, generation, outcome, now)


def _reject(
    attempt: SubmissionAttempt, generation: Generation, outcome: Refused, now: datetime
) -> None:
    with transaction.atomic():
        moved = transition(
            generation.pk,
            sources=[Status.SUBMITTING],
            to=Status.FAILED,
            kind=EventKind.REFUSED,
            actor=PROVIDER,
            now=now,
            detail={"attempt": attempt.seq, "code": outcome.code, "message": outcome.message},
            changes={
                "failure_code": FailureCode.REJECTED,
                "failure_detail": outcome.message,
                "provider_code": str(outcome.code),
                "provider_message": outcome.message,
            }
            | money.never_charged(),
        )
        if moved is not None:
            _close(attempt, AttemptState.REFUSED, "refused for good", now, outcome.answer)


def _requeue(
    attempt: SubmissionAttempt, generation: Generation, outcome: Refused | Unsent, now: datetime
) -> None:
    if isinstance(outcome, Unsent):
        kind, state, why = EventKind.UNSENT, AttemptState.UNSENT, outcome.reason
        detail: dict[str, Any] = {"attempt": attempt.seq, "why": why}
    else:
        kind, state, why = EventKind.REFUSED, AttemptState.REFUSED, "refused for now"
        detail = {"attempt": attempt.seq, "code": outcome.code, "message": outcome.message}
    later = backoff.next_try(generation, now)
    if isinstance(outcome, Refused) and outcome.kind is RefusalKind.ACCOUNT:
        # The lane holds everything back; this one keeps its place at the front.
        later["dispatch_at"] = now
    with transaction.atomic():
        moved = transition(
            generation.pk,
            sources=[Status.SUBMITTING],
            to=Status.QUEUED,
            kind=kind,
            actor=SYSTEM if isinstance(outcome, Unsent) else PROVIDER,
            now=now,
            detail=detail,
            changes={"submitted_at": None} | later,
        )
        if moved is not None:
            answer = outcome.answer if isinstance(outcome, Refused) else None
            _close(attempt, state, why, now, answer)
            if moved.candidate_task_id:
                attempt.refresh_from_db(fields=["state"])
                attach.report_task_of_refused(attempt, now=now)


def _lose_answer(
    attempt: SubmissionAttempt, generation: Generation, outcome: Unknown, now: datetime
) -> None:
    candidate = outcome.candidate_task_id or ""
    changes: dict[str, Any] = {}
    if candidate:
        first_read_at = now + timedelta(seconds=settings.POLL_SECONDS[0])
        changes = {
            "candidate_task_id": candidate,
            "candidate_from": "answer",
            # A callback that was here first has asked for a read at once.
            "next_poll_at": Coalesce("next_poll_at", first_read_at),
        }
    with transaction.atomic():
        moved = transition(
            generation.pk,
            sources=[Status.SUBMITTING],
            to=Status.UNKNOWN,
            kind=EventKind.ANSWER_LOST,
            actor=SYSTEM,
            now=now,
            detail={"attempt": attempt.seq, "why": outcome.reason},
            changes=changes,
        )
        if moved is None:
            return
        _close(attempt, AttemptState.UNKNOWN, outcome.reason, now, outcome.answer)
        odd = outcome.answer.http_status is not None
        incidents.report(
            IncidentKind.ODD_ANSWER if odd else IncidentKind.ANSWER_LOST,
            cause=outcome.reason,
            generation_id=generation.pk,
            now=now,
        )


def _close(
    attempt: SubmissionAttempt, state: AttemptState, why: str, now: datetime, answer: Answer | None
) -> None:
    values: dict[str, Any] = {"state": state, "closed_at": now, "outcome": why[:200]}
    if answer is not None:
        values |= {
            "http_status": answer.http_status,
            "provider_code": answer.code,
            "provider_message": answer.message,
            "answer_excerpt": answer.excerpt,
        }
    SubmissionAttempt.objects.filter(pk=attempt.pk, state=AttemptState.OPEN).update(**values)


def _keep_receipt(attempt: SubmissionAttempt, outcome: Accepted) -> None:
    try:
        storage.write_receipt(
            storage.Receipt(attempt.pk, str(attempt.generation_id), outcome.task_id)
        )
    except OSError:
        # A full disk must not cost the commit that follows; the id is in the log at least.
        log.exception(
            "receipt not written", generation=str(attempt.generation_id), task_id=outcome.task_id
        )


def _insist(commit: Callable[[], None]) -> None:
    """Run a commit until the database takes it; give up only when the lease would be over."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            commit()
            return
        except IntegrityError:
            raise
        except DatabaseError:
            if time.monotonic() > deadline:
                raise
            log.exception("outcome not committed yet")
            time.sleep(1)
            close_old_connections()
