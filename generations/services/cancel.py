"""Stopping a generation before it was sent. Free, and final."""

from datetime import datetime

from generations.models import EventKind, Generation, Status
from generations.models.transition import transition
from generations.services.errors import WrongState


def cancel(generation: Generation, *, by: str, now: datetime) -> Generation:
    """Cancel a queued generation. Raises WrongState when it is not queued (any more)."""
    moved = transition(
        generation.pk,
        sources=[Status.QUEUED],
        to=Status.CANCELLED,
        kind=EventKind.CANCELLED,
        actor=by,
        now=now,
    )
    if moved is None:
        raise WrongState
    return moved
