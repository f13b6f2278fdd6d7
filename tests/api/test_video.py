"""The archived video over HTTP: whole, in parts, described, and only for who may see it."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from generations import storage
from generations.models import Generation, Status, Video, VideoState
from tests.api.calling import Caller, calling, problem
from tests.cast import Cast
from tests.factories import VIDEO, archive, make_generation

SIZE = len(VIDEO)
ETAG = f'"{hashlib.sha256(VIDEO).hexdigest()}"'
ARCHIVED_AT = datetime(2026, 11, 20, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.fixture
def generation(cast: Cast, data_dir: object) -> Generation:
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    archive(made, at=ARCHIVED_AT)
    return made


@pytest.fixture
def caller(cast: Cast) -> Caller:
    return calling(cast.operator)


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def _address(generation: Generation) -> str:
    return f"generations/{generation.pk}/video/"


def test_the_whole_file_comes_described(caller: Caller, generation: Generation) -> None:
    answer = caller.get(_address(generation))

    assert (answer.status_code, _body(answer)) == (200, VIDEO)
    assert {name: answer[name] for name in (
        "Content-Type", "Content-Length", "Content-Disposition", "X-Content-Type-Options",
        "Accept-Ranges", "ETag", "Last-Modified", "Cache-Control",
    )} == {
        "Content-Type": "video/mp4",
        "Content-Length": str(SIZE),
        "Content-Disposition": f'inline; filename="{generation.pk}.mp4"',
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": ETAG,
        "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT",
        "Cache-Control": "private, no-cache",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        (f"bytes=0-{SIZE - 1}", 0, SIZE - 1),
        (f"bytes=5-{SIZE + 500}", 5, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        ("bytes=-500", SIZE - 500, SIZE - 1),
        (f"bytes=-{SIZE + 5}", 0, SIZE - 1),
        ("Bytes=7-9", 7, 9),
    ],
)
def test_a_range_is_answered_with_just_these_bytes(
    caller: Caller, generation: Generation, wanted: str, first: int, last: int
) -> None:
    answer = caller.get(_address(generation), range=wanted)

    assert answer.status_code == 206
    assert _body(answer) == VIDEO[first : last + 1]
    assert answer["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer["Content-Length"] == str(last - first + 1)
    assert answer["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    "wanted", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0", "bytes=999999999999999-"]
)
def test_a_range_beyond_the_file_is_refused(
    caller: Caller, generation: Generation, wanted: str
) -> None:
    answer = caller.get(_address(generation), range=wanted)

    problem(answer, 416, "range_not_satisfiable")
    assert answer["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "items=0-5", "bytes=0-1,5-6", "0-5", "bytes=٣-٥",
     "bytes=" + "9" * 40 + "-", "bytes= 0-5", ""],
)  # fmt: skip
def test_a_range_that_says_nothing_gives_the_whole_file(
    caller: Caller, generation: Generation, wanted: str
) -> None:
    answer = caller.get(_address(generation), range=wanted.encode().decode("latin-1"))

    assert (answer.status_code, _body(answer)) == (200, VIDEO)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 206),
        ('"another"', 200),
        (f"W/{ETAG}", 200),
        ("Fri, 20 Nov 2026 12:00:01 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_a_range_holds_only_for_the_file_it_was_meant_for(
    caller: Caller, generation: Generation, condition: str, status: int
) -> None:
    answer = caller.get(_address(generation), range="bytes=0-9", if_range=condition)

    assert answer.status_code == status
    assert len(_body(answer)) == (10 if status == 206 else SIZE)


def test_head_tells_all_and_sends_nothing(caller: Caller, generation: Generation) -> None:
    whole, part = (
        caller.head(_address(generation)),
        caller.head(_address(generation), range="bytes=0-9"),
    )

    for answer in (whole, part):
        assert (answer.status_code, _body(answer)) == (200, b"")
        assert answer["Content-Length"] == str(SIZE)
        assert answer["Content-Type"] == "video/mp4"
        assert answer["Accept-Ranges"] == "bytes"


def test_a_known_video_is_not_sent_again(caller: Caller, generation: Generation) -> None:
    answer = caller.get(_address(generation), if_none_match=ETAG)

    assert (answer.status_code, _body(answer), answer["ETag"]) == (304, b"", ETAG)


@pytest.mark.parametrize("accept", ["video/mp4", "video/*", "*/*", "image/png", "application/json"])
def test_whatever_is_accepted_it_is_an_mp4(
    caller: Caller, generation: Generation, accept: str
) -> None:
    answer = caller.get(_address(generation), accept=accept)

    assert (answer.status_code, answer["Content-Type"]) == (200, "video/mp4")
    _body(answer)


@pytest.mark.parametrize("state", [VideoState.PENDING, VideoState.AT_RISK])
def test_before_it_is_archived_there_is_no_video(
    cast: Cast, caller: Caller, data_dir: object, state: str
) -> None:
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    Video.objects.update(state=state)

    problem(caller.get(_address(made)), 404, "video_not_archived")


def test_a_generation_without_a_result_has_no_video(cast: Cast, caller: Caller) -> None:
    made = make_generation(by=cast.operator, status=Status.RUNNING)

    problem(caller.get(_address(made)), 404, "video_not_archived")


def test_a_file_that_is_gone_is_no_error_of_ours(caller: Caller, generation: Generation) -> None:
    storage.video_path(generation.pk).unlink()

    problem(caller.get(_address(generation)), 404, "video_not_archived")


def test_a_stranger_learns_nothing(cast: Cast, generation: Generation) -> None:
    problem(calling(cast.stranger).get(_address(generation)), 404, "not_found")
    problem(Caller().get(_address(generation)), 401, "not_authenticated")
    problem(Caller().get(_address(generation), range="bytes=0-5"), 401, "not_authenticated")


def test_a_session_plays_it_too(cast: Cast, generation: Generation) -> None:
    browser = Caller()
    browser.client.force_login(cast.operator)

    answer = browser.get(_address(generation), range="bytes=0-3")

    assert (answer.status_code, _body(answer)) == (206, VIDEO[:4])
