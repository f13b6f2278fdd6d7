"""What KIE's record of a task makes of its generation. No other source moves a status to its end."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from generations import queue
from generations.kie import TaskRecord, TaskState
from generations.kie.failures import is_moderation
from generations.models import (
    EventKind,
    FailureCode,
    Generation,
    IncidentKind,
    Status,
    Video,
)
from generations.models.transition import PROVIDER, record, transition
from generations.money import credits_text, micro
from generations.services import incidents, plan
from generations.services import settle as money

# A fail is read once more after this long before it counts.
CONFIRM_FAIL = timedelta(seconds=3)
_UNFINISHED = frozenset({TaskState.WAITING, TaskState.QUEUING, TaskState.GENERATING})


def apply(generation: Generation, task: TaskRecord, *, now: datetime) -> None:
    """Apply the record of the generation's own task."""
    match task.state:
        case TaskState.SUCCESS if task.result_urls:
            _succeed(generation, task, now)
        case TaskState.SUCCESS:
            _lack_result(generation, task, now)
        case TaskState.FAIL:
            _fail(generation, task, now)
        case _:
            _go_on(generation, task, now)


def says_nothing_new(generation: Generation, task: TaskRecord) -> bool:
    """Tell whether `apply` would change nothing but the time of a running generation's next read."""
    return (
        generation.status == Status.RUNNING
        and task.state in _UNFINISHED
        and task.state == generation.provider_state
        and generation.fail_seen_at is None
        and all(getattr(generation, name) == value for name, value in _reported(task).items())
    )


def _succeed(generation: Generation, task: TaskRecord, now: datetime) -> None:
    if generation.status == Status.SUCCEEDED:
        plan.next_read(generation, now, None)
        return
    was_failed = generation.status == Status.FAILED
    with transaction.atomic():
        moved = transition(
            generation.pk,
            sources=[Status.RUNNING, Status.NEEDS_REVIEW, Status.FAILED],
            to=Status.SUCCEEDED,
            kind=EventKind.SUCCEEDED,
            actor=PROVIDER,
            now=now,
            detail={"credits": _consumed(task)},
            changes={
                "provider_task_id": generation.provider_task_id or generation.candidate_task_id,
                "candidate_task_id": "",
                "candidate_from": "",
                "provider_state": TaskState.SUCCESS,
                "result_url": task.result_urls[0],
                "fail_seen_at": None,
                "last_poll_at": now,
                "next_poll_at": None,
                "failure_detail": "",
                "provider_code": "",
                "provider_message": "",
            }
            | _reported(task)
            | money.succeeded(generation, task.credits_consumed),
        )
        if moved is None:
            return
        Video.objects.get_or_create(
            generation=moved, defaults={"created_at": now, "next_try_at": now}
        )
        queue.ring(queue.Task.ARCHIVE)
        money.watch_charge(moved, now=now)
        if was_failed:
            incidents.report(
                IncidentKind.LATE_SUCCESS,
                cause=str(moved.provider_task_id),
                generation_id=moved.pk,
                now=now,
            )


def _lack_result(generation: Generation, task: TaskRecord, now: datetime) -> None:
    if generation.status == Status.RUNNING:
        transition(
            generation.pk,
            sources=[Status.RUNNING],
            to=Status.NEEDS_REVIEW,
            kind=EventKind.NEEDS_REVIEW,
            actor=PROVIDER,
            now=now,
            detail={"problem": task.result_problem},
            changes={
                "provider_state": TaskState.SUCCESS,
                "fail_seen_at": None,
                "last_poll_at": now,
                "next_poll_at": now + plan.usual_wait(generation, now),
            }
            | _reported(task),
        )
    else:
        _watch_on(generation, now)


def _fail(generation: Generation, task: TaskRecord, now: datetime) -> None:
    if generation.status != Status.RUNNING:
        if generation.status in {Status.NEEDS_REVIEW, Status.SUCCEEDED}:
            incidents.report(
                IncidentKind.CONTRADICTION,
                cause=f"KIE says fail after {generation.status}",
                generation_id=generation.pk,
                now=now,
            )
        _watch_on(generation, now)
        return
    seen_at = generation.fail_seen_at
    if seen_at is None or now - seen_at < CONFIRM_FAIL:
        record(
            generation.pk,
            kind=EventKind.FAIL_SEEN,
            actor=PROVIDER,
            now=now,
            detail={"code": task.fail_code, "message": task.fail_message},
            changes={
                "fail_seen_at": seen_at or now,
                "next_poll_at": (seen_at or now) + CONFIRM_FAIL,
                "last_poll_at": now,
            },
            only_if=Q(status=Status.RUNNING),
        )
        return
    code = FailureCode.PROVIDER_FAILED
    if is_moderation(task.fail_message):
        code = FailureCode.MODERATION
    moved = transition(
        generation.pk,
        sources=[Status.RUNNING],
        to=Status.FAILED,
        kind=EventKind.FAILED,
        actor=PROVIDER,
        now=now,
        detail={
            "code": task.fail_code,
            "message": task.fail_message,
            "credits": _consumed(task),
        },
        changes={
            "failure_code": code,
            "failure_detail": task.fail_message,
            "provider_code": task.fail_code,
            "provider_message": task.fail_message,
            "provider_state": TaskState.FAIL,
            "last_poll_at": now,
        }
        | _reported(task)
        | money.failed(generation, task.credits_consumed),
    )
    if moved is not None:
        money.watch_charge(moved, now=now)


def _go_on(generation: Generation, task: TaskRecord, now: datetime) -> None:
    if task.state is None:
        incidents.report(IncidentKind.ODD_STATE, cause=task.raw_state or "(none)", now=now)
    if generation.status not in {Status.RUNNING, Status.NEEDS_REVIEW}:
        _watch_on(generation, now)
        return
    changes: dict[str, Any] = {
        "next_poll_at": now + plan.usual_wait(generation, now),
        "last_poll_at": now,
        "fail_seen_at": None,
    } | _reported(task)
    state = str(task.state) if task.state else generation.provider_state
    still = Q(status__in=[Status.RUNNING, Status.NEEDS_REVIEW])
    if state != generation.provider_state and generation.status == Status.RUNNING:
        record(
            generation.pk,
            kind=EventKind.PROVIDER_STATE,
            actor=PROVIDER,
            now=now,
            detail={"from": generation.provider_state, "to": state},
            changes=changes | {"provider_state": state},
            only_if=still,
        )
    else:
        Generation.objects.filter(still, pk=generation.pk).update(**changes)


def _watch_on(generation: Generation, now: datetime) -> None:
    """Plan one more read of what may still change, and none of what may not."""
    may_still_succeed = generation.status == Status.NEEDS_REVIEW or (
        generation.status == Status.FAILED and bool(generation.candidate_task_id)
    )
    wait = plan.usual_wait(generation, now) if may_still_succeed else None
    plan.next_read(generation, now, wait)


def _reported(task: TaskRecord) -> dict[str, Any]:
    if task.credits_consumed is None:
        return {}
    return {"reported_micro_credits": micro(task.credits_consumed)}


def _consumed(task: TaskRecord) -> str | None:
    return None if task.credits_consumed is None else credits_text(micro(task.credits_consumed))
