"""The money of a platform without edges: the cast, and a story of one generation told step by step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from generations.kie import CreateOutcome, TaskRecord, TaskState
from generations.models import Account, EventKind, FailureCode, Generation, LedgerEntry, Status
from generations.models.transition import SYSTEM, transition
from generations.reports import audit
from generations.services import (
    bootstrap,
    budgets,
    cancel,
    decide,
    outcome,
    settle,
    suspense,
    verdict,
)
from generations.services.request import GenerationRequest, create, judge
from tests import fakes
from tests.cast import Cast
from tests.cast import cast as cast
from tests.factories import archive, make_attempt, make_generation, make_image

CREDIT = 1_000_000
TASK = "task-0000001"
Moves = tuple[str, dict[str, int]]


@dataclass
class Story:
    """One generation whose quote is 160 credits; each step is what somebody or something does."""

    teller: User
    clock: fakes.Clock
    generation: Generation = field(init=False)

    def __post_init__(self) -> None:
        given = {"prompt": "A slow pan", "image_url": "https://files.example.com/a.png"}
        judged = judge(GenerationRequest(input=given), user=self.teller, now=self.clock())
        self.generation = create(judged, user=self.teller, now=self.clock())

    def is_sent(self, answer: CreateOutcome) -> None:
        attempt = make_attempt(self.generation, token=uuid4().hex, at=self.clock())
        outcome.settle(attempt, self.generation, answer, clock=self.clock)

    def is_accepted(self) -> None:
        self.is_sent(fakes.accepted(TASK))

    def is_rejected(self) -> None:
        self.is_sent(fakes.refused(fakes.RefusalKind.REJECTED, 422))

    def is_lost(self) -> None:
        self.is_sent(fakes.unknown())

    def goes_on(self, reported: Decimal | None) -> None:
        self._applies(fakes.task_record(credits_consumed=reported))

    def succeeds(self, reported: Decimal | None = Decimal(160)) -> None:
        self._applies(fakes.success_record(credits_consumed=reported))

    def fails(self, kept: Decimal | None = Decimal(0)) -> None:
        for _ in range(2):
            self._applies(fakes.fail_record(credits_consumed=kept))

    def succeeds_late(self, reported: Decimal | None = Decimal(160)) -> None:
        """A callback has named the task; KIE's record proves it."""
        Generation.objects.filter(pk=self.generation.pk, provider_task_id=None).update(
            candidate_task_id=TASK, candidate_from="callback"
        )
        self.succeeds(reported)

    def is_cancelled(self) -> None:
        cancel.cancel(self.generation, by="olga", now=self.clock())

    def loses_its_picture(self) -> None:
        transition(
            self.generation.pk,
            sources=[Status.QUEUED],
            to=Status.FAILED,
            kind=EventKind.FAILED,
            actor=SYSTEM,
            now=self.clock(),
            changes={"failure_code": FailureCode.SOURCE_UNAVAILABLE} | settle.never_charged(),
        )

    def ages(self, hours: float = 25) -> None:
        self.clock.now += timedelta(hours=hours)

    def is_suspected(self) -> None:
        self.ages()
        for _ in range(2):
            suspense.suspect_old(now=self.clock())

    def is_found(self) -> None:
        attempt = self.generation.attempts.get()
        outcome.attach.accept(attempt, TASK, now=self.clock(), evidence="echo")

    def was_never_created(self) -> None:
        decide.never_created(self._now(), reason="no log of it", by=self.teller, now=self.clock())

    def is_written_off(self, charged: int | None = None) -> None:
        decide.write_off(
            self._now(),
            reason="enough",
            by=self.teller,
            now=self.clock(),
            charged_micro_credits=None if charged is None else charged * CREDIT,
        )

    def comes_without_result(self) -> None:
        self._applies(fakes.task_record(TaskState.SUCCESS))

    def is_lost_at_kie(self) -> None:
        decide.provider_lost(self._now(), reason="no result", by=self.teller, now=self.clock())

    def _applies(self, told: TaskRecord) -> None:
        self.clock.forward(5)
        verdict.apply(self._now(), told, now=self.clock())

    def _now(self) -> Generation:
        return Generation.objects.select_related("price").get(pk=self.generation.pk)


@pytest.fixture
def clock(db: None, data_dir: Path) -> fakes.Clock:
    moment = fakes.Clock()
    bootstrap.bootstrap(now=moment().replace(month=1))
    return moment


@pytest.fixture
def begin(clock: fakes.Clock) -> Callable[[], Story]:
    teller = User.objects.create_user("olga")
    return lambda: Story(teller, clock)


def postings(generation: Generation) -> list[Moves]:
    """Answer a generation's postings in their order, each with what it moved, in whole credits."""
    found: dict[object, Moves] = {}
    for entry in LedgerEntry.objects.filter(generation=generation).order_by("seq"):
        assert entry.micro_credits * 5_000 == entry.micro_usd * CREDIT, "by the price's rate"
        _, moves = found.setdefault(entry.posting, (str(entry.kind), {}))
        moves[str(entry.account)] = entry.micro_credits // CREDIT
    return list(found.values())


def balance(account: Account) -> int:
    """Answer an account's micro-credits."""
    return sum(LedgerEntry.objects.filter(account=account).values_list("micro_credits", flat=True))


@pytest.fixture
def platform(cast: Cast, data_dir: Path) -> list[Generation]:
    """A few generations of every status, a budget that counts them, a video and a picture."""
    budgets.set_limit(limit_micro_usd=100_000_000, by="fiona", now=timezone.now())
    image = make_image(by=cast.operator)
    at = timezone.now() - timedelta(seconds=40)
    made = [make_generation(by=cast.operator, status=status, at=at) for status in Status]
    made.append(make_generation(by=cast.operator, image_id=image.pk, input={"prompt": "a cat"}))
    archive(next(row for row in made if row.status == Status.SUCCEEDED))
    return made


def run_audit(**options: Any) -> audit.Report:
    return audit.run(now=timezone.now() + timedelta(seconds=1), **options)
