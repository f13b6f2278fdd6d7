"""Generations for benchmarks, many at once."""

import hashlib
import uuid
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from generations.models import Generation, Status
from generations.services.request import GenerationRequest, judge

_INPUT = {
    "prompt": "The camera glides forward over the hills while the sun slowly sets",
    "image_url": "https://pictures.example.com/hills.jpg",
}


def make_running(count: int, *, age_s: float, now: datetime) -> list[Generation]:
    """Make generations that have been running for so long; none is due for a read before a day."""
    user = User.objects.create_user(f"bench-{uuid.uuid4().hex[:8]}")
    judged = judge(GenerationRequest(input=_INPUT), user=user, now=now)
    begun_at = now - timedelta(seconds=age_s)
    rows = [
        Generation(
            created_by=user,
            created_at=begun_at,
            submitted_at=begun_at,
            model=judged.spec.id,
            input=judged.input,
            input_sha256=hashlib.sha256(b"input").hexdigest(),
            prompt_start=judged.input["prompt"][:200],
            price=judged.quote.price,
            quote_micro_credits=judged.quote.micro_credits,
            quote_micro_usd=judged.quote.micro_usd,
            status=Status.RUNNING,
            provider_task_id=uuid.uuid4().hex,
            provider_state="generating",
            reported_micro_credits=judged.quote.micro_credits,
            next_poll_at=now + timedelta(days=1),
        )
        for _ in range(count)
    ]
    return Generation.objects.bulk_create(rows, batch_size=200)
