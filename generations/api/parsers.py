"""How bodies are read: JSON strictly, pictures as multipart."""

from collections.abc import Mapping
from typing import Any

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from generations.api import strict_json
from generations.api.problems import Refused, fault

MOST_BYTES = 64 * 1024


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _demand_utf8(media_type)
        data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Refused("body_too_large")
        try:
            return strict_json.read(data)
        except strict_json.BadJson as bad:
            raise Refused("malformed", fault("", bad.code)) from None


class PictureParser(MultiPartParser):
    """Multipart, for pictures only; how large the body may be is the view's to say."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles:
        _demand_utf8(media_type)
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError:
            raise Refused("malformed", fault("", "not_multipart")) from None


def _demand_utf8(media_type: str | None) -> None:
    charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type or "")
