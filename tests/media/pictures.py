"""Pictures made on the spot, and pieces to spoil them with."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image

CANARY = b"<script>canary-7f3a</script>"


def picture(
    kind: str = "JPEG",
    size: tuple[int, int] = (400, 300),
    mode: str = "RGB",
    colour: Any = None,
    **options: Any,
) -> bytes:
    """A one-coloured picture file of that kind."""
    image = Image.new(mode, size, colour if colour is not None else 0)
    return saved(image, kind, **options)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    bands = [Image.effect_noise(size, 90) for _ in mode]
    return Image.merge(mode, bands) if len(bands) > 1 else bands[0]


def corners(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """White, but red in the upper left and blue in the lower right."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, 100, 100))
    image.paste("blue", (size[0] - 100, size[1] - 100, *size))
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with a place on earth, a maker's note and an orientation."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E] = CANARY.decode()
    block.get_ifd(0x8825).update({1: "N", 2: (55.0, 45.0, 7.0), 29: CANARY.decode()})
    return block


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def png_flood(width: int, height: int) -> bytes:
    """A small black-and-white PNG file of many pixels."""
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    header = png_header(width, height, depth=1, colour=0)
    return header + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def rgb16_png(size: tuple[int, int], pixel: Sequence[int]) -> bytes:
    row = b"\0" + struct.pack(">HHH", *pixel) * size[0]
    body = png_chunk(b"IDAT", zlib.compress(row * size[1]))
    return png_header(*size, depth=16) + body + png_chunk(b"IEND", b"")


def with_png_chunk(data: bytes, chunk: bytes) -> bytes:
    """Insert a chunk right behind the header."""
    return data[:33] + chunk + data[33:]


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("red", "green")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
