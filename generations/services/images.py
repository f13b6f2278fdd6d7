"""Taking in an uploaded picture: checked, rebuilt from its pixels, stored."""

from datetime import datetime
from uuid import uuid4

from django.contrib.auth.models import User

from generations import storage
from generations.media import ImageRefused, rebuild_image
from generations.models import SourceImage
from generations.services.errors import PictureRefused


def store(*, data: bytes, name: str, owner: User, now: datetime) -> SourceImage:
    """Check, rebuild and store a picture. Raises PictureRefused; then nothing is stored."""
    try:
        rebuilt = rebuild_image(data)
    except ImageRefused as refusal:
        sentences = {"ru": refusal.message("ru"), "en": refusal.message("en")}
        raise PictureRefused(refusal.code, sentences) from refusal
    image_id = uuid4()
    # The file first: a row without its file could be chosen, a file without a row harms nobody.
    storage.put(storage.image_path(image_id, rebuilt.mime), rebuilt.data)
    return SourceImage.objects.create(
        id=image_id,
        owner=owner,
        created_at=now,
        mime=rebuilt.mime,
        width=rebuilt.width,
        height=rebuilt.height,
        bytes=len(rebuilt.data),
        sha256=rebuilt.sha256,
        original_sha256=rebuilt.original_sha256,
        original_name="".join(ch for ch in name if ch.isprintable())[-200:],
    )
