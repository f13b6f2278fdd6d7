"""Generations: asking for them, finding them, stopping and repeating them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from generations import provider
from generations.api import answers, filters, keys, pages, present
from generations.api.base import READ, ApiView
from generations.api.problems import Refused, language
from generations.api.reading import Fields
from generations.catalog import Notice
from generations.models import Generation, GenerationEvent, Scope
from generations.services import idempotency, image_check, visibility
from generations.services.cancel import cancel
from generations.services.errors import KeyInUse
from generations.services.request import GenerationRequest, create, judge
from generations.services.retry import retry

_EVENTS = pages.Order("seq", int)
_WRITE = {"POST": Scope.GENERATIONS_WRITE}


def request_of(body: Any) -> GenerationRequest:
    """Read what somebody asks for. Raises Refused naming every field of a wrong type."""
    fields = Fields(body, "model", "preset", "input", "image", "project", "tags", "note")
    request = GenerationRequest(
        input=fields.anything("input", {}),
        model=fields.text("model"),
        preset=fields.text("preset"),
        image_id=fields.id("image"),
        project=fields.text("project"),
        tags=fields.texts("tags"),
        note=fields.words("note"),
    )
    fields.done()
    return request


class GenerationsView(ApiView):
    scopes: ClassVar = {**READ, **_WRITE}

    def get(self, request: Request) -> Response:
        query = request.query_params
        wanted = filters.condition(
            query, self.caller, filters.OF_GENERATIONS, also=filters.ORDERING
        )
        rows = visibility.generations(self.caller).filter(wanted)
        spoken = language()
        return Response(
            pages.page(
                request, rows, filters.order(query), lambda row: present.generation(row, spoken)
            )
        )

    def post(self, request: Request) -> HttpResponse:
        return _once(self, request, "create", self._make)

    def _make(self, body: Any) -> Callable[[], Generation]:
        now, user = timezone.now(), self.caller
        judged = judge(request_of(body), user=user, now=now)
        notices: tuple[Notice, ...] = ()
        if settings.CHECK_IMAGE_URLS:
            notices = image_check.look(judged.input.get("image_url"), fetcher=provider.fetcher())
        return lambda: create(judged, user=user, now=now, token=self.token, notices=notices)


class GenerationView(ApiView):
    def get(self, request: Request, generation_id: UUID) -> HttpResponse:
        row = visibility.generation(self.caller, generation_id)
        return answers.with_etag(request, present.generation(row, language()))


class EventsView(ApiView):
    def get(self, request: Request, generation_id: UUID) -> Response:
        filters.allow_none(request.query_params)
        row = visibility.generation(self.caller, generation_id)
        events = GenerationEvent.objects.filter(generation=row)
        return Response(pages.page(request, events, _EVENTS, present.event))


class CancelView(ApiView):
    scopes: ClassVar = _WRITE

    def post(self, request: Request, generation_id: UUID) -> Response:
        row = visibility.generation(self.caller, generation_id)
        Fields(request.data).done()
        cancel(row, by=self.caller.get_username(), now=timezone.now())
        row = visibility.generation(self.caller, generation_id)
        return Response(present.generation(row, language()))


class RetryView(ApiView):
    scopes: ClassVar = _WRITE

    def post(self, request: Request, generation_id: UUID) -> HttpResponse:
        row = visibility.generation(self.caller, generation_id)

        def make(body: Any) -> Callable[[], Generation]:
            Fields(body).done()
            return lambda: retry(row, user=self.caller, now=timezone.now(), token=self.token)

        return _once(self, request, f"retry:{generation_id}", make)


def _once(
    view: ApiView, request: Request, call: str, prepare: Callable[[Any], Callable[[], Generation]]
) -> HttpResponse:
    """Make one generation for the request's key, or answer what the key was answered before.

    The key is looked at before the body: a known one with another body is refused as such even
    when that body could not be read.
    """
    key, user = keys.key_of(request), view.caller
    try:
        body = request.data
        body_sha256 = keys.fingerprint(body)
    except (Refused, APIException):
        idempotency.find(user=user, call=call, key=key, body_sha256="unreadable")
        raise
    try:
        outcome = idempotency.find(user=user, call=call, key=key, body_sha256=body_sha256)
        if outcome is None:
            spoken, now = language(), timezone.now()
            with _alone(user, call, key, now):
                outcome = idempotency.once(
                    user=user,
                    call=call,
                    key=key,
                    body_sha256=body_sha256,
                    now=now,
                    make=prepare(body),
                    render=lambda row: answers.written(present.generation(row, spoken)),
                )
    except KeyInUse as error:
        raise Refused("request_in_progress", headers={"Retry-After": "1"}) from error
    except OperationalError as error:
        if not _is_lock_timeout(error):
            raise
        raise Refused("request_in_progress", headers={"Retry-After": "1"}) from error
    return answers.of_outcome(outcome)


def _alone(user: User, call: str, key: str, now: datetime) -> AbstractContextManager[None]:
    """Keep the key to one request where a look at a picture's address may take seconds."""
    if settings.CHECK_IMAGE_URLS:
        return idempotency.alone(user=user, call=call, key=key, now=now)
    return nullcontext()


def _is_lock_timeout(error: OperationalError) -> bool:
    """SQLite says so in words, PostgreSQL by lock_not_available."""
    return "locked" in str(error) or getattr(error.__cause__, "sqlstate", "") == "55P03"
