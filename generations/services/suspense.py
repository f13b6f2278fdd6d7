"""Lost answers that nobody has decided about for a day: their money goes into suspense, once, and an
incident reminds of them every day.
"""

from datetime import datetime, timedelta

from django.db import transaction

from generations.models import Generation, Incident, IncidentKind, LedgerEntry, PostingKind, Status
from generations.models.posting import post_suspect
from generations.models.transition import SYSTEM
from generations.money import credits_text
from generations.services import incidents

AFTER = timedelta(hours=24)
REMIND_EVERY = timedelta(hours=24)


def suspect_old(*, now: datetime) -> int:
    """Put into suspense what has been unknown for a day; answers how many are undecided so long."""
    old = Generation.objects.filter(status=Status.UNKNOWN, submitted_at__lte=now - AFTER)
    numbers = list(old.values_list("pk", flat=True))
    for pk in numbers:
        with transaction.atomic():
            rows = Generation.objects.select_for_update()
            generation = rows.filter(pk=pk, status=Status.UNKNOWN).first()
            if generation is not None:
                _suspect(generation, now)
    return len(numbers)


def _suspect(generation: Generation, now: datetime) -> None:
    posted = LedgerEntry.objects.filter(generation=generation, kind=PostingKind.SUSPECT)
    if not posted.exists():
        post_suspect(generation, actor=SYSTEM, now=now)
    cause = "nobody has decided about the lost answer"
    reminded = Incident.objects.filter(
        generation=generation,
        kind=IncidentKind.UNDECIDED,
        cause=cause,
        last_seen_at__gt=now - REMIND_EVERY,
    )
    if not reminded.exists():
        incidents.report(
            IncidentKind.UNDECIDED,
            cause=cause,
            generation_id=generation.pk,
            now=now,
            detail={"quote_credits": credits_text(generation.quote_micro_credits)},
        )
