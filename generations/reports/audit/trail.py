"""The trail: events numbered without gaps, allowed edges only, and the status that they replay to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Window
from django.db.models.functions import Coalesce, Lag, Lead

from generations.models import (
    EventKind,
    FailureCode,
    Generation,
    GenerationEvent,
    Incident,
    IncidentKind,
    Status,
)
from generations.models.generation import DECIDED_BY_A_PERSON, TERMINAL
from generations.models.transition import EDGES
from generations.reports.audit.finding import Finding, beside, finding


def numbering(now: datetime) -> Iterator[Finding]:
    """I39: generations whose events are not numbered from 1 to the version, one by one."""
    counted = GenerationEvent.objects.values("generation_id").annotate(
        count=Count("pk"), last=Max("seq")
    )
    for row, events in beside(("pk", "version"), counted):
        if events is None:
            yield finding("I39", Generation, row["pk"], "It has no event at all.")
        elif not events["count"] == events["last"] == row["version"]:
            sentence = (
                f"It has {events['count']} events, the last one numbered {events['last']};"
                f" its version is {row['version']}."
            )
            yield finding("I39", Generation, row["pk"], sentence)


def replay(now: datetime) -> Iterator[Finding]:
    """I9, I14, I15: moves that start elsewhere, go where none may go, or do not end at the status."""
    by_generation: dict[str, Any] = {"partition_by": "generation_id", "order_by": "seq"}
    moves = GenerationEvent.objects.exclude(to_status="").order_by()
    allowed = {(str(a), str(b)) for a, ends in EDGES.items() for b in ends} | {("", Status.QUEUED)}
    pairs = moves.values_list("from_status", "to_status").distinct()
    for source, to in [pair for pair in pairs if pair not in allowed]:
        rows = moves.filter(from_status=source, to_status=to).values_list("pk", "generation_id")
        for pk, generation in rows:
            sentence = f"It moved generation {generation} from {source or 'nothing'} to {to}."
            yield finding(_broken_rule(source, to), GenerationEvent, pk, sentence)
    gaps = moves.annotate(
        before=Coalesce(Window(Lag("to_status"), **by_generation), "from_status"),
        after=Window(Lead("to_status"), **by_generation),
    ).filter(~Q(before=F("from_status")) | Q(after=None) & ~Q(to_status=F("generation__status")))
    found = gaps.values_list(
        "pk", "generation_id", "before", "from_status", "to_status", "generation__status"
    )
    for pk, generation, before, source, to, status in found:
        if before != source:
            sentence = f"It starts from {source or 'nothing'}, where {generation} was {before}."
            yield finding("I14", GenerationEvent, pk, sentence)
        else:
            sentence = f"Its status is {status}, but its events end with {to}."
            yield finding("I14", Generation, generation, sentence)


def late_successes(now: datetime) -> Iterator[Finding]:
    """I15: a success after a failure happens once, and never without an incident."""
    told = Incident.objects.filter(
        generation=OuterRef("generation_id"), kind=IncidentKind.LATE_SUCCESS
    )
    late = GenerationEvent.objects.filter(from_status=Status.FAILED, to_status=Status.SUCCEEDED)
    for pk, generation in late.filter(~Exists(told)).values_list("pk", "generation_id"):
        sentence = f"Generation {generation} succeeded after it had failed, without an incident."
        yield finding("I15", GenerationEvent, pk, sentence)
    for row in late.order_by().values("generation_id").annotate(n=Count("pk")).filter(n__gt=1):
        sentence = f"It succeeded after a failure {row['n']} times."
        yield finding("I15", Generation, row["generation_id"], sentence)


def decisions(now: datetime) -> Iterator[Finding]:
    """I11: what a person alone may decide bears a name, a moment, a reason and an event."""
    event = GenerationEvent.objects.filter(generation=OuterRef("pk"), kind=EventKind.DECIDED)
    signed = Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_note="")
    decided = Generation.objects.filter(failure_code__in=sorted(DECIDED_BY_A_PERSON))
    for pk, code in decided.exclude(signed & Exists(event)).values_list("pk", "failure_code"):
        sentence = f"It was declared {FailureCode(code).value}, but not signed by a person."
        yield finding("I11", Generation, pk, sentence)


def retries(now: datetime) -> Iterator[Finding]:
    """I12: only what is over may have been asked for again."""
    early = Generation.objects.filter(retry_of__isnull=False).exclude(
        retry_of__status__in=sorted(TERMINAL)
    )
    for pk, old in early.values_list("pk", "retry_of"):
        yield finding("I12", Generation, pk, f"It repeats {old}, which is not over.")


def successes(now: datetime) -> Iterator[Finding]:
    """I16: a success has a task, a result's address, and KIE's record as its evidence."""
    told = GenerationEvent.objects.filter(
        generation=OuterRef("pk"), kind=EventKind.SUCCEEDED, to_status=Status.SUCCEEDED
    )
    sound = (
        Q(provider_task_id__isnull=False)
        & (Q(result_url__startswith="https://") | Q(result_url__startswith="http://"))
        & Exists(told)
    )
    hollow = Generation.objects.filter(status=Status.SUCCEEDED).exclude(sound)
    for pk in hollow.values_list("pk", flat=True):
        sentence = "It succeeded without a task, a result's address or KIE's word for it."
        yield finding("I16", Generation, pk, sentence)


def _broken_rule(source: str, to: str) -> str:
    if source == Status.UNKNOWN and to in {Status.QUEUED, Status.SUBMITTING}:
        return "I9"
    return "I15" if source in TERMINAL else "I14"
