"""Serves uploaded pictures and small copies of them, to those who may see them."""

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse

from generations import storage
from generations.admin import scope
from generations.admin.bases import user_of
from generations.media.thumbnail import thumbnail
from generations.models import SourceImage

# A picture never changes under its id, so a browser may keep it; only that browser, though.
_KEEP = "private, max-age=31536000, immutable"


def picture(request: HttpRequest, pk: UUID) -> FileResponse:
    image = scope.image_or_404(user_of(request), pk)
    try:
        file = storage.image_path(image.pk, image.mime).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(file, content_type=image.mime, headers={"Cache-Control": _KEEP})


def small_picture(request: HttpRequest, pk: UUID) -> HttpResponse:
    image = scope.image_or_404(user_of(request), pk)
    path = _small_path(image)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = _shrink(image)
        storage.put(path, data)
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": _KEEP})


def _small_path(image: SourceImage) -> Path:
    name = image.pk.hex
    return Path(settings.MEDIA_ROOT) / "thumbnails" / name[:2] / f"{name}.jpg"


def _shrink(image: SourceImage) -> bytes:
    try:
        return thumbnail(storage.image_path(image.pk, image.mime).read_bytes())
    except FileNotFoundError:
        raise Http404 from None
