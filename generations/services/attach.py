"""Joining a generation and the task that KIE has made for it, by evidence.

Evidence is our own answer from createTask (also as a receipt on disk), or KIE's record of a task
that echoes our callback token, model and input.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from generations.kie import Echo
from generations.models import (
    AttemptState,
    CallbackHit,
    EventKind,
    Generation,
    IncidentKind,
    Status,
    SubmissionAttempt,
)
from generations.models.transition import PROVIDER, SYSTEM, transition
from generations.services import candidate, incidents


def token_digest(token: str) -> str:
    """Answer what is stored of a callback token."""
    return hashlib.sha256(token.encode()).hexdigest()


def accept(
    attempt: SubmissionAttempt, task_id: str, *, now: datetime, evidence: str
) -> Generation | None:
    """Record that this attempt made this task, however late the evidence comes.

    Returns the running generation; None when it was attached already, is over, or contradicts what
    is known: then an incident says so and nothing is overwritten.
    """
    try:
        with transaction.atomic():
            moved = _move(attempt, task_id, now, evidence)
            if moved is None:
                _judge_late_evidence(attempt, task_id, now)
                return None
            mark_accepted(attempt, now=now, evidence=evidence)
            return moved
    except IntegrityError:
        # The task id, or the place of the one live attempt, belongs to somebody else.
        _report_second_task(attempt, task_id, now, "the task id belongs to another generation")
        return None


def mark_accepted(attempt: SubmissionAttempt, *, now: datetime, evidence: str) -> None:
    """Write on the attempt that it has made a task, and how that is known."""
    SubmissionAttempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ACCEPTED, closed_at=now, outcome=evidence
    )


def attempt_of_echo(
    generation: Generation, echo: Echo | None, *, is_named_by_person: bool = False
) -> SubmissionAttempt | None:
    """Answer the attempt that a task's record proves to be its origin, or None.

    The record must echo our model and input, and the token of the attempt's callback address. An
    attempt without one is proved by model and input only where our own answer, or a person, named
    the task.
    """
    if echo is None or echo.model != generation.model or not _same_input(generation, echo.input):
        return None
    attempts = generation.attempts.order_by("-seq")
    if echo.callback_url:
        token = echo.callback_url.rstrip("/").rpartition("/")[2]
        return attempts.filter(token_sha256=token_digest(token)).first()
    if is_named_by_person or generation.candidate_from == "answer":
        return attempts.filter(has_callback=False).first()
    return None


def _move(
    attempt: SubmissionAttempt, task_id: str, now: datetime, evidence: str
) -> Generation | None:
    generation = Generation.objects.select_for_update().get(pk=attempt.generation_id)
    if generation.status == Status.QUEUED and evidence != "answer":
        _take_back_from_queue(attempt, now)
    has_called = CallbackHit.objects.filter(attempt__generation=generation).exists()
    wait_s = settings.POLL_SECONDS[0]
    if evidence != "answer" or has_called:
        # Its task is older than this moment, or a callback was here first: read it at once.
        wait_s = 0
    others = {generation.candidate_task_id, *(candidate.named(generation) if has_called else ())}
    for other in sorted(others - {"", task_id}):
        _report_second_task(attempt, other, now, "it was named before the generation's own task")
    return transition(
        attempt.generation_id,
        sources=[Status.SUBMITTING, Status.UNKNOWN],
        to=Status.RUNNING,
        kind=EventKind.ACCEPTED if evidence == "answer" else EventKind.ATTACHED,
        actor=PROVIDER,
        now=now,
        detail={"task_id": task_id, "evidence": evidence, "attempt": attempt.seq},
        changes={
            "provider_task_id": task_id,
            "candidate_task_id": "",
            "candidate_from": "",
            "next_poll_at": now + timedelta(seconds=wait_s),
        },
    )


def _take_back_from_queue(attempt: SubmissionAttempt, now: datetime) -> None:
    """KIE had refused this attempt, and yet has its task: sending once more would pay twice."""
    transition(
        attempt.generation_id,
        sources=[Status.QUEUED],
        to=Status.SUBMITTING,
        kind=EventKind.SENDING,
        actor=SYSTEM,
        now=now,
        detail={"attempt": attempt.seq, "evidence": "a task of a refused attempt exists"},
        changes={"lease_until": now, "submitted_at": attempt.opened_at},
    )
    report_task_of_refused(attempt, now=now)


def report_task_of_refused(attempt: SubmissionAttempt, *, now: datetime) -> None:
    """Open an incident: KIE had not taken this attempt by its own words, and a task of it is named."""
    incidents.report(
        IncidentKind.CONTRADICTION,
        cause=f"attempt {attempt.seq} was {attempt.state}, and yet a task of it is named",
        generation_id=attempt.generation_id,
        now=now,
    )


def _judge_late_evidence(attempt: SubmissionAttempt, task_id: str, now: datetime) -> None:
    known = Generation.objects.get(pk=attempt.generation_id)
    if known.provider_task_id == task_id:
        closed = SubmissionAttempt.objects.filter(
            Q(state="open") | Q(state="unknown"), pk=attempt.pk
        )
        closed.update(state=AttemptState.ACCEPTED, closed_at=now)
        return
    if known.status == Status.FAILED and known.provider_task_id is None:
        # Decided, and wrongly so: KIE's record has the last word.
        Generation.objects.filter(pk=known.pk, status=Status.FAILED).update(
            candidate_task_id=task_id, candidate_from="answer", next_poll_at=now
        )
    _report_second_task(attempt, task_id, now, f"the generation is {known.status}")


def _report_second_task(attempt: SubmissionAttempt, task_id: str, now: datetime, why: str) -> None:
    incidents.report(
        IncidentKind.SECOND_TASK,
        cause=task_id,
        generation_id=attempt.generation_id,
        now=now,
        detail={"attempt": attempt.seq, "why": why},
    )


def _same_input(generation: Generation, echoed: Mapping[str, Any] | None) -> bool:
    """Tell whether KIE's echo has our five values; keys of KIE's own do not matter."""
    if echoed is None:
        return False
    for key, ours in generation.wire_input.items():
        theirs = echoed.get(key)
        if isinstance(ours, float) and not isinstance(theirs, bool):
            if not isinstance(theirs, int | float) or float(theirs) != ours:
                return False
        elif theirs != ours:
            return False
    return True
