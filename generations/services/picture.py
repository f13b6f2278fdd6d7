"""Bringing an uploaded picture to KIE's upload host, just before its generation is sent."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Q

from generations import storage
from generations.kie import UploadFailed, UploadRefused
from generations.models import EventKind, FailureCode, Generation, Status
from generations.models.transition import SYSTEM, record, transition
from generations.services import backoff, lane, settle

# KIE keeps uploads for a day at the least (docs.kie.ai/file-upload-api, read 2026-10-05).
FRESH_FOR = timedelta(hours=6)


class Uploader(Protocol):
    def upload_image(self, data: bytes, file_name: str, mime: str) -> str: ...


def is_ready(generation: Generation, *, now: datetime) -> bool:
    """Tell whether the generation's picture has an address that KIE can still read."""
    if generation.image_id is None:
        return True
    sent_at = generation.uploaded_at
    return bool(generation.uploaded_url) and sent_at is not None and now - sent_at < FRESH_FOR


def send(generation: Generation, *, client: Uploader, now: datetime) -> Generation | None:
    """Upload the generation's picture and answer the generation with its address.

    Returns None when it could not be done: then the generation waits for another try, or has failed
    because the picture is not to be had or not wanted.
    """
    image = generation.image
    assert image is not None
    try:
        data = storage.image_path(image.pk, image.mime).read_bytes()
    except FileNotFoundError:
        _give_up(generation, now, "The picture's file is gone.", "", "")
        return None
    # The name is new each time: caches at KIE may keep an older file of the same name.
    extension = storage.image_path(image.pk, image.mime).suffix
    name = f"{image.pk.hex}-{int(now.timestamp())}{extension}"
    try:
        url = client.upload_image(data, name, image.mime)
    except UploadFailed as failure:
        _postpone(generation, now, failure.reason)
        return None
    except UploadRefused as refusal:
        _heed(refusal, generation, now)
        return None
    return record(
        generation.pk,
        kind=EventKind.PICTURE_SENT,
        actor=SYSTEM,
        now=now,
        detail={"sha256": image.sha256},
        changes={"uploaded_url": url, "uploaded_at": now},
        only_if=Q(status=Status.QUEUED),
    )


def _heed(refusal: UploadRefused, generation: Generation, now: datetime) -> None:
    if refusal.account:
        lane.block(code=refusal.code or 401, message=refusal.reason, now=now)
        # The lane holds everything back; this one keeps its place at the front.
        _postpone(generation, now, refusal.reason, later={"dispatch_at": now})
    else:
        code = str(refusal.code or "")
        _give_up(generation, now, "KIE refused the picture.", code, refusal.reason)


def _postpone(
    generation: Generation, now: datetime, why: str, later: dict[str, Any] | None = None
) -> None:
    record(
        generation.pk,
        kind=EventKind.POSTPONED,
        actor=SYSTEM,
        now=now,
        detail={"why": why[:300]},
        changes=later or backoff.next_try(generation, now),
        only_if=Q(status=Status.QUEUED),
    )


def _give_up(generation: Generation, now: datetime, why: str, code: str, message: str) -> None:
    transition(
        generation.pk,
        sources=[Status.QUEUED],
        to=Status.FAILED,
        kind=EventKind.FAILED,
        actor=SYSTEM,
        now=now,
        detail={"why": why, "provider_message": message},
        changes={
            "failure_code": FailureCode.SOURCE_UNAVAILABLE,
            "failure_detail": why,
            "provider_code": code,
            "provider_message": message,
        }
        | settle.never_charged(),
    )
