"""Pictures: judged by their bytes, and rebuilt from nothing but their pixels.

A rebuilt picture carries no EXIF, comment, XMP, colour profile or trailing bytes. A colour profile
is applied first, so colours look the same in sRGB; a profile that does not fit its picture is
dropped. Sixteen bits a channel become eight, CMYK becomes RGB, a palette becomes RGB or RGBA.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from generations.media.messages import ImageRefused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 25_000_000
MIN_SIDE = 300

# Which decoder may look at the bytes. Pillow would otherwise offer them to every one it has.
_SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDES_SWAP = frozenset({5, 6, 7, 8})
_LAST_ROW_FIRST = frozenset({3, 4, 6, 7})
_STRIP = 256
_QUALITIES = (95, 90, 85, 80, 75, 70, 60, 50, 40, 30, 20, 10)
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What a sound picture is: width and height as it is seen (orientation applied), in pixels."""

    width: int
    height: int
    mime: str
    bytes: int


@dataclass(frozen=True, slots=True)
class RebuiltImage:
    """A picture made anew: `mime` is image/jpeg or image/png, hashes are lower-case hex sha256."""

    data: bytes
    mime: str
    width: int
    height: int
    sha256: str
    original_sha256: str


def inspect_image(data: bytes) -> ImageFacts:
    """Judge a picture by its bytes, decoding it to the last row, and give its facts.

    Raises ImageRefused with code too_large, wrong_type, unreadable, animated, too_many_pixels,
    too_small or wrong_ratio.
    Source: https://docs.powertokens.ai/en/zmodelVideo/kling/kling-v2-1-master-image2video (sides
    and ratio), read 2026-11-22.
    """
    image, kind, orientation = _decode(data)
    width, height = image.size
    if orientation in _SIDES_SWAP:
        width, height = height, width
    return ImageFacts(width, height, f"image/{kind.lower()}", len(data))


def rebuild_image(data: bytes) -> RebuiltImage:
    """Make a clean picture of at most 10 MB from the pixels of an uploaded one.

    JPEG and PNG keep their type; WebP becomes JPEG, or PNG when some of it is see-through. What
    comes out over 10 MB is made JPEG (see-through parts turn white) of falling quality.
    Raises ImageRefused exactly where inspect_image does.
    """
    image, kind, orientation = _decode(data)
    image = _in_plain_colours(image)
    image = _turned(image, orientation)
    as_png = kind == "PNG" or (kind == "WEBP" and _is_see_through(image))
    body, mime = _encode(image, as_png=as_png)
    return RebuiltImage(
        data=body,
        mime=mime,
        width=image.width,
        height=image.height,
        sha256=hashlib.sha256(body).hexdigest(),
        original_sha256=hashlib.sha256(data).hexdigest(),
    )


def _decode(data: bytes) -> tuple[Image.Image, str, int]:
    if len(data) > MAX_BYTES:
        raise ImageRefused("too_large", bytes=len(data), max_bytes=MAX_BYTES)
    kind = _kind(data)
    if kind is None:
        raise ImageRefused("wrong_type")
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=(kind,))
        _judge(image)
        orientation = _orientation(image)
        image.load()
    except (ImageRefused, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused("too_many_pixels", max_pixels=MAX_PIXELS) from error
    except Exception as error:  # hostile bytes make decoders raise nearly anything
        raise ImageRefused("unreadable") from error
    return image, kind, orientation


def _kind(data: bytes) -> str | None:
    for kind, signature in _SIGNATURES.items():
        if data.startswith(signature) and (kind != "WEBP" or data[8:12] == b"WEBP"):
            return kind
    return None


def _judge(image: Image.Image) -> None:
    """Apply every rule the header alone can answer, so that nothing refused is ever decoded.

    The rules read the same for a picture on its side, hence before the orientation is known.
    """
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageRefused("too_many_pixels", max_pixels=MAX_PIXELS)
    # MPO is what phones call a JPEG with a depth or HDR map behind the photograph: several
    # pictures, no animation. Its first picture is an ordinary JPEG, and the rest is left behind.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise ImageRefused("animated")
    if min(width, height) < MIN_SIDE:
        raise ImageRefused("too_small", width=width, height=height, min_side=MIN_SIDE)
    if 2 * max(width, height) > 5 * min(width, height):
        raise ImageRefused("wrong_ratio", width=width, height=height)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a broken EXIF block says nothing about the pixels, and goes anyway
        return 1


def _in_plain_colours(image: Image.Image) -> Image.Image:
    """Bring a decoded picture to L, RGB or RGBA in sRGB, with nothing else attached."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # convert() would clip sixteen bits at 255 instead of scaling them.
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode == "P" or image.mode == "PA" or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode == "LA":
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    if profile:
        image = _in_srgb(image, profile)
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGB")
    # Encoders copy comments, profiles and more out of `info`. Clearing it makes the picture new
    # without a second copy of the pixels, 100 MB at the limit.
    image.info.clear()
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        if mode == image.mode:
            ImageCms.profileToProfile(image, source, _SRGB, inPlace=True)
            return image
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """Apply an EXIF orientation, strip by strip through a file.

    transpose() holds the picture twice: 200 MB for the 24 megapixels of an ordinary phone.
    """
    method = _ORIENTATIONS.get(orientation)
    if method is None:
        return image
    mode, (width, height) = image.mode, image.size
    with tempfile.TemporaryFile() as strips:
        for top in range(0, height, _STRIP):
            strips.write(image.crop((0, top, width, min(top + _STRIP, height))).tobytes())
        image.close()
        del image
        strips.seek(0)
        turned = Image.new(mode, (height, width) if orientation in _SIDES_SWAP else (width, height))
        for top in range(0, height, _STRIP):
            rows = min(_STRIP, height - top)
            pixels = strips.read(width * rows * len(mode))
            strip = Image.frombytes(mode, (width, rows), pixels).transpose(method)
            offset = height - top - rows if orientation in _LAST_ROW_FIRST else top
            turned.paste(strip, (offset, 0) if orientation in _SIDES_SWAP else (0, offset))
    return turned


def _is_see_through(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)


def _encode(image: Image.Image, *, as_png: bool) -> tuple[bytes, str]:
    if as_png:
        body = _saved(image, "PNG")
        if body is not None:
            return body, "image/png"
    if image.mode == "RGBA":
        image = _on_white(image)
    for quality in _QUALITIES:
        body = _saved(image, "JPEG", quality=quality)
        if body is not None:
            return body, "image/jpeg"
    raise ImageRefused("too_large", bytes=MAX_BYTES + 1, max_bytes=MAX_BYTES)


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white


class _Overflow(Exception):
    """The file being written has grown past MAX_BYTES."""


class _CappedBuffer(BytesIO):
    """Stops an encoder at MAX_BYTES, before a noisy picture fills memory with a useless file."""

    def write(self, chunk: Any, /) -> int:
        if self.tell() + len(chunk) > MAX_BYTES:
            raise _Overflow
        return super().write(chunk)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes | None:
    buffer = _CappedBuffer()
    try:
        image.save(buffer, kind, **options)
    except _Overflow:
        return None
    return buffer.getvalue()
