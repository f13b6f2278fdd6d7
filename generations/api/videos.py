"""The archived video, with byte ranges, so that players can seek and downloads go on."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date, parse_http_date_safe
from rest_framework.request import Request

from generations import storage
from generations.api import answers
from generations.api.base import ApiView
from generations.api.negotiation import Anything
from generations.api.problems import Refused
from generations.models import Video, VideoState
from generations.services import visibility

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_CHUNK = 64 * 1024


class VideoView(ApiView):
    content_negotiation_class = Anything

    def get(self, request: Request, generation_id: UUID) -> HttpResponseBase:
        video: Video | None = getattr(
            visibility.generation(self.caller, generation_id), "video", None
        )
        if video is None or video.state != VideoState.ARCHIVED:
            raise Refused("video_not_archived")
        if answers.is_known(request, _etag(video)):
            return _described(HttpResponse(status=304), video)
        try:
            file = storage.video_path(video.pk).open("rb")
        except FileNotFoundError:
            raise Refused("video_not_archived") from None
        size = storage.video_path(video.pk).stat().st_size
        return _described(_answer(request, video, file, size), video)

    head = get


def _answer(request: Request, video: Video, file: BinaryIO, size: int) -> HttpResponseBase:
    if request.method == "HEAD":
        file.close()
        answer: HttpResponseBase = HttpResponse()
        answer["Content-Length"] = str(size)
        return answer
    try:
        wanted = _range(request, video, size)
    except Refused:
        file.close()
        raise
    first, last = wanted or (0, size - 1)
    file.seek(first)
    answer = StreamingHttpResponse(_Part(file, last - first + 1), status=206 if wanted else 200)
    answer["Content-Length"] = str(last - first + 1)
    if wanted:
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


class _Part:
    """A part of an open file, closed with the response whether it was read or not."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            chunk = self._file.read(min(_CHUNK, self._left))
            if not chunk:
                return
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


def _range(request: Request, video: Video, size: int) -> tuple[int, int] | None:
    """Answer the first and last byte asked for; None for the whole file.

    A header that cannot be read, or asks for several ranges, may be ignored: RFC 9110, 14.2. Raises
    Refused when the file has no such bytes.
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip().lower())
    if found is None or not _still_holds(request, video):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size - int(last)), size - 1
        is_sound = int(last) > 0
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
        is_sound = start < size
    if not is_sound:
        raise Refused("range_not_satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, end


def _still_holds(request: Request, video: Video) -> bool:
    """Tell whether If-Range, when there is one, names just this file."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition:
        return True
    if condition.startswith('"'):
        return condition == _etag(video)
    assert video.archived_at is not None
    return parse_http_date_safe(condition) == int(video.archived_at.timestamp())


def _etag(video: Video) -> str:
    return f'"{video.sha256}"'


def _described(answer: HttpResponseBase, video: Video) -> HttpResponseBase:
    assert video.archived_at is not None
    answer["Content-Type"] = "video/mp4"
    answer["Content-Disposition"] = f'inline; filename="{video.pk}.mp4"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = _etag(video)
    answer["Last-Modified"] = http_date(video.archived_at.timestamp())
    answer["Cache-Control"] = "private, no-cache"
    return answer
