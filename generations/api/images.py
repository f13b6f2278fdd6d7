"""Uploading a source picture."""

from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from generations.api import present
from generations.api.base import ApiView
from generations.api.parsers import MOST_BYTES, PictureParser
from generations.api.problems import Refused, fault
from generations.api.reading import pointer
from generations.models import Scope
from generations.services import images

_LARGEST_FILE = 10 * 1024 * 1024


class ImagesView(ApiView):
    scopes: ClassVar = {"POST": Scope.GENERATIONS_WRITE}
    parser_classes = (PictureParser,)
    # The file, and what multipart puts around it.
    most_bytes = _LARGEST_FILE + MOST_BYTES

    def post(self, request: Request) -> Response:
        file = _file_of(request.data, request.FILES)
        image = images.store(
            data=file.read(), name=file.name or "", owner=self.caller, now=timezone.now()
        )
        return Response(present.image(image), status=201)


def _file_of(fields: Any, files: Any) -> UploadedFile:
    unknown = [name for name in fields if name != "file"]
    if unknown:
        raise Refused("invalid", *(fault(pointer(name), "unknown_field") for name in unknown[:20]))
    found = files.getlist("file")
    if not found:
        raise Refused("invalid", fault("/file", "not_a_file" if "file" in fields else "required"))
    if len(found) > 1:
        raise Refused("invalid", fault("/file", "more_than_one"))
    if not found[0].size:
        raise Refused("invalid", fault("/file", "empty"))
    return found[0]
