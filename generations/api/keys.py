"""Idempotency-Key: read before the body, and what its body is known by."""

import hashlib
import json
import re
from typing import Any

from rest_framework.request import Request

from generations.api.problems import Refused

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request) -> str:
    """Answer the request's Idempotency-Key. Raises Refused when it is missing or odd."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise Refused("idempotency_key_required")
    if not _KEY.fullmatch(key):
        raise Refused("idempotency_key_invalid")
    return key


def fingerprint(body: Any) -> str:
    """Answer the sha256 of the canonical JSON of a body: neither order nor blanks matter."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
