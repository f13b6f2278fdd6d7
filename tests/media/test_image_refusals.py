import os
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from generations.media import ImageRefused, inspect_image, rebuild_image
from generations.media.messages import REFUSAL_CODES
from tests.media.pictures import (
    CANARY,
    animated,
    corners,
    noise,
    picture,
    png_chunk,
    png_flood,
    png_header,
    saved,
)

pytestmark = pytest.mark.no_database

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><script/></svg>'
JPEG = saved(noise((400, 300)), "JPEG")
PNG = saved(noise((400, 300)), "PNG")
WEBP = saved(noise((400, 300)), "WEBP")
TEN_MB = 10 * 1024 * 1024

REFUSED = {
    "nothing": (b"", "wrong_type"),
    "text": (b"hello", "wrong_type"),
    "html": (b"<!doctype html>" + CANARY, "wrong_type"),
    "svg": (SVG, "wrong_type"),
    "svg with xml head": (b'<?xml version="1.0"?>' + SVG, "wrong_type"),
    "gif": (picture("GIF"), "wrong_type"),
    "animated gif": (animated("GIF"), "wrong_type"),
    "bmp": (picture("BMP"), "wrong_type"),
    "tiff": (picture("TIFF"), "wrong_type"),
    "ico": (picture("ICO"), "wrong_type"),
    "ppm": (picture("PPM"), "wrong_type"),
    "avif head": (b"\0\0\0\x20ftypavif" + bytes(100), "wrong_type"),
    "heic head": (b"\0\0\0\x20ftypheic" + bytes(100), "wrong_type"),
    "pdf": (b"%PDF-1.7\n", "wrong_type"),
    "zip": (b"PK\x03\x04" + bytes(100), "wrong_type"),
    "jpeg behind html": (CANARY + JPEG, "wrong_type"),
    "another RIFF": (b"RIFF\x24\0\0\0WAVEfmt ", "wrong_type"),
    "jpeg head alone": (b"\xff\xd8\xff", "unreadable"),
    "jpeg head and gif": (b"\xff\xd8\xff" + picture("GIF"), "unreadable"),
    "png head alone": (b"\x89PNG\r\n\x1a\n", "unreadable"),
    "png without pixels": (png_header(400, 300) + png_chunk(b"IEND", b""), "unreadable"),
    "webp head alone": (b"RIFF\x00\x00\x00\x00WEBP", "unreadable"),
    "jpeg cut at half": (JPEG[: len(JPEG) // 2], "unreadable"),
    "jpeg cut at 99 %": (JPEG[: len(JPEG) * 99 // 100], "unreadable"),
    "jpeg without its last 200 bytes": (JPEG[:-200], "unreadable"),
    "png cut at half": (PNG[: len(PNG) // 2], "unreadable"),
    "png cut at 99 %": (PNG[: len(PNG) * 99 // 100], "unreadable"),
    "webp cut at half": (WEBP[: len(WEBP) // 2], "unreadable"),
    "webp cut at 99 %": (WEBP[: len(WEBP) * 99 // 100], "unreadable"),
    "animated png": (animated("PNG"), "animated"),
    "animated webp": (animated("WEBP"), "animated"),
    "one pixel": (picture("PNG", (1, 1)), "too_small"),
    "299 x 300": (picture("PNG", (299, 300)), "too_small"),
    "300 x 299": (picture("JPEG", (300, 299)), "too_small"),
    "webp of 299 x 299": (picture("WEBP", (299, 299)), "too_small"),
    "a pixel wider than 2.5:1": (picture("PNG", (751, 300)), "wrong_ratio"),
    "a pixel taller than 1:2.5": (picture("JPEG", (300, 751)), "wrong_ratio"),
    "25 MP and a row": (png_flood(5000, 5001), "too_many_pixels"),
    "flood of 9400 x 9400": (png_flood(9400, 9400), "too_many_pixels"),
    "flood past Pillow's own limit": (png_flood(20000, 20000), "too_many_pixels"),
    "flood announced, not sent": (
        png_header(2**31 - 1, 2**31 - 1) + png_chunk(b"IDAT", b"x"),
        "too_many_pixels",
    ),
    "text bomb": (
        png_header(400, 300) + png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8))),
        "unreadable",
    ),
    "10 MB and a byte": (JPEG + bytes(TEN_MB + 1 - len(JPEG)), "too_large"),
    "11 MB of nothing": (bytes(11 * 1024 * 1024), "too_large"),
}


@pytest.mark.parametrize("judge", [inspect_image, rebuild_image])
@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED)
def test_is_refused_with_the_code_of_its_fault(judge, data, code):
    with pytest.raises(ImageRefused) as refusal:
        judge(data)

    assert refusal.value.code == code


ACCEPTED_SIZES = {
    "smallest": (300, 300),
    "exactly 2.5:1": (750, 300),
    "exactly 1:2.5": (300, 750),
    "odd 2.5:1": (1002, 401),
    "exactly 25 MP": (5000, 5000),
}


@pytest.mark.parametrize("size", ACCEPTED_SIZES.values(), ids=ACCEPTED_SIZES)
def test_sizes_on_the_edge_are_accepted(size):
    facts = inspect_image(png_flood(*size))

    assert (facts.width, facts.height, facts.mime) == (*size, "image/png")


def test_exactly_ten_megabytes_are_accepted():
    facts = inspect_image(JPEG + bytes(TEN_MB - len(JPEG)))

    assert facts.bytes == TEN_MB


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_facts_name_the_real_type(kind, mime):
    assert inspect_image(saved(corners(), kind)).mime == mime


def test_a_phone_jpeg_with_a_second_picture_behind_it_is_a_jpeg():
    data = saved(corners(), "MPO", save_all=True, append_images=[Image.new("RGB", (400, 300))])

    rebuilt = rebuild_image(data)

    assert inspect_image(data).mime == "image/jpeg"
    assert rebuilt.mime == "image/jpeg"
    assert rebuilt.data.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("code", sorted(REFUSAL_CODES))
def test_every_refusal_says_in_both_languages_what_to_do(code):
    numbers = dict.fromkeys(("bytes", "max_bytes", "max_pixels", "width", "height", "min_side"), 7)
    refusal = ImageRefused(code, **numbers)

    assert refusal.message() == refusal.message("ru") == refusal.message("fr")
    assert refusal.message("en-us") == refusal.message("en") != refusal.message("ru")
    assert "{" not in refusal.message("en") + refusal.message("ru")
    assert refusal.message("en").count(". ") >= 1


def test_a_sentence_quotes_what_was_found_and_what_is_allowed():
    with pytest.raises(ImageRefused) as refusal:
        inspect_image(picture("PNG", (299, 300)))

    assert "299×300" in refusal.value.message("ru")
    assert "300 pixels" in refusal.value.message("en")


MEASURE = """
import sys
import zlib
from generations.media import ImageRefused, rebuild_image
rebuild_image(open(sys.argv[1], "rb").read())
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])
before = peak()
for path in sys.argv[2:]:
    try:
        rebuild_image(open(path, "rb").read())
    except ImageRefused:
        pass
print((peak() - before) // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's memory figures")
def test_floods_and_the_largest_pictures_grow_memory_by_at_most_150_mb(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    large = noise((500, 500)).resize((5000, 5000))
    files = {
        "small": picture(),
        "flood": png_flood(9400, 9400),
        "wide flood": png_flood(13000, 13000),
        "palest 25 MP": png_flood(5000, 5000),
        "photograph on its side": saved(large, "JPEG", quality=60, exif=turned),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    script = [sys.executable, "-c", MEASURE, *(str(tmp_path / name) for name in files)]
    answer = subprocess.run(script, capture_output=True, text=True, check=True)

    assert int(answer.stdout) <= 150
