"""A callback of KIE's: believed for one thing only, that now is a good moment to read.

KIE signs the task id and the time, not the body (docs.kie.ai/common-api/webhook-verification, read
2026-10-05); so the body names at most a candidate, which KIE's own record must prove.
"""

import hashlib
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models import F

from generations.kie import CallbackHint, parse_callback, verify_signature
from generations.models import (
    CallbackHit,
    EventKind,
    Generation,
    IncidentKind,
    Status,
    SubmissionAttempt,
)
from generations.models.transition import PROVIDER, record
from generations.services import attach, incidents

# The same body again causes a read this long after the last one: a flood must not use up the reads,
# and yet the last of them, which may be the one that tells of the end, must not be dropped.
REPEAT_AFTER = timedelta(seconds=2)
# A called generation is read before those that merely wait for their next look, however many do.
# Below what /readyz takes for a reader that has stopped.
AHEAD = timedelta(seconds=60)


class Reception(Enum):
    """What became of a callback."""

    TAKEN = "ours; a read follows at once"
    UNSIGNED = "ours by its token, but not signed as it must be"
    UNKNOWN = "not ours"


def receive(
    *, token: str, body: bytes, timestamp: str | None, signature: str | None, now: datetime
) -> Reception:
    """Take a callback in and make its generation due for a read now."""
    attempt = SubmissionAttempt.objects.filter(token_sha256=attach.token_digest(token)).first()
    if attempt is None:
        return Reception.UNKNOWN
    hint = parse_callback(body)
    key = settings.KIE_WEBHOOK_HMAC_KEY
    signed = bool(key) and verify_signature(
        task_id=hint.task_id, timestamp=timestamp, signature=signature, key=key, now=now
    )
    if key and not signed:
        return Reception.UNSIGNED
    with transaction.atomic():
        read_at = _read_at(attempt, hint, body, signed, now)
        if read_at is not None:
            _make_due(attempt, hint, now, read_at)
    return Reception.TAKEN


def _read_at(
    attempt: SubmissionAttempt, hint: CallbackHint, body: bytes, signed: bool, now: datetime
) -> datetime | None:
    """Keep the hit; answer when it is to be followed by a read, None when one is planned by then."""
    hit, is_new = CallbackHit.objects.get_or_create(
        attempt=attempt,
        body_sha256=hashlib.sha256(body).hexdigest(),
        defaults={
            "received_at": now,
            "named_task_id": hint.task_id or "",
            "is_signed": signed,
        },
    )
    if is_new:
        return now
    CallbackHit.objects.filter(pk=hit.pk).update(repeats=F("repeats") + 1)
    times = Generation.objects.values_list("last_poll_at", "next_poll_at")
    last_at, planned_at = times.get(pk=attempt.generation_id)
    # A last read in the future was noted before the clock jumped back.
    read_at = now if last_at is None else max(now, min(last_at, now) + REPEAT_AFTER)
    return read_at if planned_at is None or planned_at > read_at else None


def _make_due(
    attempt: SubmissionAttempt, hint: CallbackHint, now: datetime, read_at: datetime
) -> None:
    generation = Generation.objects.select_for_update().get(pk=attempt.generation_id)
    changes: dict[str, object] = {"next_poll_at": read_at if read_at > now else now - AHEAD}
    if generation.provider_task_id is None and hint.task_id:
        changes |= {"candidate_task_id": hint.task_id, "candidate_from": "callback"}
        if generation.status == Status.QUEUED:
            attach.report_task_of_refused(attempt, now=now)
    elif hint.task_id and hint.task_id != generation.provider_task_id:
        incidents.report(
            IncidentKind.SECOND_TASK,
            cause=hint.task_id,
            generation_id=generation.pk,
            now=now,
            detail={"attempt": attempt.seq, "why": "a callback names another task"},
        )
    record(
        generation.pk,
        kind=EventKind.CALLBACK,
        actor=PROVIDER,
        now=now,
        detail={"attempt": attempt.seq, "task_id": hint.task_id or ""},
        changes=changes,
    )
