"""Stopping a generation before it was sent. Free, and final."""

from datetime import datetime

from django.db.models import Q

from generations.models import EventKind, Generation, Status
from generations.models.transition import transition
from generations.services.errors import WrongState


def cancel(generation: Generation, *, by: str, now: datetime) -> Generation:
    """Cancel a queued generation.

    Raises WrongState when it is not queued (any more), or when a callback has named a task that may
    be its own: then it may have been paid, and KIE's record decides.
    """
    moved = transition(
        generation.pk,
        sources=[Status.QUEUED],
        to=Status.CANCELLED,
        kind=EventKind.CANCELLED,
        actor=by,
        now=now,
        only_if=Q(candidate_task_id=""),
    )
    if moved is None:
        raise WrongState
    return moved
