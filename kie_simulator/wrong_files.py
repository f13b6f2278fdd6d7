"""Files that are no video, served where an mp4 was promised."""

import io
import struct
import zipfile

_PAGE = b"<!DOCTYPE html><html><body><script>alert(document.cookie)</script></body></html>"
_FIXED = {
    "html": _PAGE,
    "empty": b"",
    "text": b"the file has been removed\n",
    "json": b'{"code":404,"msg":"file not found","data":null}',
    "gif": bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000")
    + bytes.fromhex("010001000002024401003b"),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64) + b"\xff\xd9",
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    "webm": bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d") + bytes(64),
    "avi": b"RIFF" + struct.pack("<I", 68) + b"AVI LIST" + bytes(56),
    "mp3": b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(64),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
}
WRONG_TYPES = (*_FIXED, "zip", "polyglot", "only_ftyp")


def wrong_file(variant: str, honest: bytes) -> bytes:
    """Will return the bytes of a variant; the last two begin exactly as a video does."""
    first_box = honest[: struct.unpack(">I", honest[:4])[0]] if len(honest) > 8 else b""
    if variant == "only_ftyp":
        return first_box
    if variant == "polyglot":
        return first_box + _PAGE
    if variant == "zip":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("video.mp4", honest)
        return held.getvalue()
    return _FIXED[variant]
