"""A small copy of a picture that has been rebuilt before, for lists."""

from io import BytesIO

from PIL import Image

SIDE = 240


def thumbnail(data: bytes) -> bytes:
    """Answer a JPEG no larger than SIDE by SIDE of a picture that `rebuild_image` has made."""
    with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (SIDE, SIDE))
        image.thumbnail((SIDE, SIDE))
        rgba = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        out = BytesIO()
        flat.save(out, "JPEG", quality=80)
    return out.getvalue()
