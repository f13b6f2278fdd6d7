"""Every error of the API as RFC 9457 problem details, in the caller's language.

What an error means is a table, closed by default: what is not in it is an internal error, is logged
with its traceback, and says nothing of itself to the caller.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from rest_framework import exceptions
from rest_framework.request import Request

from generations.api.sentences import FAULTS, KINDS
from generations.money import usd_text
from generations.services import errors
from generations.services.errors import Fault

MEDIA_TYPE = "application/problem+json"
_MOST_FAULTS = 50

# The first class that fits counts, so the narrower stand above the wider.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (errors.InvalidRequest, "invalid"),
    (errors.NotAllowed, "permission_denied"),
    (errors.NotFound, "not_found"),
    (errors.BudgetExceeded, "budget_exceeded"),
    (errors.PriceMissing, "price_missing"),
    (errors.WrongState, "wrong_state"),
    (errors.DecisionRefused, "decision_refused"),
    (errors.KeyReused, "idempotency_key_reused"),
    (errors.KeyInUse, "request_in_progress"),
    (errors.PictureRefused, "picture_refused"),
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "token_refused"),
    (exceptions.PermissionDenied, "csrf_failed"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.Throttled, "throttled"),
    (exceptions.ParseError, "malformed"),
    (Http404, "not_found"),
    (PermissionDenied, "permission_denied"),
    (RequestDataTooBig, "body_too_large"),
    (TooManyFilesSent, "malformed"),
    (SuspiciousOperation, "malformed"),
)


class Refused(Exception):
    """What the edge itself refuses; `code` is one of sentences.KINDS."""

    def __init__(
        self,
        code: str,
        *faults: Fault,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.faults = faults
        self.detail = detail
        self.headers = dict(headers or {})


def fault(pointer: str, code: str) -> Fault:
    """Answer a fault of the edge's own; `code` is one of sentences.FAULTS."""
    ru, en = FAULTS[code]
    return Fault(pointer, code, {"ru": ru, "en": en})


def language() -> str:
    """Answer the caller's language: ru or en."""
    return (get_language() or "ru")[:2]


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Answer the problem that an exception in a view is, or None for one nobody anticipated."""
    request: Request = context["request"]
    if isinstance(exc, Refused):
        return respond(request, exc.code, faults=exc.faults, detail=exc.detail, headers=exc.headers)
    code = next((code for kind, code in _CODES if isinstance(exc, kind)), None)
    if code is None:
        return None
    headers = {}
    wait_s = getattr(exc, "wait", None)
    if isinstance(exc, exceptions.Throttled) and wait_s is not None:
        headers["Retry-After"] = str(int(wait_s))
    if isinstance(exc, errors.BudgetExceeded):
        members = {
            "budget": exc.budget,
            "limit_usd": usd_text(exc.limit_micro_usd),
            "left_usd": usd_text(exc.left_micro_usd),
        }
        return respond(request, code, detail=str(exc), members=members)
    return respond(request, code, faults=_faults_of(exc), headers=headers)


def respond(
    request: HttpRequest | Request,
    code: str,
    *,
    faults: Iterable[Fault] = (),
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Answer a problem of a kind in sentences.KINDS; `members` are what only this kind has."""
    kind, spoken = KINDS[code], language()
    named = [{"pointer": f.pointer, "code": f.code, "detail": f.sentence(spoken)} for f in faults][
        :_MOST_FAULTS
    ]
    title = kind.title(spoken)
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": kind.status,
        "detail": detail or " ".join(f["detail"] for f in named[:3]) or title,
        "instance": request.path,
        "code": code,
        "request_id": getattr(request, "request_id", ""),
    }
    if named:
        body["errors"] = named
    body |= members or {}
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=kind.status, content_type=MEDIA_TYPE
    )
    response["Cache-Control"] = "no-store"
    if kind.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _faults_of(exc: Exception) -> tuple[Fault, ...]:
    if isinstance(exc, errors.InvalidRequest):
        return exc.faults
    return (exc.fault,) if isinstance(exc, errors.PictureRefused) else ()
