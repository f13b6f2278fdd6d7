"""The one way a generation changes: a conditional UPDATE, an event row and the ledger's posting.

Nothing else may write `status`. `EDGES` is the state machine; docs/state-machine.md is drawn from it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When

from generations.models.event import EventKind, GenerationEvent
from generations.models.generation import TERMINAL, Generation, Status
from generations.models.posting import post_move

EDGES: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SUBMITTING, Status.CANCELLED, Status.FAILED}),
    Status.SUBMITTING: frozenset({Status.RUNNING, Status.QUEUED, Status.FAILED, Status.UNKNOWN}),
    Status.UNKNOWN: frozenset({Status.RUNNING, Status.FAILED}),
    Status.RUNNING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.NEEDS_REVIEW}),
    Status.NEEDS_REVIEW: frozenset({Status.SUCCEEDED, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset({Status.SUCCEEDED}),
    Status.CANCELLED: frozenset(),
}

SYSTEM = "system"
PROVIDER = "KIE"


def transition(
    generation_id: UUID,
    *,
    sources: Iterable[Status],
    to: Status,
    kind: EventKind,
    actor: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    only_if: Q | None = None,
) -> Generation | None:
    """Move a generation from one of `sources` to `to`, and write the event of it.

    `changes` are written with the move; `only_if` is a further condition on the row.
    Returns the generation as it is afterwards, or None when the row was not in `sources` (any more):
    then nothing has changed and somebody else has decided.
    Raises ValueError for an edge that the state machine does not have.
    """
    values = _values_of(to, now) | dict(changes or {})
    with transaction.atomic():
        for source in sources:
            if to not in EDGES[source]:
                raise ValueError(f"no edge from {source} to {to}")
            won = Generation.objects.filter(only_if or Q(), pk=generation_id, status=source).update(
                status=to, version=F("version") + 1, **values
            )
            if won:
                moved = _with_event(generation_id, kind, actor, now, detail, source, to)
                post_move(moved, source, to, actor=actor, now=now)
                return moved
    return None


def record(
    generation_id: UUID,
    *,
    kind: EventKind,
    actor: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    only_if: Q | None = None,
) -> Generation | None:
    """Write an event, and `changes`, without moving the status.

    Returns the generation afterwards, or None (and nothing written) when `only_if` does not hold.
    """
    with transaction.atomic():
        won = Generation.objects.filter(only_if or Q(), pk=generation_id).update(
            version=F("version") + 1, **(changes or {})
        )
        return _with_event(generation_id, kind, actor, now, detail) if won else None


def _values_of(to: Status, now: datetime) -> dict[str, Any]:
    """What a status says about the other columns; the database's checks hold the same."""
    values: dict[str, Any] = {
        "finished_at": now if to in TERMINAL else None,
        "lease_until": None,
        "dispatch_at": None,
    }
    if to is not Status.FAILED:
        values["failure_code"] = ""
    if to in TERMINAL:
        # A task that a callback has named may have been paid, whatever ended the generation: it is
        # still read.
        values["next_poll_at"] = Case(
            When(candidate_task_id="", then=Value(None)),
            default=F("next_poll_at"),
            output_field=DateTimeField(),
        )
    return values


def _with_event(
    generation_id: UUID,
    kind: EventKind,
    actor: str,
    now: datetime,
    detail: Mapping[str, Any] | None,
    source: Status | None = None,
    to: Status | None = None,
) -> Generation:
    generation = Generation.objects.select_related("price", "image", "created_by").get(
        pk=generation_id
    )
    # The row is locked by the UPDATE above, so versions number the events without gaps.
    GenerationEvent.objects.create(
        generation=generation,
        seq=generation.version,
        at=now,
        actor=actor,
        kind=kind,
        from_status=source or "",
        to_status=to or "",
        detail=dict(detail or {}),
    )
    return generation
