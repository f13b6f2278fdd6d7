"""What a caller accepts. JSON is all there is, so the header only decides between 200 and 406."""

from collections.abc import Iterable
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

_OURS = ("application/json", "application/problem+json")


class JsonOnly(DefaultContentNegotiation):
    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        wanted = self.get_accept_list(request)
        if wanted and not any(_fits(entry) for entry in wanted):
            raise NotAcceptable
        return renderer, renderer.media_type


class Anything(JsonOnly):
    """For answers of a type of their own: whoever asks for them knows what they are."""

    def get_accept_list(self, request: Request) -> list[str]:
        return []


def _fits(entry: str) -> bool:
    media_range = entry.partition(";")[0].strip()
    return any(media_type_matches(ours, media_range) for ours in _OURS)
