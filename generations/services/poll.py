"""Reading KIE's records: what is due, whose task a record is, and what follows a failed read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from generations.kie import AccountRefused, NotVisible, RateLimited, ReadFailed, TaskRecord
from generations.models import Generation, IncidentKind, Status
from generations.services import attach, candidate, lane, plan, verdict

# A reader that has died leaves its row to others after this long; a read takes 15 s at most.
CLAIM = timedelta(seconds=40)
AFTER_RATE_LIMIT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Due:
    """One generation whose task is to be read now, claimed by this process until a moment."""

    generation_id: UUID
    task_id: str
    claimed_until: datetime


def count_due(*, now: datetime, most: int) -> int:
    """Answer how many generations are due for a read, `most` at the most."""
    return Generation.objects.filter(next_poll_at__lte=now)[:most].count()


def claim_due(*, now: datetime, most: int) -> list[Due]:
    """Claim up to `most` generations that are due for a read, the longest due first."""
    until = now + CLAIM
    with transaction.atomic():
        # Two readers at once pass each other by (PostgreSQL) or follow each other (SQLite).
        found = Generation.objects.filter(next_poll_at__lte=now).order_by("next_poll_at")
        rows = found.select_for_update(skip_locked=True).values_list(
            "pk", "provider_task_id", "candidate_task_id"
        )[:most]
        due = [Due(pk, task_id or named_id, until) for pk, task_id, named_id in rows]
        claimed = [row for row in due if row.task_id]
        _set_next_read(claimed, until)
        # Nothing names a task: there is nothing to read until a callback does.
        _set_next_read([row for row in due if not row.task_id], None)
    return claimed


def give_back(dues: Iterable[Due], *, now: datetime) -> None:
    """Make due again what was claimed and will not be read after all."""
    for due in dues:
        mine = Generation.objects.filter(pk=due.generation_id, next_poll_at=due.claimed_until)
        mine.update(next_poll_at=now)


def apply_failure(due: Due, failure: ReadFailed, *, now: datetime) -> None:
    """Plan the next read after one that brought no record. Trouble on the way never moves a status."""
    if isinstance(failure, AccountRefused):
        lane.block(code=failure.code or 401, message=failure.reason, now=now)
    with _locked(due) as generation:
        if isinstance(failure, NotVisible):
            if candidate.is_overdue(generation, due.task_id, now=now):
                candidate.drop(generation, due.task_id, IncidentKind.WRONG_ECHO, now=now)
                return
            if candidate.take_next(generation, due.task_id, now=now):
                return
        wait = plan.usual_wait(generation, now)
        if isinstance(failure, RateLimited):
            wait = AFTER_RATE_LIMIT
        elif isinstance(failure, NotVisible) and plan.age_s(generation, now) < 60:
            wait = min(wait, timedelta(seconds=settings.POLL_SECONDS[0]))
        plan.next_read(generation, now, wait)


def apply_unchanged(read: Sequence[tuple[Due, TaskRecord]], *, now: datetime) -> frozenset[Due]:
    """Plan the next reads of tasks whose records say nothing new, all of them in a few statements.

    Answers which those were; the others are left to `apply_record`.
    """
    by_id = {due.generation_id: (due, task) for due, task in read}
    groups: defaultdict[tuple[datetime, timedelta], list[UUID]] = defaultdict(list)
    done = set()
    for row in Generation.objects.filter(pk__in=by_id, status=Status.RUNNING) if by_id else ():
        due, task = by_id[row.pk]
        if row.provider_task_id == due.task_id and verdict.says_nothing_new(row, task):
            groups[due.claimed_until, plan.usual_wait(row, now)].append(row.pk)
            done.add(due)
    for (claimed_until, wait), ids in groups.items():
        # Where somebody has planned another read since the claim, such as a callback, that one stays.
        mine = Generation.objects.filter(
            pk__in=ids, status=Status.RUNNING, next_poll_at=claimed_until
        )
        mine.update(next_poll_at=now + wait, last_poll_at=now)
    return frozenset(done)


def apply_record(due: Due, task: TaskRecord, *, now: datetime) -> None:
    """Apply KIE's record of the task that `due` named."""
    with _locked(due) as generation:
        known: Generation | None = generation
        if generation.provider_task_id is None:
            known = _prove_candidate(generation, due, task, now)
        if known is not None:
            verdict.apply(known, task, now=now)


def _set_next_read(rows: Sequence[Due], at: datetime | None) -> None:
    if rows:
        ids = [row.generation_id for row in rows]
        Generation.objects.filter(pk__in=ids).update(next_poll_at=at)


@contextmanager
def _locked(due: Due) -> Iterator[Generation]:
    """Hold the generation's row while a read's result is applied.

    A callback that came while the read was under way asked for another one; that wish is kept.
    """
    with transaction.atomic():
        rows = Generation.objects.select_related("price").select_for_update(of=("self",))
        generation = rows.get(pk=due.generation_id)
        asked_at = generation.next_poll_at
        yield generation
        if asked_at is not None and asked_at != due.claimed_until:
            Generation.objects.filter(pk=due.generation_id).update(next_poll_at=asked_at)


def _prove_candidate(
    generation: Generation, due: Due, task: TaskRecord, now: datetime
) -> Generation | None:
    """Answer the generation whose task this record proves to be; None when it proves nothing.

    What is over can take a success only: then its attempt counts as accepted after all.
    """
    attempt = attach.attempt_of_echo(generation, task.echo)
    if attempt is None:
        candidate.drop(generation, due.task_id, IncidentKind.WRONG_ECHO, now=now)
        return None
    if generation.status == Status.FAILED and not _is_taken(due.task_id):
        if task.result_urls:
            attach.mark_accepted(attempt, now=now, evidence="echo")
        return generation
    attached = attach.accept(attempt, due.task_id, now=now, evidence="echo")
    if attached is None:
        candidate.drop(generation, due.task_id, IncidentKind.SECOND_TASK, now=now)
    return attached


def _is_taken(task_id: str) -> bool:
    return Generation.objects.filter(provider_task_id=task_id).exists()
