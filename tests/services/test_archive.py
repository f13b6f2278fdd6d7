"""Copying results: until it is done, without spending, and never a wrong file."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from generations import storage
from generations.media import FetchFailed, FetchRefused, FetchStopped
from generations.models import EventKind, Generation, Status, Video, VideoState
from generations.services import archive, housekeeping, poll
from tests.fakes import CLIP, RESULT_URL, Clock, FakeFetcher, FakeKie, success_record


@pytest.fixture
def made(ask: Callable[..., Generation], send: Callable[..., object], clock: Clock) -> Generation:
    """A generation whose result waits to be copied."""
    generation = ask()
    send()
    clock.forward(5)
    (due,) = poll.claim_due(now=clock(), most=1)
    poll.apply_record(due, success_record(), now=clock())
    return generation


@pytest.fixture
def copy(kie: FakeKie, fetcher: FakeFetcher, clock: Clock) -> Callable[[], bool]:
    def turn() -> bool:
        return archive.archive_next(
            fetcher=fetcher, links=kie, clock=clock, should_stop=lambda: False
        )

    return turn


Copy = Callable[[], bool]


def test_a_result_is_copied_whole_and_described(made: Generation, copy: Copy) -> None:
    assert copy() is True
    video = Video.objects.get(generation=made)
    data = storage.video_path(made.pk).read_bytes()
    assert data == CLIP.read_bytes()
    assert video.state == VideoState.ARCHIVED
    assert video.sha256 == hashlib.sha256(data).hexdigest()
    assert (video.bytes, video.duration_s) == (len(data), 5.0)
    assert made.events.last().kind == EventKind.VIDEO_ARCHIVED
    assert copy() is False


def test_a_failed_download_is_tried_again_without_spending(
    made: Generation, copy: Copy, fetcher: FakeFetcher, kie: FakeKie, clock: Clock
) -> None:
    fetcher.problems.extend([FetchFailed("timed out", None)] * 3)
    waits = []
    for _ in range(3):
        copy()
        video = Video.objects.get(generation=made)
        assert video.state == VideoState.PENDING
        waits.append((video.next_try_at - clock()).total_seconds())
        clock.forward(waits[-1])
    assert waits == [5, 10, 20]
    copy()
    assert Video.objects.get(generation=made).state == VideoState.ARCHIVED
    assert len(kie.sent) == 1


def test_a_wrong_file_changes_the_copy_only(
    made: Generation, copy: Copy, fetcher: FakeFetcher, clock: Clock
) -> None:
    fetcher.data = b"<html>not a video</html>"
    copy()
    made.refresh_from_db()
    video = Video.objects.get(generation=made)
    assert (made.status, video.state) == (Status.SUCCEEDED, VideoState.PENDING)
    assert not storage.video_path(made.pk).exists()
    clock.forward(3 * 3600)
    copy()
    assert Video.objects.get(generation=made).state == VideoState.AT_RISK
    assert made.events.last().kind == EventKind.VIDEO_AT_RISK


def test_a_link_that_kie_says_is_gone_is_asked_for_anew(
    made: Generation, copy: Copy, fetcher: FakeFetcher, clock: Clock
) -> None:
    fetcher.problems.extend([FetchFailed("gone", 404)] * 3)
    for _ in range(3):
        copy()
        clock.forward(3600)
    assert fetcher.asked == [RESULT_URL, RESULT_URL, RESULT_URL, RESULT_URL + "?fresh"]
    assert Video.objects.get(generation=made).state == VideoState.ARCHIVED


def test_a_result_that_is_never_to_be_had_is_lost_in_the_end(
    made: Generation, copy: Copy, fetcher: FakeFetcher, clock: Clock
) -> None:
    fetcher.problems.append(FetchRefused("not a public address"))
    clock.forward(14 * 86_400)
    copy()
    video = Video.objects.get(generation=made)
    assert (video.state, video.next_try_at) == (VideoState.LOST, None)
    made.refresh_from_db()
    assert made.status == Status.SUCCEEDED


def test_a_shutdown_leaves_the_copy_to_the_next_worker(
    made: Generation, copy: Copy, fetcher: FakeFetcher
) -> None:
    fetcher.problems.append(FetchStopped("stopping"))
    copy()
    video = Video.objects.get(generation=made)
    assert (video.state, video.tries, video.lease_until) == (VideoState.PENDING, 0, None)
    assert copy() is True
    assert Video.objects.get(generation=made).state == VideoState.ARCHIVED


def test_two_workers_never_copy_the_same_result_at_once(
    made: Generation, copy: Copy, fetcher: FakeFetcher, clock: Clock
) -> None:
    seen = []

    class Nosy(FakeFetcher):
        def download(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def,override]
            seen.append(copy())
            return super().download(*args, **kwargs)  # type: ignore[arg-type]

    nosy = Nosy()
    archive.archive_next(fetcher=nosy, links=FakeKie(), clock=clock, should_stop=lambda: False)
    assert seen == [False]


def test_a_worker_that_died_while_copying_is_followed_by_another(
    made: Generation, copy: Copy, clock: Clock
) -> None:
    Video.objects.update(lease_until=clock() + archive.LEASE, tries=1)
    assert copy() is False
    clock.forward(archive.LEASE.total_seconds())
    assert copy() is True


def test_a_full_disk_copies_nothing_and_fails_nothing(
    made: Generation, copy: Copy, settings: object
) -> None:
    settings.MIN_FREE_MB = 10**9  # type: ignore[attr-defined]
    assert copy() is False
    assert Video.objects.get(generation=made).tries == 0


def test_what_killed_downloads_leave_is_tidied_away(
    made: Generation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = storage.temporary_video_path(made.pk)
    part.write_bytes(b"half")
    housekeeping.tidy(now=clock())
    assert part.exists()
    monkeypatch.setattr(housekeeping, "STALE_PART_S", -timedelta(hours=1).total_seconds())
    housekeeping.tidy(now=clock())
    assert not part.exists()
