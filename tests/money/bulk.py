"""Very many consistent generations at once, of all kinds, with trail, attempts, holds and ledger.

The rows are what the services would have written, in bulk: 100,000 the slow way take an hour.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction

from generations.models import (
    Account,
    AttemptState,
    BudgetHold,
    BudgetMonth,
    EventKind,
    Evidence,
    FailureCode,
    Generation,
    GenerationEvent,
    Incident,
    IncidentKind,
    LedgerEntry,
    LedgerHead,
    PostingKind,
    Status,
    SubmissionAttempt,
    Video,
    VideoState,
)
from generations.models.ledger import hash_of, lock
from generations.services import budgets
from generations.services.periods import period_of
from generations.services.request import GenerationRequest, JudgedRequest, judge

AT_ONCE = 2000
_SUBMITTED = [
    ("", Status.QUEUED, EventKind.REQUESTED),
    (Status.QUEUED, Status.SUBMITTING, EventKind.SENDING),
    (Status.SUBMITTING, Status.RUNNING, EventKind.ACCEPTED),
    ("", "", EventKind.PROVIDER_STATE),
]
_SUCCESS = (Status.RUNNING, Status.SUCCEEDED, EventKind.SUCCEEDED)
_FAIL = (Status.RUNNING, Status.FAILED, EventKind.FAILED)
_LOST = (Status.SUBMITTING, Status.UNKNOWN, EventKind.ANSWER_LOST)


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of going: its moves, its cost in micro-credits, and the share of 100 that go it."""

    share: int
    moves: tuple[tuple[str, str, str], ...]
    cost: int | None = None
    evidence: Evidence = Evidence.NONE
    attempt: AttemptState | None = AttemptState.ACCEPTED

    @property
    def status(self) -> Status:
        return Status([to for _, to, _ in self.moves if to][-1])


_QUOTE = 160_000_000
KINDS = (
    Kind(80, (*_SUBMITTED, _SUCCESS), _QUOTE, Evidence.PROVIDER),
    Kind(8, (*_SUBMITTED, _FAIL), 0, Evidence.PROVIDER),
    Kind(3, (*_SUBMITTED, _FAIL), None),
    Kind(
        2,
        (*_SUBMITTED, _FAIL, (Status.FAILED, Status.SUCCEEDED, EventKind.SUCCEEDED)),
        _QUOTE,
        Evidence.PROVIDER,
    ),
    Kind(3, (_SUBMITTED[0], (Status.QUEUED, Status.CANCELLED, EventKind.CANCELLED)), attempt=None),
    Kind(2, (*_SUBMITTED[:2], _LOST), attempt=AttemptState.UNKNOWN),
    Kind(2, tuple(_SUBMITTED)),
)


def make_many(count: int, *, by: User, now: datetime) -> None:
    """Make generations over the last months, up to `now`, and count them on the budgets in force."""
    given = {"prompt": "The cat slowly turns its head", "image_url": "https://example.com/cat.jpg"}
    judged = judge(GenerationRequest(input=given), user=by, now=now)
    makers = _make_all(count, judged, by, now)
    while rows := list(islice(makers, AT_ONCE)):
        with transaction.atomic():
            _store(rows)


@dataclass(slots=True)
class _Rows:
    generation: Generation
    kind: Kind
    at: datetime


def _make_all(count: int, judged: JudgedRequest, by: User, now: datetime) -> Iterator[_Rows]:
    frozen = json.dumps(judged.input, ensure_ascii=False, sort_keys=True)
    shared: dict[str, Any] = {
        "created_by": by,
        "model": judged.spec.id,
        "input": judged.input,
        "input_sha256": hashlib.sha256(frozen.encode()).hexdigest(),
        "prompt_start": judged.input["prompt"][:200],
        "price": judged.quote.price,
        "quote_micro_credits": judged.quote.micro_credits,
        "quote_micro_usd": judged.quote.micro_usd,
    }
    kinds = [kind for kind in KINDS for _ in range(kind.share)]
    step = timedelta(days=80) / count
    for number in range(count):
        kind, at = kinds[number * 37 % 100], now - timedelta(days=81) + number * step
        yield _Rows(_generation(kind, at, now, shared), kind, at)


def _generation(kind: Kind, at: datetime, now: datetime, shared: dict[str, Any]) -> Generation:
    row = Generation(created_at=at, period=period_of(at), status=kind.status, **shared)
    row.version = len(kind.moves)
    if kind.cost is not None:
        row.cost_micro_credits, row.cost_micro_usd = kind.cost, kind.cost * 5_000 // 1_000_000
    row.cost_evidence = kind.evidence
    if kind.attempt is not None:
        row.submitted_at = at
    if kind.attempt is AttemptState.ACCEPTED:
        row.provider_task_id = row.pk.hex
    if row.is_terminal:
        row.finished_at = at + timedelta(seconds=130)
    if kind.status == Status.FAILED:
        row.failure_code = FailureCode.PROVIDER_FAILED
    if kind.status == Status.SUCCEEDED:
        row.result_url = "https://results.example.com/video.mp4"
    if kind.status == Status.RUNNING:
        row.next_poll_at = now + timedelta(hours=1)
    return row


def _store(rows: list[_Rows]) -> None:
    Generation.objects.bulk_create([row.generation for row in rows], batch_size=300)
    GenerationEvent.objects.bulk_create(
        [event for row in rows for event in _events(row)], batch_size=500
    )
    SubmissionAttempt.objects.bulk_create(
        [attempt for row in rows if (attempt := _attempt(row))], batch_size=500
    )
    Video.objects.bulk_create(
        [
            Video(generation=row.generation, state=VideoState.LOST, created_at=row.at)
            for row in rows
            if row.kind.status == Status.SUCCEEDED
        ],
        batch_size=500,
    )
    Incident.objects.bulk_create(
        [
            Incident(
                generation=row.generation,
                kind=IncidentKind.LATE_SUCCESS,
                cause=row.generation.pk.hex,
                opened_at=row.at,
                last_seen_at=row.at,
            )
            for row in rows
            if _is_late(row.kind)
        ],
        batch_size=500,
    )
    _count(rows)
    _post(rows)


def _is_late(kind: Kind) -> bool:
    return kind.status == Status.SUCCEEDED and _FAIL in kind.moves


def _events(row: _Rows) -> Iterator[GenerationEvent]:
    for number, (source, to, kind) in enumerate(row.kind.moves, 1):
        yield GenerationEvent(
            generation=row.generation,
            seq=number,
            at=row.at + timedelta(seconds=number),
            actor="KIE",
            kind=kind,
            from_status=source,
            to_status=to,
            detail={"attempt": 1} if kind == EventKind.SENDING else {},
        )


def _attempt(row: _Rows) -> SubmissionAttempt | None:
    if row.kind.attempt is None:
        return None
    return SubmissionAttempt(
        generation=row.generation,
        seq=1,
        state=row.kind.attempt,
        token_sha256=hashlib.sha256(row.generation.pk.bytes).hexdigest(),
        request_sha256=row.generation.input_sha256,
        opened_at=row.at,
        closed_at=row.at,
    )


def _count(rows: list[_Rows]) -> None:
    """Count the rows on every budget in force that they belong to."""
    months: dict[int, tuple[BudgetMonth, int, int]] = {}
    known: dict[tuple[int, str], BudgetMonth] = {}
    holds = []
    applying = list(budgets.applying(user=rows[0].generation.created_by, project=None, token=None))
    for row in rows:
        made = row.generation
        is_over = made.is_terminal
        held = 0 if is_over else made.quote_micro_usd
        spent = (made.cost_micro_usd or 0) if is_over else 0
        for budget in applying:
            key = (budget.pk, made.period)
            if key not in known:
                known[key], _ = BudgetMonth.objects.get_or_create(budget=budget, period=made.period)
            month = known[key]
            _, held_before, spent_before = months.get(month.pk, (month, 0, 0))
            months[month.pk] = (month, held_before + held, spent_before + spent)
            holds.append(
                BudgetHold(generation=made, month=month, held_micro_usd=held, spent_micro_usd=spent)
            )
    BudgetHold.objects.bulk_create(holds, batch_size=500)
    for month, held, spent in months.values():
        month.refresh_from_db()
        month.held_micro_usd += held
        month.spent_micro_usd += spent
        month.save()


def _post(rows: list[_Rows]) -> None:
    head, entries = lock(), []
    for row in rows:
        for kind, evidence, moves in _postings(row):
            posting = uuid4()
            for account, amount in moves:
                entries.append(_entry(head, row, posting, kind, evidence, account, amount))
    LedgerEntry.objects.bulk_create(entries, batch_size=500)
    LedgerHead.objects.filter(pk=1).update(seq=head.seq, hash=head.hash)


def _postings(
    row: _Rows,
) -> Iterator[tuple[PostingKind, Evidence, list[tuple[Account, int]]]]:
    yield PostingKind.HOLD, Evidence.QUOTE, _move(Account.AVAILABLE, Account.HELD)
    if row.kind.status in {Status.UNKNOWN, Status.RUNNING}:
        return
    if _is_late(row.kind):
        yield PostingKind.RELEASE, Evidence.PROVIDER, _move(Account.HELD, Account.AVAILABLE)
        yield PostingKind.LATE, Evidence.PROVIDER, _move(Account.AVAILABLE, Account.SPENT)
    elif row.kind.cost:
        yield PostingKind.SETTLE, Evidence.PROVIDER, _move(Account.HELD, Account.SPENT)
    else:
        yield PostingKind.RELEASE, row.kind.evidence, _move(Account.HELD, Account.AVAILABLE)


def _move(source: Account, to: Account) -> list[tuple[Account, int]]:
    return [(source, -_QUOTE), (to, _QUOTE)]


def _entry(
    head: LedgerHead,
    row: _Rows,
    posting: UUID,
    kind: PostingKind,
    evidence: Evidence,
    account: Account,
    micro_credits: int,
) -> LedgerEntry:
    entry = LedgerEntry(
        seq=head.seq + 1,
        at=row.at,
        posting=posting,
        kind=kind,
        generation_id=row.generation.pk,
        account=account,
        period=row.generation.period,
        micro_credits=micro_credits,
        micro_usd=micro_credits * 5_000 // 1_000_000,
        evidence=evidence,
        actor="system",
        previous_hash=head.hash,
    )
    entry.hash = hash_of(entry)
    head.seq, head.hash = entry.seq, entry.hash
    return entry
