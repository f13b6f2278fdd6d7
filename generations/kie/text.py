"""Foreign text made safe to store and show, and the shapes of ids and addresses."""

import re
from typing import TypeGuard
from urllib.parse import urlsplit

URL_LIMIT = 2048
# Blotting out anything shorter would spoil ordinary words.
_SHORTEST_SECRET = 8

# NUL and lone surrogates cannot be stored in PostgreSQL; bidi controls make a page lie.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{6,128}")


def clean_text(value: object, limit: int) -> str:
    """At most `limit` characters of `value` without control, surrogate and bidi characters.

    Newline and tab stay. None gives "", anything else that is not text its `str()`. Never raises.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        try:
            value = str(value)
        except (ValueError, RecursionError):
            # Very long integers and very deep lists have no text.
            return ""
    return _UNWANTED.sub("", value)[:limit]


def blot_out(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with every secret of at least 8 characters replaced by ***."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def is_task_id(value: object) -> TypeGuard[str]:
    """Whether `value` has the shape of a KIE task id: 6 to 128 of A-Z a-z 0-9 _ and -."""
    return isinstance(value, str) and _TASK_ID.fullmatch(value) is not None


def is_http_url(value: object) -> TypeGuard[str]:
    """Whether `value` is a plain http(s) address of at most 2048 characters.

    No credentials, control characters, blanks or backslashes, and an ASCII host.
    """
    if not isinstance(value, str) or not 0 < len(value) <= URL_LIMIT:
        return False
    if any(not mark.isprintable() or mark.isspace() or mark == "\\" for mark in value):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and parts.netloc.isascii()
        and port != 0
    )
