"""A look at a picture that is given by its address, before anything is spent on it."""

from typing import Any, Protocol

from generations.catalog import Notice
from generations.media import FetchFailed, FetchRefused, ImageRefused, inspect_image
from generations.services.errors import Fault, InvalidRequest

MOST_BYTES = 10 * 1024 * 1024
DEADLINE_S = 5.0
FIELD = "image_url"

# These need no second opinion. Bytes that are no picture prove nothing: many hosts show a page to
# programs and the picture to browsers, and KIE may be let in where we are not.
_CERTAIN = frozenset({"too_small", "wrong_ratio", "too_many_pixels", "animated"})


_UNSEEN = {
    "ru": "Картинку по адресу в поле 'image_url' не удалось посмотреть заранее. Проверьте, что"
    " адрес открывается без входа.",
    "en": "The picture at the address in field 'image_url' could not be looked at beforehand. See"
    " that the address opens without a login.",
}


class NotChecked(Notice):
    """The warning of this look, beside those of the catalogue's rules."""

    __slots__ = ()

    def message(self, language: str = "ru") -> str:
        return _UNSEEN["en" if language[:2].lower() == "en" else "ru"]


class Reader(Protocol):
    def read(self, url: str, *, max_bytes: int, deadline_s: float) -> bytes: ...


def look(url: Any, *, fetcher: Reader) -> tuple[Notice, ...]:
    """Answer the warnings about a picture's address; one when the picture could not be looked at.

    Raises InvalidRequest for a picture that can be read and breaks the rules for pictures. Takes
    up to DEADLINE_S, so never call it in a transaction.
    """
    if not isinstance(url, str):
        return ()
    try:
        inspect_image(fetcher.read(url, max_bytes=MOST_BYTES, deadline_s=DEADLINE_S))
    except (FetchFailed, FetchRefused):
        return (_NOT_CHECKED,)
    except ImageRefused as refusal:
        if refusal.code not in _CERTAIN:
            return (_NOT_CHECKED,)
        sentences = {"ru": refusal.message("ru"), "en": refusal.message("en")}
        raise InvalidRequest((Fault(f"/input/{FIELD}", refusal.code, sentences),)) from refusal
    return ()


_NOT_CHECKED = NotChecked(FIELD, "image_not_checked", {})
