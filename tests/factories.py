"""Rows for tests, made the way the platform makes them: by its services, along the state machine."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from PIL import Image

from generations import storage
from generations.kie import Answer, TaskRecord, TaskState, Unknown
from generations.models import (
    EventKind,
    Generation,
    PresetVersion,
    Project,
    SourceImage,
    Status,
    SubmissionAttempt,
    Video,
    VideoState,
)
from generations.models.transition import SYSTEM, transition
from generations.services import attach, cancel, images, outcome, poll, presets
from generations.services.request import DEFAULT_MODEL, GenerationRequest, create, judge

IMAGE_URL = "https://example.com/cat.jpg"
VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 8
_NO_ANSWER = Answer(http_status=None, code=None, message="", excerpt="")


def an_input(**changes: Any) -> dict[str, Any]:
    """Answer an input that breaks no rule."""
    return {"prompt": "The cat slowly turns its head", "image_url": IMAGE_URL} | changes


def make_generation(
    *,
    by: User,
    status: Status = Status.QUEUED,
    at: datetime | None = None,
    task_id: str = "",
    input: dict[str, Any] | None = None,  # noqa: A002 - the interface's own word
    **request: Any,
) -> Generation:
    """Make a generation and bring it to a status; `request` goes into its GenerationRequest.

    A succeeded one has a video that waits to be copied (see `archive`), and a cost of 160 credits.
    A failed one failed at KIE and cost nothing. Everything happens within 30 s after `at`.
    """
    at = at or datetime.now(UTC)
    given = an_input() if input is None else input
    judged = judge(GenerationRequest(input=given, **request), user=by, now=at)
    generation = create(judged, user=by, now=at)
    if status == Status.CANCELLED:
        cancel.cancel(generation, by=by.get_username(), now=at + timedelta(seconds=1))
    elif status != Status.QUEUED:
        _send(generation, status, task_id or uuid4().hex, at + timedelta(seconds=1))
    generation.refresh_from_db()
    assert generation.status == status
    return generation


def make_attempt(generation: Generation, *, token: str = "", at: datetime) -> SubmissionAttempt:
    """Bring a queued generation to `submitting`; `token` is the one in its callback address."""
    transition(
        generation.pk,
        sources=[Status.QUEUED],
        to=Status.SUBMITTING,
        kind=EventKind.SENDING,
        actor=SYSTEM,
        now=at,
        detail={"attempt": 1},
        changes={"lease_until": at + timedelta(seconds=90), "submitted_at": at},
    )
    return SubmissionAttempt.objects.create(
        generation=generation,
        seq=1,
        token_sha256=attach.token_digest(token or uuid4().hex),
        has_callback=bool(token),
        request_sha256=hashlib.sha256(b"request").hexdigest(),
        worker="test",
        opened_at=at,
    )


def archive(generation: Generation, *, data: bytes = VIDEO, at: datetime | None = None) -> Video:
    """Put a succeeded generation's video on the disk, as the archive does. Wants `data_dir`."""
    storage.put(storage.video_path(generation.pk), data)
    Video.objects.filter(pk=generation.pk).update(
        state=VideoState.ARCHIVED,
        next_try_at=None,
        lease_until=None,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        duration_s=5.0,
        archived_at=at or datetime.now(UTC),
    )
    return Video.objects.get(pk=generation.pk)


def make_image(*, by: User, data: bytes | None = None) -> SourceImage:
    """Store an uploaded picture. Wants `data_dir`."""
    return images.store(data=data or picture(), name="cat.jpg", owner=by, now=datetime.now(UTC))


def picture(width: int = 640, height: int = 480, kind: str = "JPEG") -> bytes:
    """Answer the bytes of a picture."""
    file = BytesIO()
    Image.new("RGB", (width, height), (30, 90, 160)).save(file, kind)
    return file.getvalue()


def make_preset(
    *, by: User, name: str = "Slow turn", is_shared: bool = False, **parameters: Any
) -> PresetVersion:
    """Make a preset of the first model with one version, and answer that version."""
    preset = presets.create(
        user=by,
        name=name,
        model=DEFAULT_MODEL,
        parameters=parameters or {"duration": "10"},
        is_shared=is_shared,
        now=datetime.now(UTC),
    )
    return preset.versions.get()


def make_project(slug: str = "spring") -> Project:
    return Project.objects.create(slug=slug, name=slug.title())


def task_record(generation: Generation, state: TaskState, **changes: Any) -> TaskRecord:
    """Answer what KIE's record of the generation's task would say."""
    success = state is TaskState.SUCCESS
    values: dict[str, Any] = {
        "task_id": generation.provider_task_id or generation.candidate_task_id,
        "model": generation.model,
        "state": state,
        "raw_state": str(state),
        "result_urls": ("https://results.example.com/video.mp4",) if success else (),
        "result_problem": None,
        "fail_code": "500" if state is TaskState.FAIL else "",
        "fail_message": "Internal Error" if state is TaskState.FAIL else "",
        "credits_consumed": Decimal(0) if state is TaskState.FAIL else Decimal(160),
        "created_at": None,
        "completed_at": None,
        "echo": None,
    }
    return TaskRecord(**values | changes)


def _send(generation: Generation, status: Status, task_id: str, at: datetime) -> None:
    attempt = make_attempt(generation, at=at)
    if status == Status.SUBMITTING:
        return
    if status == Status.UNKNOWN:
        lost = Unknown(reason="timed out", candidate_task_id=None, answer=_NO_ANSWER)
        outcome.settle(attempt, generation, lost, clock=lambda: at)
        return
    running = attach.accept(attempt, task_id, now=at, evidence="answer")
    assert running is not None
    if status != Status.RUNNING:
        _end(running, status, at)


def _end(generation: Generation, status: Status, at: datetime) -> None:
    if status == Status.FAILED:
        fail = task_record(generation, TaskState.FAIL)
        _read(generation, fail, at + timedelta(seconds=10))
        _read(generation, fail, at + timedelta(seconds=14))
        return
    nothing = {"result_urls": (), "result_problem": "no addresses"}
    needs_review = status == Status.NEEDS_REVIEW
    told = task_record(generation, TaskState.SUCCESS, **(nothing if needs_review else {}))
    _read(generation, told, at + timedelta(seconds=10))


def _read(generation: Generation, told: TaskRecord, at: datetime) -> None:
    claimed_until = at + poll.CLAIM
    Generation.objects.filter(pk=generation.pk).update(next_poll_at=claimed_until)
    due = poll.Due(generation.pk, generation.provider_task_id or "", claimed_until)
    poll.apply_record(due, told, now=at)
