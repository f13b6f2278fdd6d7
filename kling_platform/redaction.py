"""Keeps secrets out of the logs: by the name of the key and by the exact value of each secret."""

import re
from collections.abc import MutableMapping
from typing import Any

from django.conf import settings

_NAMES = re.compile(r"password|passwd|secret|api_?key|token|authorization|cookie|hmac", re.I)
_CALLBACK = re.compile(r"/callbacks/kie/[^/\s\"'?]+")
_BEARER = re.compile(r"(?i)bearer\s+[\w.~+/=-]+")
_SECRETS = ("KIE_API_KEY", "KIE_WEBHOOK_HMAC_KEY", "SECRET_KEY")
_SHORTEST = 8  # a shorter value would blot out ordinary words


def redact_text(text: str) -> str:
    """Answer the text with tokens of callback addresses, bearers and our own secrets blotted out."""
    text = _CALLBACK.sub("/callbacks/kie/***", text)
    text = _BEARER.sub("Bearer ***", text)
    for name in _SECRETS:
        value = getattr(settings, name, "")
        if len(value) >= _SHORTEST:
            text = text.replace(value, "***")
    return text


def redact_event(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """structlog's processor: blot out what a line must not show."""
    for key, value in event.items():
        if key != "event" and isinstance(value, str) and _NAMES.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = redact_text(value)
        elif isinstance(value, tuple | list | dict) and not key.startswith("_"):
            event[key] = redact_text(repr(value))
    return event
