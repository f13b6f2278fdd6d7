"""One HTTP request as it was read, and one answer before it is put on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. Header names are lower case; the query holds the last value of a name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: str = "127.0.0.1"

    def json(self) -> Any:
        """Will return the decoded body, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; Date, Content-Length and Connection are added on the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    code: Any = None  # KIE's inner code, for the request log


def envelope(code: Any, msg: Any, data: Any = None, *, status: int = 200) -> Answer:
    """Will return KIE's usual answer: ``code``, ``msg`` and ``data`` in HTTP 200."""
    return json_answer({"code": code, "msg": msg, "data": data}, status=status)


def json_answer(value: Any, *, status: int = 200) -> Answer:
    code = value.get("code") if isinstance(value, dict) else None
    return Answer(status, json.dumps(value).encode(), code=code)
