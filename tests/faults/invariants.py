"""What must hold whatever happens: one function, run after every case.

The numbers are those of the design's list of invariants. KIE's books are the simulator's, so what we
believe is checked against what was made and charged.
"""

from collections import defaultdict

from django.db.models import Count, Q

from generations.models import (
    AttemptState,
    EventKind,
    Generation,
    GenerationEvent,
    Incident,
    IncidentKind,
    Status,
    SubmissionAttempt,
)
from generations.models.attempt import MAY_HAVE_A_TASK
from generations.models.generation import TERMINAL
from generations.models.transition import EDGES
from kie_simulator.testing import SeenLedger, SeenTask

PROOF_OF_NOTHING = {AttemptState.UNSENT, AttemptState.REFUSED}


def check_invariants(ledger: SeenLedger | None = None, *, most_tasks: int = 1) -> None:
    """Assert every invariant over the whole database, and against KIE's books when given."""
    for generation in Generation.objects.prefetch_related("attempts", "events"):
        attempts = list(generation.attempts.all())
        events = sorted(generation.events.all(), key=lambda event: event.seq)
        _check_attempts(generation, attempts)
        _check_columns(generation, attempts)
        _check_trail(generation, events)
    _check_task_ids()
    if ledger is not None:
        _check_books(ledger, most_tasks)


def _check_attempts(generation: Generation, attempts: list[SubmissionAttempt]) -> None:
    live = [attempt for attempt in attempts if attempt.state in MAY_HAVE_A_TASK]
    assert len(live) <= 1, f"I1: {generation.pk} has {len(live)} attempts that may have a task"
    if generation.status in {Status.RUNNING, Status.NEEDS_REVIEW}:
        states = [attempt.state for attempt in attempts]
        assert AttemptState.ACCEPTED in states, f"I5: {generation.pk} runs by {states}"
    if generation.status == Status.QUEUED:
        # I10: only a proof that nothing was made may lead back to the queue.
        assert {attempt.state for attempt in attempts} <= PROOF_OF_NOTHING, f"I10: {generation.pk}"


def _check_columns(generation: Generation, attempts: list[SubmissionAttempt]) -> None:
    status, name = generation.status, f"{generation.pk} ({generation.status})"
    if status in {Status.RUNNING, Status.NEEDS_REVIEW}:
        assert generation.provider_task_id, f"I5: {name} has no task"
        assert generation.next_poll_at, f"I6: {name} is not read"
    if status == Status.QUEUED:
        assert generation.dispatch_at, f"I7: {name} has no turn"
    if status == Status.SUBMITTING:
        assert generation.lease_until, f"I8: {name} has no lease"
    if status == Status.SUCCEEDED:
        assert generation.result_url.startswith(("https://", "http://")), f"I16: {name}"
        assert generation.provider_task_id, f"I16: {name} has no task"
    if generation.provider_task_id:
        accepted = any(attempt.state == AttemptState.ACCEPTED for attempt in attempts)
        proved = status in TERMINAL and generation.events.filter(from_status="failed").exists()
        assert accepted or proved, f"I5: {name} has a task by no attempt"


def _check_trail(generation: Generation, events: list[GenerationEvent]) -> None:
    name = str(generation.pk)
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), f"I39: {name}"
    assert generation.version == len(events), f"I14: {name}: version {generation.version}"
    status = None
    late_successes = 0
    posts: dict[int, int] = defaultdict(int)
    for event in events:
        if event.kind == EventKind.SENDING and "evidence" not in event.detail:
            posts[event.detail["attempt"]] += 1
        if not event.to_status:
            assert not event.from_status
            continue
        assert (event.from_status or None) == status, f"I14: {name} #{event.seq} starts elsewhere"
        if status is not None:
            assert event.to_status in EDGES[Status(status)], f"I14: {name} #{event.seq}"
            not_again = {Status.QUEUED, Status.SUBMITTING}
            was_unknown = status == Status.UNKNOWN
            assert not (was_unknown and event.to_status in not_again), f"I9: {name}"
            if status in TERMINAL:
                late_successes += 1
                assert (status, event.to_status) == (Status.FAILED, Status.SUCCEEDED), (
                    f"I15: {name}"
                )
        status = event.to_status
    assert status == generation.status, f"I14: {name}: events end in {status}"
    assert all(count == 1 for count in posts.values()), f"I13: {name}: {dict(posts)}"
    assert late_successes <= 1, f"I15: {name}"
    if late_successes:
        known = Incident.objects.filter(generation=generation, kind=IncidentKind.LATE_SUCCESS)
        assert known.exists(), f"I15: {name} succeeded late without an incident"


def _check_task_ids() -> None:
    twice = (
        Generation.objects.filter(provider_task_id__isnull=False)
        .values("provider_task_id")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
    )
    assert not twice, f"I2: {list(twice)}"
    names = SubmissionAttempt.objects.values("generation", "seq").annotate(times=Count("pk"))
    assert not names.filter(times__gt=1)


def _check_books(ledger: SeenLedger, most_tasks: int) -> None:
    by_prompt: dict[str, list[SeenTask]] = defaultdict(list)
    for task in ledger.tasks:
        by_prompt[task.input["prompt"]].append(task)
    generations = {row.input["prompt"]: row for row in Generation.objects.all()}
    for prompt, tasks in by_prompt.items():
        generation = generations[prompt]
        assert len(tasks) <= most_tasks, f"I3: {generation.pk} was paid {len(tasks)} times"
        for task in tasks:
            assert is_accounted_for(generation, task.task_id), f"I4: {task.task_id} is lost"
    for generation in generations.values():
        task_id = generation.provider_task_id
        own = {task.task_id for task in by_prompt[generation.input["prompt"]]}
        assert task_id is None or task_id in own, f"I16: {generation.pk} holds another's task"


def is_accounted_for(generation: Generation, task_id: str) -> bool:
    """Tell whether a task that KIE has made is ours, awaited, or named to a person."""
    if generation.provider_task_id == task_id:
        return True
    incidents = Incident.objects.filter(generation=generation, closed_at__isnull=True)
    if generation.status == Status.UNKNOWN:
        return incidents.exists()
    if generation.status == Status.SUBMITTING:
        return True
    return incidents.filter(Q(cause=task_id) | Q(kind=IncidentKind.SECOND_TASK)).exists()
