"""The files: what counts as archived is on the disk as it was written, and no file is nobody's."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Model

from generations import storage
from generations.models import Generation, SourceImage, Status, Video, VideoState
from generations.reports.audit.finding import Finding, finding

SAMPLE = 200
# At risk after two hours; the state is written by a try, and tries are an hour apart at the most.
_AT_RISK_AFTER = timedelta(hours=3, minutes=15)


def overdue(now: datetime) -> Iterator[Finding]:
    """I34: results without a copy of ours that nobody calls at risk."""
    late = Video.objects.filter(state=VideoState.PENDING, created_at__lt=now - _AT_RISK_AFTER)
    for pk in late.values_list("pk", flat=True):
        sentence = "The result has not been copied for over 3 hours, and is not called at risk."
        yield finding("I34", Video, pk, sentence)
    without = Generation.objects.filter(status=Status.SUCCEEDED, video__isnull=True)
    for pk in without.values_list("pk", flat=True):
        yield finding("I34", Generation, pk, "It succeeded, but nobody is to copy its result.")


def damaged(how_many: int | None) -> Iterator[Finding]:
    """I33: files that are missing or not as they were written; with None, also those without a row."""
    videos = Video.objects.filter(state=VideoState.ARCHIVED).order_by("-archived_at")
    for video in videos[:how_many].iterator():
        yield from _compare(
            Video, video.pk, storage.video_path(video.pk), video.bytes, video.sha256
        )
    images = SourceImage.objects.order_by("-created_at")
    for image in images[:how_many].iterator():
        path = storage.image_path(image.pk, image.mime)
        yield from _compare(SourceImage, image.pk, path, image.bytes, image.sha256)
    if how_many is None:
        yield from _without_row("videos", Video)
        yield from _without_row("images", SourceImage)


def _compare(
    model: type[Model], pk: UUID, path: Path, size: int | None, sha256: str
) -> Iterator[Finding]:
    try:
        found = path.stat().st_size
        if found != size:
            yield finding("I33", model, pk, f"Its file has {found} bytes instead of {size}.")
            return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        yield finding("I33", model, pk, "Its file is missing or cannot be read.")
        return
    if digest != sha256:
        yield finding("I33", model, pk, "Its file is not the one that was written.")


def _without_row(folder: str, model: type[Model]) -> Iterator[Finding]:
    for path in sorted(Path(settings.MEDIA_ROOT, folder).glob("*/[!.]*")):
        try:
            key = UUID(path.stem)
        except ValueError:
            key = None
        if key is None or not model._default_manager.filter(pk=key).exists():
            yield finding("I33", model, path.name, f"The file {path.name} belongs to no row.")
