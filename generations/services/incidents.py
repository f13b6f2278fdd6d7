"""Opening and closing incidents: one row for one cause, counted when it is seen again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.db.models import F

from generations.models import Generation, Incident, IncidentKind

log = structlog.get_logger(__name__)


def report(
    kind: IncidentKind,
    *,
    cause: str,
    now: datetime,
    generation_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Open an incident, or count it again when the same cause was seen before."""
    generation = None if generation_id is None else Generation(pk=generation_id)
    incident, is_new = Incident.objects.get_or_create(
        generation=generation,
        kind=kind,
        cause=cause[:200],
        defaults={"detail": dict(detail or {}), "opened_at": now, "last_seen_at": now},
    )
    if not is_new:
        Incident.objects.filter(pk=incident.pk).update(
            seen_count=F("seen_count") + 1, last_seen_at=now
        )
    log.warning("incident", kind=str(kind), cause=cause[:200], generation=str(generation_id or ""))


def close(incident: Incident, *, by: User, note: str, now: datetime) -> bool:
    """Close an incident with a person's note. Answers False when it was closed already."""
    still_open = Incident.objects.filter(pk=incident.pk, closed_at__isnull=True)
    return bool(still_open.update(closed_at=now, closed_by=by, closing_note=note))
