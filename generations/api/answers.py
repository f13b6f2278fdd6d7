"""Answers that are more than a rendered dict: the stored first answer, and the one with an ETag."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import parse_etags
from rest_framework.request import Request

from generations.services.idempotency import Outcome


def written(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def of_outcome(outcome: Outcome) -> HttpResponse:
    """Answer 201 with the very text that the key was first answered with."""
    answer = HttpResponse(outcome.answer, status=201, content_type="application/json")
    answer["Location"] = reverse("api:generation", args=[outcome.generation.pk])
    if outcome.is_replay:
        answer["Idempotency-Replayed"] = "true"
    return answer


def with_etag(request: Request | HttpRequest, body: Any) -> HttpResponse:
    """Answer 200 with an ETag, or 304 when the caller has just this already."""
    text = written(body)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    answer: HttpResponse
    if is_known(request, etag):
        answer = HttpResponse(status=304)
        del answer["Content-Type"]
    else:
        answer = HttpResponse(text, content_type="application/json")
    answer["ETag"] = etag
    return answer


def is_known(request: Request | HttpRequest, etag: str) -> bool:
    """Tell whether If-None-Match names the ETag."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {entry.removeprefix("W/") for entry in known}
