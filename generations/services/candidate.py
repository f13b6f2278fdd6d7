"""Which of the task ids that callbacks have named is read next, until KIE's record proves one."""

from datetime import datetime, timedelta

from generations.models import CallbackHit, Generation, Incident, IncidentKind, Status
from generations.services import incidents

# A named task that KIE's record does not show is waited for this long before anything is decided.
QUARANTINE = timedelta(hours=24)

# Whoever holds a token could post thousands of names: only the newest are gone through.
MOST_NAMED = 10


def drop(generation: Generation, task_id: str, kind: IncidentKind, *, now: datetime) -> None:
    """Open an incident about a candidate that is not to be had; another one is read at once."""
    incidents.report(kind, cause=task_id, generation_id=generation.pk, now=now)
    other = next(iter(named(generation)), "")
    Generation.objects.filter(
        pk=generation.pk, provider_task_id=None, candidate_task_id=task_id
    ).update(
        candidate_task_id=other,
        candidate_from="callback" if other else "",
        next_poll_at=now if other else None,
    )


def is_overdue(generation: Generation, task_id: str, *, now: datetime) -> bool:
    """Tell whether a queued generation has waited long enough for KIE to show a named task.

    KIE shows a task within seconds; while it may still do so, nothing is sent in its place.
    """
    if generation.status != Status.QUEUED:
        return False
    hits = CallbackHit.objects.filter(attempt__generation=generation, named_task_id=task_id)
    first_named_at = hits.order_by("received_at").values_list("received_at", flat=True).first()
    return first_named_at is not None and now - first_named_at >= QUARANTINE


def take_next(generation: Generation, task_id: str, *, now: datetime) -> bool:
    """Read the next older name in the place of one that KIE does not know, or not yet.

    False when there is none: the round is over, and the next one begins with the newest name.
    """
    if generation.provider_task_id is not None:
        return False
    names = named(generation)
    older = names[names.index(task_id) + 1 :] if task_id in names else []
    mine = Generation.objects.filter(pk=generation.pk, candidate_task_id=task_id)
    if older:
        mine.update(candidate_task_id=older[0], candidate_from="callback", next_poll_at=now)
    elif names:
        mine.update(candidate_task_id=names[0], candidate_from="callback")
    return bool(older)


def named(generation: Generation) -> list[str]:
    """Answer the task ids that callbacks have named, newest first, without those disproved."""
    hits = CallbackHit.objects.filter(attempt__generation=generation).exclude(named_task_id="")
    newest = hits.order_by("-received_at", "-pk").values_list("named_task_id", flat=True)
    disproved = Incident.objects.filter(
        generation=generation, kind__in=[IncidentKind.WRONG_ECHO, IncidentKind.SECOND_TASK]
    )
    known = set(disproved.values_list("cause", flat=True))
    return [task_id for task_id in dict.fromkeys(newest[:MOST_NAMED]) if task_id not in known]
