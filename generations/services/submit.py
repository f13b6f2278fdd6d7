"""Sending a generation to KIE, exactly once.

The order is the guarantee (docs/decisions/0001-submission.md): an attempt is committed, then one
request goes out, then its outcome is committed. Whoever dies in between leaves an attempt that may
have a task; no program sends that generation again.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

import structlog
from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from generations import storage
from generations.catalog import get_model, log_line
from generations.kie import CreateOutcome, CreateTask
from generations.models import EventKind, Generation, Lane, Status, SubmissionAttempt
from generations.models.transition import SYSTEM, transition
from generations.services import attach, lane, limits, outcome, picture

log = structlog.get_logger(__name__)

# Longer than the request's own deadline of 20 s and the patience of its commit together.
LEASE = timedelta(seconds=90)
# How long one worker may prepare a picture before another may.
PREPARE = timedelta(seconds=60)
# A task that a callback has named may be this one's, whatever KIE answered: not before that is
# disproved may it be sent again.
_MAY_BE_SENT = Q(candidate_task_id="")


class Client(picture.Uploader, Protocol):
    def encode(self, task: CreateTask) -> bytes: ...
    def create_task(self, task: CreateTask) -> CreateOutcome: ...


class Callbacks(Protocol):
    def url(self, token: str) -> str | None: ...


class Step(Enum):
    """What one call of `submit_next` came to."""

    IDLE = "nothing is due, or nothing may be sent now"
    DONE = "one generation was dealt with"
    NO_SLOT = "the account's limit is used up for the moment"


@dataclass(frozen=True, slots=True)
class _Claim:
    generation: Generation
    attempt: SubmissionAttempt
    task: CreateTask


def submit_next(
    *,
    client: Client,
    callbacks: Callbacks,
    clock: Callable[[], datetime],
    worker: str,
    should_stop: Callable[[], bool],
) -> Step:
    """Send the queued generation that has waited longest, if anything may be sent at all.

    `should_stop` is asked last before the claim: a picture's upload may outlast the order to stop.
    """
    now = clock()
    if not storage.has_room() or not lane.is_open(lane.get(), now=now):
        return Step.IDLE
    generation = _take_oldest(now)
    if generation is None:
        return Step.IDLE
    # While KIE refuses the account this is the minute's one probe, be it the picture's upload.
    turn = lane.take_turn(now=now)
    if turn is None:
        _put_back(generation, now)
        return Step.IDLE
    if not picture.is_ready(generation, now=now):
        ready = picture.send(generation, client=client, now=now)
        if ready is None:
            return Step.DONE
        generation = ready
    now = clock()
    if should_stop():
        _put_back(generation, now)
        return Step.IDLE
    if not limits.take(limits.CREATES, now=now):
        _put_back(generation, now)
        return Step.NO_SLOT
    claim = _claim(generation, client, callbacks, worker, now) if turn.still_holds() else None
    if claim is None:
        limits.give_back(limits.CREATES, used_at=now)
        _put_back(generation, now)
        return Step.IDLE
    _send(claim, client, clock)
    return Step.DONE


def has_due(*, now: datetime) -> bool:
    """Tell whether a queued generation waits for its turn to be sent."""
    return _due(now).exists()


def _due(now: datetime) -> QuerySet[Generation]:
    return Generation.objects.filter(_MAY_BE_SENT, status=Status.QUEUED, dispatch_at__lte=now)


def _take_oldest(now: datetime) -> Generation | None:
    """Take the oldest due row out of the others' sight while its picture is prepared."""
    for found in _due(now).order_by("created_at", "id")[:5]:
        mine = Generation.objects.filter(
            pk=found.pk, status=Status.QUEUED, dispatch_at=found.dispatch_at
        ).update(dispatch_at=now + PREPARE)
        if mine:
            return Generation.objects.select_related("image", "price").get(pk=found.pk)
    return None


def _put_back(generation: Generation, now: datetime) -> None:
    Generation.objects.filter(pk=generation.pk, status=Status.QUEUED).update(dispatch_at=now)


def _claim(
    generation: Generation, client: Client, callbacks: Callbacks, worker: str, now: datetime
) -> _Claim | None:
    """Commit that this generation may have been sent from now on. None when it may not be any more."""
    token = secrets.token_urlsafe(32)
    task = CreateTask(
        model=generation.model,
        input=generation.wire_input,
        callback_url=callbacks.url(token),
    )
    not_paused = Q(~Exists(Lane.objects.filter(pk=1, paused_at__isnull=False)))
    with transaction.atomic():
        seq = generation.attempts.count() + 1
        moved = transition(
            generation.pk,
            sources=[Status.QUEUED],
            to=Status.SUBMITTING,
            kind=EventKind.SENDING,
            actor=SYSTEM,
            now=now,
            detail={"attempt": seq},
            changes={"lease_until": now + LEASE, "submitted_at": now},
            only_if=not_paused & _MAY_BE_SENT,
        )
        if moved is None:
            return None
        attempt = SubmissionAttempt.objects.create(
            generation=moved,
            seq=seq,
            token_sha256=attach.token_digest(token),
            has_callback=task.callback_url is not None,
            request_sha256=hashlib.sha256(client.encode(task)).hexdigest(),
            worker=worker,
            opened_at=now,
        )
    return _Claim(moved, attempt, task)


def _send(claim: _Claim, client: Client, clock: Callable[[], datetime]) -> None:
    spec = get_model(claim.task.model)
    assert spec is not None, "a generation's model is in the catalogue"
    log.info(log_line(spec, claim.task.input), generation=str(claim.generation.pk))
    answer = client.create_task(claim.task)
    outcome.settle(claim.attempt, claim.generation, answer, clock=clock)
