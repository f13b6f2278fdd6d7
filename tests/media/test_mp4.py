import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from generations.media import Mp4Facts, NotAVideo, inspect_mp4
from tests.media.pictures import CANARY, picture

pytestmark = pytest.mark.no_database

CLIP = (Path(__file__).parent / "clip5.mp4").read_bytes()


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def large_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def endless_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 0, kind) + body


def mvhd(timescale: int = 1000, duration: int = 5000, version: int = 0) -> bytes:
    layout = ">B3xIIII" if version == 0 else ">B3xQQIQ"
    return box(b"mvhd", struct.pack(layout, version, 0, 0, timescale, duration), bytes(80))


def track(handler: bytes = b"vide") -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13))))


def moov(header: bytes | None = None, *tracks: bytes) -> bytes:
    return box(b"moov", header if header is not None else mvhd(), *(tracks or (track(),)))


def ftyp(brand: bytes = b"isom") -> bytes:
    return box(b"ftyp", brand, bytes(4), b"isommp41")


MDAT = box(b"mdat", b"pictures")


def zipped() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("video.mp4", CLIP)
    return buffer.getvalue()


def look(tmp_path: Path, data: bytes) -> Mp4Facts:
    path = tmp_path / "file"
    path.write_bytes(data)
    return inspect_mp4(path)


SOUND = {
    "clip": (CLIP, 5.0, "isom"),
    "clip with a free box of its own": (CLIP + box(b"free", b"taskId=1"), 5.0, "isom"),
    "movie behind the media": (ftyp(b"mp42") + MDAT + moov(), 5.0, "mp42"),
    "64-bit lengths": (ftyp() + moov() + large_box(b"mdat", b"x"), 5.0, "isom"),
    "last box without a length": (ftyp() + moov() + endless_box(b"mdat", b"x"), 5.0, "isom"),
    "64-bit times": (ftyp() + moov(mvhd(600, 6030, version=1)) + MDAT, 10.05, "isom"),
    "sound beside the picture": (
        ftyp() + moov(mvhd(), track(b"soun"), track()) + MDAT,
        5.0,
        "isom",
    ),
}


@pytest.mark.parametrize(("data", "duration_s", "brand"), SOUND.values(), ids=SOUND)
def test_a_whole_video_gives_its_facts(tmp_path, data, duration_s, brand):
    assert look(tmp_path, data) == Mp4Facts(len(data), pytest.approx(duration_s), brand)


WRONG_TYPES = {
    "nothing": b"",
    "html": b"<!doctype html><title>Not found</title>" + CANARY,
    "json": b'{"code": 404, "msg": "file expired"}',
    "text": b"gone",
    "gif": picture("GIF"),
    "png": picture("PNG"),
    "jpeg": picture("JPEG"),
    "webp": picture("WEBP"),
    "webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01" + bytes(200),
    "avi": b"RIFF\x00\x01\x00\x00AVI LIST" + bytes(200),
    "mpeg transport stream": (b"G" + bytes(187)) * 10,
    "flash video": b"FLV\x01\x05\x00\x00\x00\x09" + bytes(100),
    "zip of a video": zipped(),
    "quicktime": ftyp(b"qt  ") + moov() + MDAT,
    "heic": ftyp(b"heic") + moov() + MDAT,
    "avif": ftyp(b"avif") + moov() + MDAT,
    "m4a": ftyp(b"M4A ") + moov() + MDAT,
    "html before a video": CANARY + CLIP,
    "video behind a gif": picture("GIF") + CLIP,
    "ftyp and html": ftyp() + b"<html>" + CANARY,
}


@pytest.mark.parametrize("data", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_another_type_is_not_a_video(tmp_path, data):
    with pytest.raises(NotAVideo):
        look(tmp_path, data)


UNSOUND = {
    "only the type": ftyp(),
    "no type": moov() + MDAT,
    "no movie": ftyp() + MDAT,
    "two movies": ftyp() + moov() + moov() + MDAT,
    "no media": ftyp() + moov(),
    "empty media": ftyp() + moov() + box(b"mdat"),
    "sound only": ftyp() + moov(mvhd(), track(b"soun")) + MDAT,
    "no track": ftyp() + box(b"moov", mvhd()) + MDAT,
    "a track of nothing": ftyp() + moov(mvhd(), box(b"trak")) + MDAT,
    "a short handler": ftyp()
    + moov(mvhd(), box(b"trak", box(b"mdia", box(b"hdlr", b"\0"))))
    + MDAT,
    "no movie header": ftyp() + moov(b"") + MDAT,
    "an empty movie header": ftyp() + moov(box(b"mvhd")) + MDAT,
    "a short movie header": ftyp() + moov(box(b"mvhd", bytes(12))) + MDAT,
    "an unknown movie header": ftyp() + moov(box(b"mvhd", b"\x02" + bytes(99))) + MDAT,
    "no time scale": ftyp() + moov(mvhd(timescale=0)) + MDAT,
    "no length in time": ftyp() + moov(mvhd(duration=0)) + MDAT,
    "unknown length in time": ftyp() + moov(mvhd(duration=2**32 - 1)) + MDAT,
    "unknown 64-bit length in time": ftyp() + moov(mvhd(duration=2**64 - 1, version=1)) + MDAT,
    "a box length below its header": ftyp() + moov() + struct.pack(">I4s", 7, b"mdat") + b"x",
    "a large length below its header": ftyp() + moov() + struct.pack(">I4sQ", 1, b"mdat", 15),
    "a large length past the end": ftyp() + moov() + struct.pack(">I4sQ", 1, b"mdat", 2**63),
    "a large length cut off": ftyp() + moov() + struct.pack(">I4sI", 1, b"mdat", 0),
    "a child longer than its parent": ftyp()
    + box(b"moov", mvhd(), struct.pack(">I4s", 900, b"trak"))
    + bytes(900),
    "a few bytes behind": CLIP + b"\0\0\0",
    "html behind": CLIP + CANARY,
    "a box without a length before the last": ftyp() + endless_box(b"free", moov() + MDAT),
    "a million empty boxes": ftyp() + box(b"free") * 1_000_000,
}


@pytest.mark.parametrize("data", UNSOUND.values(), ids=UNSOUND)
def test_unsound_boxes_are_not_a_video(tmp_path, data):
    with pytest.raises(NotAVideo) as problem:
        look(tmp_path, data)

    assert problem.value.reason


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
@pytest.mark.parametrize("order", ["movie first", "movie last"])
def test_a_cut_video_is_not_a_video(tmp_path, share, order):
    media = box(b"mdat", bytes(200_000))
    whole = ftyp() + (moov() + media if order == "movie first" else media + moov())

    with pytest.raises(NotAVideo):
        look(tmp_path, whole[: int(len(whole) * share)])


def test_any_cut_and_any_flipped_byte_is_answered_by_facts_or_by_not_a_video(tmp_path):
    for position in range(0, len(CLIP), 13):
        flipped = bytearray(CLIP)
        flipped[position] ^= 0xFF
        for data in (CLIP[:position], bytes(flipped)):
            try:
                facts = look(tmp_path, data)
            except NotAVideo:
                continue
            assert facts.duration_s > 0
