"""Trying again: always a new generation with a quote of its own, linked to the old one."""

from datetime import datetime

from django.contrib.auth.models import User

from generations.models import ApiToken, Generation
from generations.services.errors import WrongState
from generations.services.request import GenerationRequest, create, judge


def request_of(generation: Generation) -> GenerationRequest:
    """Answer the request that would make the same generation again."""
    given = dict(generation.input)
    if generation.image_id is not None:
        given.pop("image_url")
    return GenerationRequest(
        input=given,
        model=generation.model,
        image_id=generation.image_id,
        project=_open_project(generation),
        tags=tuple(generation.tags.values_list("name", flat=True)),
        note=generation.note,
    )


def retry(
    generation: Generation, *, user: User, now: datetime, token: ApiToken | None = None
) -> Generation:
    """Make a new generation like a finished one, at today's price.

    `token` is the one that the call came with.
    Raises WrongState unless the old one is over: while it is not, it may still succeed and be paid.
    """
    if not generation.is_terminal:
        raise WrongState
    judged = judge(request_of(generation), user=user, now=now)
    return create(judged, user=user, now=now, token=token, retry_of=generation)


def _open_project(generation: Generation) -> str | None:
    """Answer the project to count the new one under; an archived one takes nothing new."""
    project = generation.project
    return project.slug if project is not None and project.archived_at is None else None
