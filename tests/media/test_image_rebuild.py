import hashlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from generations.media import inspect_image, rebuild_image
from tests.media.pictures import (
    CANARY,
    corners,
    exif,
    noise,
    picture,
    png_chunk,
    rgb16_png,
    saved,
    with_png_chunk,
)

pytestmark = pytest.mark.no_database

TEN_MB = 10 * 1024 * 1024
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_with_texts() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    texts.add_text("Zipped", CANARY.decode(), zip=True)
    return saved(corners(), "PNG", pnginfo=texts, exif=exif())


CARRIERS = {
    "jpeg comment": saved(corners(), "JPEG", comment=CANARY),
    "jpeg exif with gps": saved(corners(), "JPEG", exif=exif()),
    "jpeg xmp": saved(corners(), "JPEG", xmp=CANARY),
    "jpeg profile": saved(corners(), "JPEG", icc_profile=SRGB + CANARY),
    "jpeg tail": saved(corners(), "JPEG") + CANARY,
    "jpeg with a zip behind it": saved(corners(), "JPEG") + b"PK\x03\x04" + CANARY,
    "png texts and exif": png_with_texts(),
    "png chunk of its own": with_png_chunk(saved(corners(), "PNG"), png_chunk(b"caNa", CANARY)),
    "png profile": saved(corners(), "PNG", icc_profile=SRGB + CANARY),
    "png tail": saved(corners(), "PNG") + CANARY,
    "webp exif": saved(corners(), "WEBP", exif=exif(), xmp=CANARY),
    "webp profile": saved(corners(), "WEBP", icc_profile=SRGB + CANARY),
    "webp tail": saved(corners(), "WEBP") + CANARY,
}


@pytest.mark.parametrize("data", CARRIERS.values(), ids=CARRIERS)
def test_nothing_but_pixels_survives(data):
    rebuilt = rebuild_image(data)
    image = Image.open(BytesIO(rebuilt.data))
    image.load()

    assert b"canary" not in rebuilt.data
    assert not image.getexif()
    assert not {"icc_profile", "comment", "exif", "xmp"} & image.info.keys()


def test_hashes_are_those_of_the_file_given_and_the_file_made():
    data = saved(corners(), "JPEG") + CANARY

    rebuilt = rebuild_image(data)

    assert rebuilt.original_sha256 == hashlib.sha256(data).hexdigest()
    assert rebuilt.sha256 == hashlib.sha256(rebuilt.data).hexdigest()


def test_the_same_file_gives_the_same_bytes():
    data = saved(noise((400, 300)), "WEBP")

    assert rebuild_image(data).data == rebuild_image(data).data


# How a camera held that way stores `corners`, so that turning it as told gives `corners` back.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED_AS)
def test_orientation_is_applied(orientation):
    upright = corners((700, 600))
    upright.paste("green", (600, 0, 700, 100))
    method = STORED_AS[orientation]
    stored = upright.transpose(method) if method is not None else upright
    data = saved(stored, "PNG", exif=exif(orientation))

    rebuilt = rebuild_image(data)

    assert (rebuilt.width, rebuilt.height) == (700, 600)
    assert Image.open(BytesIO(rebuilt.data)).tobytes() == upright.tobytes()
    assert (inspect_image(data).width, inspect_image(data).height) == (700, 600)


def test_an_unreadable_orientation_is_ignored():
    data = saved(corners(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + CANARY)

    assert (rebuild_image(data).width, rebuild_image(data).height) == (400, 300)


COLOURS = {
    "grey jpeg": (picture("JPEG", mode="L", colour=120), (120, 120, 120)),
    "cmyk jpeg": (picture("JPEG", mode="CMYK", colour=(0, 255, 255, 0)), (254, 0, 0)),
    "grey png": (picture("PNG", mode="L", colour=120), (120, 120, 120)),
    "black and white png": (picture("PNG", mode="1", colour=1), (255, 255, 255)),
    "16-bit grey png": (picture("PNG", mode="I;16", colour=0x8000), (128, 128, 128)),
    "16-bit rgb png": (rgb16_png((400, 300), (0xFF00, 0x8000, 0)), (255, 128, 0)),
    "palette png": (
        saved(Image.new("RGB", (400, 300), (200, 100, 50)).quantize(4), "PNG"),
        (200, 100, 50),
    ),
    "rgb png": (picture("PNG", colour=(1, 2, 3)), (1, 2, 3)),
    "webp": (picture("WEBP", colour=(10, 200, 30), lossless=True), (10, 200, 30)),
}


@pytest.mark.parametrize(("data", "colour"), COLOURS.values(), ids=COLOURS)
def test_colours_of_every_kind_are_kept(data, colour):
    rebuilt = rebuild_image(data)
    pixel = Image.open(BytesIO(rebuilt.data)).convert("RGB").getpixel((200, 150))

    assert all(abs(found - wanted) <= 3 for found, wanted in zip(pixel, colour, strict=True))


SEE_THROUGH = {
    "rgba png": picture("PNG", mode="RGBA", colour=(255, 0, 0, 100)),
    "grey png with alpha": picture("PNG", mode="LA", colour=(50, 100)),
    "palette png": saved(Image.new("P", (400, 300), 0), "PNG", transparency=0),
    "colour key png": picture("PNG", colour=(255, 0, 0), transparency=(255, 0, 0)),
    "webp": picture("WEBP", mode="RGBA", colour=(255, 0, 0, 100), lossless=True),
}


@pytest.mark.parametrize("data", SEE_THROUGH.values(), ids=SEE_THROUGH)
def test_what_is_see_through_stays_so_as_png(data):
    rebuilt = rebuild_image(data)
    image = Image.open(BytesIO(rebuilt.data))

    assert rebuilt.mime == "image/png"
    assert image.getchannel("A").getextrema()[1] <= 100


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_without_real_transparency_becomes_jpeg(mode):
    data = saved(corners().convert(mode), "WEBP")

    rebuilt = rebuild_image(data)

    assert (rebuilt.mime, rebuilt.data[:3]) == ("image/jpeg", b"\xff\xd8\xff")


def test_a_colour_profile_is_applied_before_it_is_dropped():
    # A profile whose red and blue are exchanged: what it calls red is blue.
    profile = bytearray(SRGB)
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    named = bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    data = picture("PNG", colour=(255, 0, 0), icc_profile=named.replace(b"sRGB", b"swap"))

    pixel = Image.open(BytesIO(rebuild_image(data).data)).getpixel((0, 0))

    assert pixel == pytest.approx((0, 0, 255), abs=3)


@pytest.mark.parametrize("profile", [b"nonsense", SRGB[:200], b"\0" * 128])
def test_a_profile_that_makes_no_sense_is_dropped(profile):
    data = picture("PNG", colour=(9, 8, 7), icc_profile=profile)

    assert Image.open(BytesIO(rebuild_image(data).data)).getpixel((0, 0)) == (9, 8, 7)


def test_a_png_that_grows_past_ten_megabytes_becomes_jpeg():
    data = saved(noise((1900, 1600), "RGBA"), "WEBP", quality=60, method=0)
    assert len(data) < TEN_MB

    rebuilt = rebuild_image(data)

    assert rebuilt.mime == "image/jpeg"
    assert len(rebuilt.data) <= TEN_MB
    assert (rebuilt.width, rebuilt.height) == (1900, 1600)


def test_a_jpeg_that_would_grow_past_ten_megabytes_loses_quality_until_it_fits():
    data = saved(noise((3300, 3300)), "JPEG", quality=55)
    assert len(data) < TEN_MB

    rebuilt = rebuild_image(data)

    assert rebuilt.mime == "image/jpeg"
    assert len(rebuilt.data) <= TEN_MB
    assert (rebuilt.width, rebuilt.height) == (3300, 3300)
