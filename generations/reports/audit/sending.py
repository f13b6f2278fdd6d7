"""Sending and reading: attempts that fit the status, one task for one generation, nothing forgotten."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from generations.models import AttemptState, Generation, Lane, Status, SubmissionAttempt
from generations.models.attempt import MAY_HAVE_A_TASK
from generations.models.generation import TERMINAL
from generations.reports.audit.finding import Finding, finding

_LEASE = timedelta(seconds=90)
_CLOCKS = timedelta(seconds=60)
_UNPICKED = timedelta(minutes=5)
_UNREAD = timedelta(seconds=120)
_PROOF_OF_NOTHING = (AttemptState.UNSENT, AttemptState.REFUSED)


def attempts(now: datetime) -> Iterator[Finding]:
    """I1, I5, I10: what the attempts say fits what the status says."""
    alive = SubmissionAttempt.objects.filter(state__in=MAY_HAVE_A_TASK).order_by()
    for row in alive.values("generation_id").annotate(n=Count("pk")).filter(n__gt=1):
        sentence = f"{row['n']} of its attempts may have made a task; one at most may."
        yield finding("I1", Generation, row["generation_id"], sentence)
    doubtful = SubmissionAttempt.objects.filter(generation__status=Status.QUEUED).exclude(
        state__in=_PROOF_OF_NOTHING
    )
    for number, generation, state in doubtful.values_list("pk", "generation_id", "state"):
        sentence = f"Generation {generation} is queued although this attempt is {state}."
        yield finding("I10", SubmissionAttempt, number, sentence)
    expected = {
        Status.SUBMITTING: AttemptState.OPEN,
        Status.UNKNOWN: AttemptState.UNKNOWN,
        Status.RUNNING: AttemptState.ACCEPTED,
        Status.NEEDS_REVIEW: AttemptState.ACCEPTED,
        Status.SUCCEEDED: AttemptState.ACCEPTED,
    }
    for status, state in expected.items():
        has = SubmissionAttempt.objects.filter(generation=OuterRef("pk"), state=state)
        lacking = Generation.objects.filter(~Exists(has), status=status)
        for pk in lacking.values_list("pk", flat=True):
            sentence = f"It is {status.value}, but no attempt of it is {state.value}."
            yield finding("I5", Generation, pk, sentence)
    early = SubmissionAttempt.objects.filter(
        state=AttemptState.ACCEPTED,
        generation__status__in=[Status.SUBMITTING, Status.UNKNOWN, Status.CANCELLED],
    )
    for number, generation in early.values_list("pk", "generation_id"):
        sentence = f"The attempt was accepted, but generation {generation} does not know it."
        yield finding("I5", SubmissionAttempt, number, sentence)


def tasks(now: datetime) -> Iterator[Finding]:
    """I2, I5: a task belongs to one generation, and what runs has one."""
    known = Generation.objects.filter(provider_task_id__isnull=False).order_by()
    twice = known.values("provider_task_id").annotate(n=Count("pk")).filter(n__gt=1)
    for row in twice:
        owners = known.filter(provider_task_id=row["provider_task_id"])
        for pk in owners.values_list("pk", flat=True):
            sentence = f"Task {row['provider_task_id']} belongs to {row['n']} generations."
            yield finding("I2", Generation, pk, sentence)
    with_task = [Status.RUNNING, Status.NEEDS_REVIEW, Status.SUCCEEDED]
    without = Q(status__in=with_task, provider_task_id__isnull=True)
    early = [Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN, Status.CANCELLED]
    wrong = without | Q(status__in=early, provider_task_id__isnull=False)
    for pk, status in Generation.objects.filter(wrong).values_list("pk", "status"):
        has = "has no task" if status in with_task else "has a task already"
        yield finding("I5", Generation, pk, f"It is {status} and {has}.")


def turns(now: datetime) -> Iterator[Finding]:
    """I6, I7, I8, I14: what waits knows its turn, and what is over knows when it ended."""
    rules = {
        "I6": (
            Q(status__in=[Status.RUNNING, Status.NEEDS_REVIEW], next_poll_at__isnull=True),
            "It is never read again.",
        ),
        "I7": (
            Q(status=Status.QUEUED, dispatch_at__isnull=True),
            "It is never sent.",
        ),
        "I8": (
            Q(status=Status.SUBMITTING, lease_until__isnull=True)
            | Q(status=Status.SUBMITTING, lease_until__gt=now + _LEASE + _CLOCKS)
            | Q(status=Status.SUBMITTING, lease_until__lt=now - _CLOCKS),
            "It is being sent without a sender who could still be alive.",
        ),
        "I14": (
            Q(status__in=sorted(TERMINAL), finished_at__isnull=True)
            | ~Q(status__in=sorted(TERMINAL)) & Q(finished_at__isnull=False),
            "Whether it is over and when it ended contradict each other.",
        ),
    }
    for invariant, (rule, sentence) in rules.items():
        for pk in Generation.objects.filter(rule).values_list("pk", flat=True):
            yield finding(invariant, Generation, pk, sentence)


def stalled(now: datetime) -> Iterator[Finding]:
    """I36, I40: nothing waits while nobody works. A backlog that moves is none."""
    lane = Lane.objects.filter(pk=1).first()
    is_open = lane is None or (lane.paused_at is None and lane.blocked_code is None)
    sent = SubmissionAttempt.objects.filter(opened_at__gt=now - _UNPICKED)
    if is_open and not sent.exists():
        waiting = Generation.objects.filter(status=Status.QUEUED, dispatch_at__lt=now - _UNPICKED)
        for pk in waiting.order_by("dispatch_at").values_list("pk", flat=True)[:1]:
            sentence = f"It has waited to be sent for over 5 minutes, as {waiting.count()} in all."
            yield finding("I36", Generation, pk, sentence)
    unread = Generation.objects.filter(next_poll_at__lt=now - _UNREAD)
    for pk in unread.order_by("next_poll_at").values_list("pk", flat=True)[:1]:
        sentence = f"KIE should have been read about it 2 minutes ago, as about {unread.count()}."
        yield finding("I40", Generation, pk, sentence)
