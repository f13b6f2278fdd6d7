"""A year of finished generations with their ledger, many at once: what the services would have made."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User

from generations.models import (
    Evidence,
    Generation,
    LedgerEntry,
    LedgerHead,
    Price,
    Project,
    Status,
    Video,
    VideoState,
)
from generations.models.ledger import Account, PostingKind, hash_of
from generations.services.periods import period_of
from tests.factories import an_input

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 2000


def make_year(count: int, users: list[User], projects: list[Project]) -> None:
    """Make so many succeeded, charged and archived generations, spread evenly over 2026."""
    price = Price.objects.filter(variant="duration=5").get()
    step = timedelta(days=364) / count
    head = LedgerHead.objects.get_or_create(pk=1)[0]
    for begin in range(0, count, _BATCH):
        made = [
            _generation(n, users[n % len(users)], projects[n % len(projects)], price, n * step)
            for n in range(begin, min(begin + _BATCH, count))
        ]
        Generation.objects.bulk_create(made, batch_size=200)
        Video.objects.bulk_create([_video(generation) for generation in made], batch_size=500)
        entries = [entry for generation in made for entry in _entries(generation, head)]
        LedgerEntry.objects.bulk_create(entries, batch_size=500)
    head.save()


def _generation(
    number: int, user: User, project: Project, price: Price, after: timedelta
) -> Generation:
    at = SINCE + after
    return Generation(
        id=UUID(bytes=hashlib.sha256(b"%d" % number).digest()[:16]),
        created_by=user,
        created_at=at,
        period=period_of(at),
        model=price.model,
        input=an_input(duration="5"),
        input_sha256="0" * 64,
        prompt_start="The cat slowly turns its head",
        project=project,
        status=Status.SUCCEEDED,
        price=price,
        quote_micro_credits=price.micro_credits,
        quote_micro_usd=800_000,
        cost_micro_credits=price.micro_credits,
        cost_micro_usd=800_000,
        cost_evidence=Evidence.PROVIDER if number % 10 else Evidence.QUOTE,
        provider_task_id=f"task{number}",
        result_url="https://results.example.com/video.mp4",
        submitted_at=at,
        finished_at=at + timedelta(minutes=2),
    )


def _video(generation: Generation) -> Video:
    return Video(
        generation=generation,
        state=VideoState.ARCHIVED,
        created_at=generation.created_at,
        bytes=1,
        sha256="0" * 64,
        duration_s=5.042,
        archived_at=generation.finished_at,
    )


def _entries(generation: Generation, head: LedgerHead) -> list[LedgerEntry]:
    credits_, usd = generation.quote_micro_credits, generation.quote_micro_usd
    hold, settle = (PostingKind.HOLD, Evidence.QUOTE), (PostingKind.SETTLE, Evidence.PROVIDER)
    if generation.cost_evidence == Evidence.QUOTE:
        settle = (PostingKind.SETTLE, Evidence.QUOTE)
    legs = [(hold, Account.AVAILABLE, -1), (hold, Account.HELD, 1)]
    legs += [(settle, Account.HELD, -1), (settle, Account.SPENT, 1)]
    entries = []
    for number, ((kind, evidence), account, sign) in enumerate(legs):
        entry = LedgerEntry(
            seq=head.seq + 1,
            at=generation.created_at if number < 2 else generation.finished_at,
            posting=UUID(int=generation.id.int ^ (number // 2)),
            kind=kind,
            generation=generation,
            account=account,
            period=generation.period,
            micro_credits=sign * credits_,
            micro_usd=sign * usd,
            evidence=evidence,
            actor=generation.created_by.username if number < 2 else "provider",
            previous_hash=head.hash,
        )
        entry.hash = hash_of(entry)
        head.seq, head.hash = entry.seq, entry.hash
        entries.append(entry)
    return entries
