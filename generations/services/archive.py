"""Copying a result to our own disk: result links die within a day, so at once and until it is done.

A failed download never spends money and never moves the generation's status.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from generations import storage
from generations.kie import ReadFailed
from generations.media import (
    Downloaded,
    FetchFailed,
    FetchRefused,
    FetchStopped,
    Mp4Facts,
    NotAVideo,
    inspect_mp4,
)
from generations.models import EventKind, Generation, Video, VideoState
from generations.models.transition import SYSTEM, record

log = structlog.get_logger(__name__)

MOST_BYTES = 300_000_000
DEADLINE_S = 120.0
FLOOR_BYTES_PER_S = 20_000
LEASE = timedelta(seconds=150)
# Our copy counts as being at risk after this long without one, and as lost when KIE has deleted the
# result: "generated media are kept 14 days" (docs.kie.ai/1973359m0, read 2026-04-29).
AT_RISK_AFTER = timedelta(hours=2)
LOST_AFTER = timedelta(days=14)
LONGEST_WAIT_S = 3600
# From this try on a link that KIE says is gone is asked for anew.
ASK_ANEW_FROM_TRY = 3


class Fetcher(Protocol):
    def download(
        self,
        url: str,
        target: Path,
        *,
        max_bytes: int,
        deadline_s: float,
        min_bytes_per_s: int,
        should_stop: Callable[[], bool],
    ) -> Downloaded: ...


class LinkSource(Protocol):
    def fresh_download_url(self, url: str) -> str: ...


def count_due(*, now: datetime) -> int:
    """Answer how many results wait to be copied and are nobody's at the moment."""
    return _due(now).count()


def count_running(*, now: datetime) -> int:
    """Answer how many copies are being made."""
    return Video.objects.filter(lease_until__gt=now).count()


def archive_next(
    *,
    fetcher: Fetcher,
    links: LinkSource,
    clock: Callable[[], datetime],
    should_stop: Callable[[], bool],
) -> bool:
    """Copy the result that has waited longest. False when none is due."""
    now = clock()
    if not storage.has_room():
        return False
    video = _claim(now)
    if video is None:
        return False
    part = storage.temporary_video_path(video.pk)
    try:
        done, facts = _copy(video, part, fetcher, links, should_stop)
        storage.publish(part, storage.video_path(video.pk))
    except FetchStopped:
        _release(video, clock())
    except (FetchFailed, FetchRefused, NotAVideo, OSError) as problem:
        _note_failure(video, str(problem), clock())
    else:
        _finish(video, done, facts, clock())
    finally:
        part.unlink(missing_ok=True)
    return True


def _due(now: datetime) -> QuerySet[Video]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Video.objects.filter(free, next_try_at__lte=now)


def _claim(now: datetime) -> Video | None:
    for found in _due(now).order_by("next_try_at")[:5]:
        mine = _due(now).filter(pk=found.pk)
        if mine.update(lease_until=now + LEASE, tries=F("tries") + 1):
            return Video.objects.select_related("generation").get(pk=found.pk)
    return None


def _copy(
    video: Video,
    part: Path,
    fetcher: Fetcher,
    links: LinkSource,
    should_stop: Callable[[], bool],
) -> tuple[Downloaded, Mp4Facts]:
    def download(url: str) -> Downloaded:
        return fetcher.download(
            url,
            part,
            max_bytes=MOST_BYTES,
            deadline_s=DEADLINE_S,
            min_bytes_per_s=FLOOR_BYTES_PER_S,
            should_stop=should_stop,
        )

    url = video.generation.result_url
    try:
        done = download(url)
    except FetchFailed as failure:
        gone = failure.http_status in {403, 404, 410}
        if not gone or video.tries < ASK_ANEW_FROM_TRY:
            raise
        try:
            fresh = links.fresh_download_url(url)
        except ReadFailed:
            raise failure from None
        done = download(fresh)
    return done, inspect_mp4(part)


def _finish(video: Video, done: Downloaded, facts: Mp4Facts, now: datetime) -> None:
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).update(
            state=VideoState.ARCHIVED,
            next_try_at=None,
            lease_until=None,
            problem="",
            bytes=done.bytes,
            sha256=done.sha256,
            duration_s=facts.duration_s,
            archived_at=now,
        )
        _event(
            video.generation, EventKind.VIDEO_ARCHIVED, now, bytes=done.bytes, sha256=done.sha256
        )


def _note_failure(video: Video, problem: str, now: datetime) -> None:
    age = now - video.created_at
    state = VideoState.PENDING
    if age >= LOST_AFTER:
        state = VideoState.LOST
    elif age >= AT_RISK_AFTER or video.state == VideoState.AT_RISK:
        state = VideoState.AT_RISK
    wait_s = min(LONGEST_WAIT_S, 5 * 2 ** min(video.tries - 1, 12))
    is_over = state == VideoState.LOST
    log.warning("video not archived", generation=str(video.pk), problem=problem, tries=video.tries)
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).exclude(state=VideoState.ARCHIVED).update(
            state=state,
            problem=problem[:500],
            lease_until=None,
            next_try_at=None if is_over else now + timedelta(seconds=wait_s),
        )
        if state != video.state:
            kind = EventKind.VIDEO_LOST if is_over else EventKind.VIDEO_AT_RISK
            _event(video.generation, kind, now, problem=problem[:300])


def _release(video: Video, now: datetime) -> None:
    """Leave a copy that was stopped by a shutdown to the next worker, as if it had not been tried."""
    Video.objects.filter(pk=video.pk, state=video.state).update(
        lease_until=None, next_try_at=now, tries=F("tries") - 1
    )


def _event(generation: Generation, kind: EventKind, now: datetime, **detail: Any) -> None:
    record(generation.pk, kind=kind, actor=SYSTEM, now=now, detail=detail)
