"""Calling REST as a program of somebody's would."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import make_token

ROOT = "/api/v1/"
PROBLEM = "application/problem+json"


@dataclass
class Caller:
    """Somebody with a token. Addresses are below /api/v1/ unless they begin with a slash."""

    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(_address(path), headers=self.headers | _named(headers))

    def head(self, path: str, **headers: str) -> Any:
        return self.client.head(_address(path), headers=self.headers | _named(headers))

    def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "", **headers: str
    ) -> Any:
        """Send a body: bytes and text as they are, anything else as JSON, None as nothing."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method,
            _address(path),
            b"" if body is None else data,
            content_type=content_type or "application/json",
            headers=self.headers | _named(headers),
        )

    def post(self, path: str, body: Any = None, **options: str) -> Any:
        return self.send("POST", path, body, **options)

    def create(self, body: Any, key: str = "", **options: str) -> Any:
        return self.post("generations/", body, idempotency_key=key or uuid4().hex, **options)

    def upload(self, data: bytes, name: str = "cat.jpg", **more: Any) -> Any:
        file = SimpleUploadedFile(name, data)
        return self.client.post(_address("images/"), {"file": file} | more, headers=self.headers)


def calling(user: User, *scopes: str) -> Caller:
    """Answer a caller with a token of the user's; every scope when none is named."""
    return Caller({"Authorization": f"Bearer {make_token(user, *scopes)}"})


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is this problem, whole and sound, and answer its body."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == PROBLEM
    body = json.loads(answer.content)
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.request["PATH_INFO"]
    assert body["request_id"] == answer["X-Request-ID"]
    return body


def faults(answer: Any) -> set[tuple[str, str]]:
    """Answer the pointers and codes of a 400 about fields."""
    body = problem(answer, 400, "invalid")
    assert all(fault["detail"] for fault in body["errors"])
    return {(fault["pointer"], fault["code"]) for fault in body["errors"]}


def _address(path: str) -> str:
    return path if path.startswith(("/", "http")) else ROOT + path


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
