"""Whether a file is a whole MP4 video, judged from its boxes.

An MP4 is a row of boxes, each with its own length, so a cut or foreign file betrays itself without
decoding. Source: ISO/IEC 14496-12 §4.2 (boxes), §8.2.2 (mvhd), §8.4.3 (hdlr).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Brands of plain MP4 video. HEIC and AVIF pictures, M4A sound and QuickTime share the box format
# and are told apart by brand alone.
BRANDS = frozenset(
    {"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9"}
    | {"mp41", "mp42", "avc1", "hvc1", "M4V ", "MSNV", "dash", "cmfc"}
)
# A real video has some dozens of boxes a level; a file of nothing but empty ones has millions.
_MAX_BOXES = 5_000


class NotAVideo(Exception):
    """The file is no whole MP4 video; `reason` says in English what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mp4Facts:
    """What the file says of itself: size, length in seconds (over 0), major brand."""

    bytes: int
    duration_s: float
    brand: str


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


def inspect_mp4(path: Path) -> Mp4Facts:
    """Walk a file's boxes to its end and give its facts.

    Raises NotAVideo for any file that is not a whole MP4 with a video track and a length, and
    OSError only where the file cannot be read at all.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        boxes = list(_boxes(file, 0, size))
        if not boxes or boxes[0].kind != b"ftyp":
            raise NotAVideo("does not begin with an ftyp box")
        brand = _body(file, boxes[0], 8)[:4].decode("latin-1")
        if brand not in BRANDS:
            raise NotAVideo(f"brand {brand!r} is not one of MP4 video")
        movie = list(_boxes(file, *_span(_only(boxes, b"moov"))))
        if not any(_is_video(file, box) for box in movie if box.kind == b"trak"):
            raise NotAVideo("has no video track")
        if not any(box.kind == b"mdat" and box.end > box.start for box in boxes):
            raise NotAVideo("has no media data")
        return Mp4Facts(size, _duration_s(file, _only(movie, b"mvhd")), brand)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """Give the boxes that fill start to end exactly."""
    for _ in range(_MAX_BOXES):
        if start == end:
            return
        box = _box_at(file, start, end)
        yield box
        start = box.end
    raise NotAVideo("has too many boxes")


def _box_at(file: BinaryIO, start: int, end: int) -> _Box:
    file.seek(start)
    head = file.read(16)
    if end - start < 8 or len(head) < 8:
        raise NotAVideo("ends inside a box header")
    length, kind = struct.unpack(">I4s", head[:8])
    header = 8
    if length == 1:
        if end - start < 16 or len(head) < 16:
            raise NotAVideo("ends inside a box header")
        (length,) = struct.unpack(">Q", head[8:])
        header = 16
    elif length == 0:
        length = end - start
    if length < header:
        raise NotAVideo("has a box shorter than its header")
    if length > end - start:
        raise NotAVideo("ends inside a box")
    return _Box(kind, start + header, start + length)


def _span(box: _Box) -> tuple[int, int]:
    return box.start, box.end


def _only(boxes: list[_Box], kind: bytes) -> _Box:
    found = [box for box in boxes if box.kind == kind]
    if len(found) != 1:
        raise NotAVideo(f"has {len(found)} {kind.decode()} boxes instead of one")
    return found[0]


def _body(file: BinaryIO, box: _Box, length: int) -> bytes:
    file.seek(box.start)
    body = file.read(min(length, box.end - box.start))
    if len(body) < length:
        raise NotAVideo(f"has a {box.kind.decode('latin-1')} box that is too short")
    return body


def _is_video(file: BinaryIO, track: _Box) -> bool:
    media = _only(list(_boxes(file, *_span(track))), b"mdia")
    handler = _only(list(_boxes(file, *_span(media))), b"hdlr")
    return _body(file, handler, 12)[8:12] == b"vide"


def _duration_s(file: BinaryIO, header: _Box) -> float:
    version = _body(file, header, 1)[0]
    if version == 0:
        timescale, duration = struct.unpack(">II", _body(file, header, 20)[12:])
        unknown = 2**32 - 1
    elif version == 1:
        timescale, duration = struct.unpack(">IQ", _body(file, header, 32)[20:])
        unknown = 2**64 - 1
    else:
        raise NotAVideo(f"has an mvhd box of unknown version {version}")
    if timescale == 0 or duration in (0, unknown):
        raise NotAVideo("says nothing of its length in time")
    return float(duration / timescale)
