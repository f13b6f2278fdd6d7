"""Rebuilding what is derived from other rows and is no money; whatever is money is only reported."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left

from generations.models import Generation, Status, Video

_PROMPT_START = 200


def rebuild(*, now: datetime) -> tuple[str, ...]:
    """Order the copies that nobody ordered and renew the text that is searched.

    Answers a sentence for each row that was changed.
    """
    done = []
    with transaction.atomic():
        for generation in Generation.objects.filter(status=Status.SUCCEEDED, video__isnull=True):
            Video.objects.get_or_create(
                generation=generation, defaults={"created_at": now, "next_try_at": now}
            )
            done.append(f"The result of {generation.pk} is to be copied.")
        start = Left(KeyTextTransform("prompt", "input"), _PROMPT_START)
        stale = Generation.objects.annotate(start=start).exclude(prompt_start=F("start"))
        for pk, text in stale.values_list("pk", "start"):
            Generation.objects.filter(pk=pk).update(prompt_start=text)
            done.append(f"The text by which {pk} is found is its prompt's start again.")
    return tuple(done)
