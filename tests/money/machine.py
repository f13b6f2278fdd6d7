"""The platform as a machine whose levers are pulled in any order; the invariants hold after each."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from generations.kie import ReadFailed
from generations.models import Generation, LedgerHead, Price, Project, Status, SubmissionAttempt
from generations.services import (
    attach,
    bootstrap,
    budgets,
    cancel,
    decide,
    hint,
    lane,
    outcome,
    poll,
    submit,
    suspense,
)
from generations.services.errors import BudgetExceeded, PlatformError
from generations.services.request import GenerationRequest, create, judge
from tests.fakes import Clock
from tests.money import truths
from tests.money.steps import STEPS
from tests.money.truth import MOODS, TrueKie, callback_body
from tests.services.conftest import Callbacks

CREDIT = 1_000_000
DECISIONS = ("attach", "never created", "write off", "lost by KIE")
JUMPS_S = (-20, 1, 5, 30, 100, 1900, 7 * 3600, 25 * 3600, 8 * 86_400)
number = st.integers(min_value=0, max_value=99)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        shutil.rmtree(Path(settings.DATA_DIR) / "receipts", ignore_errors=True)
        self.clock, self.kie, self.callbacks = Clock(), TrueKie(), Callbacks()
        bootstrap.bootstrap(now=self.clock().replace(month=1))
        self.people = [User.objects.create_user(name) for name in ("olga", "nina")]
        self.project = Project.objects.create(slug="spring", name="Spring")
        self.asked = 0

    def teardown(self) -> None:
        try:
            self.heal()
        finally:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)

    @rule(who=number, credits_=st.sampled_from(["5", "10"]))
    def ask(self, who: int, credits_: str) -> None:
        self.asked += 1
        user = self.people[who % 2]
        given = {
            "prompt": f"Number {self.asked}",
            "image_url": "https://files.example.com/a.png",
            "duration": credits_,
        }
        request = GenerationRequest(input=given, project="spring" if who % 3 else None)
        before = Generation.objects.count()
        try:
            create(judge(request, user=user, now=self.clock()), user=user, now=self.clock())
        except BudgetExceeded:
            assert Generation.objects.count() == before

    @rule(who=number, is_made=st.booleans())
    def lose(self, who: int, is_made: bool) -> None:
        """A request whose answer is lost: the hardest case of all, so let it be common."""
        self.ask(who, "5")
        self.send("makes and says nothing" if is_made else "says nothing")

    @rule(mood=st.sampled_from(MOODS))
    def send(self, mood: str) -> None:
        self.kie.mood = mood
        self._turn()

    @rule(mood=st.sampled_from(MOODS), step=st.sampled_from(sorted(STEPS)), after=st.booleans())
    def die_sending(self, mood: str, step: str, after: bool) -> None:
        self.kie.mood = mood
        owner, name = STEPS[step]
        real = getattr(owner, name)

        def die(*args: Any, **kwargs: Any) -> None:
            if after:
                real(*args, **kwargs)
            raise SystemExit

        with mock.patch.object(owner, name, die), suppress(SystemExit):
            self._turn()

    @precondition(lambda self: self.kie.open_tasks())
    @rule(
        which=number,
        is_success=st.booleans(),
        kept=st.sampled_from([0, 0, 40, 160]),
        has_result=st.sampled_from([True, True, False]),
        tells=st.sampled_from([True, True, False]),
    )
    def end_task(
        self, which: int, is_success: bool, kept: int, has_result: bool, tells: bool
    ) -> None:
        tasks = self.kie.open_tasks()
        task = tasks[which % len(tasks)]
        task.has_result = has_result
        task.end(is_success=is_success, keeps=kept, tells=tells)

    @rule(
        which=number,
        of_task=number,
        kind=st.sampled_from(["true", "altered", "forged", "twice"]),
        is_read=st.booleans(),
    )
    def call_back(self, which: int, of_task: int, kind: str, is_read: bool) -> None:
        tokens, tasks = self.callbacks.tokens, list(self.kie.tasks.values())
        if not tokens:
            return
        token = tokens[which % len(tokens)]
        body = callback_body(next((t.task_id for t in tasks if t.token == token), "none-such"))
        if kind == "altered" and tasks:
            # Where no task is known yet, another's that is nobody's yet would do the greatest harm.
            lost = [token for token in tokens if _is_without_task(token)]
            free = [task for task in tasks if task.token in lost] or tasks
            token = (lost or tokens)[which % len(lost or tokens)]
            body = callback_body(free[of_task % len(free)].task_id, evil="evil")
        for _ in range(2 if kind == "twice" else 1):
            self._receive("forged" + token if kind == "forged" else token, body)
        if is_read:
            self._read_due()

    @rule(is_away=st.sampled_from([False, False, True]))
    def read(self, is_away: bool) -> None:
        self.kie.is_away = is_away
        self._read_due()
        self.kie.is_away = False

    @rule(which=number)
    def read_again(self, which: int) -> None:
        """The same record once more changes nothing that is over."""
        over = list(Generation.objects.filter(status=Status.SUCCEEDED).order_by("created_at", "pk"))
        if not over:
            return
        generation = over[which % len(over)]
        before = LedgerHead.objects.get().seq
        due = poll.Due(generation.pk, str(generation.provider_task_id), self.clock())
        poll.apply_record(due, self.kie.read_task(due.task_id), now=self.clock())
        assert LedgerHead.objects.get().seq == before, "I18"

    @rule(jump_s=st.sampled_from(JUMPS_S))
    def jump(self, jump_s: int) -> None:
        self.clock.forward(jump_s)
        self._sweep()

    @rule(which=number)
    def give_up_queued(self, which: int) -> None:
        queued = list(Generation.objects.filter(status=Status.QUEUED).order_by("created_at", "pk"))
        if queued:
            cancel.cancel(queued[which % len(queued)], by="olga", now=self.clock())

    @rule(credits_=st.sampled_from([100, 160, 200]), is_true=st.booleans())
    def change_price(self, credits_: int, is_true: bool) -> None:
        now = self.clock.forward(1)
        self.kie.price = credits_ if is_true else self.kie.price
        Price.objects.create(
            model="kling/v2-1-master-image-to-video",
            variant="duration=5",
            micro_credits=credits_ * CREDIT,
            micro_usd_per_credit=5_000,
            valid_from=now,
            known_from=now,
        )

    @rule(
        scope=st.sampled_from(["", "user", "project"]), usd=st.sampled_from([0, 1, 3, 50, 50, 50])
    )
    def change_budget(self, scope: str, usd: int) -> None:
        target = {"user": {"user": self.people[0]}, "project": {"project": self.project}}
        budget = budgets.set_limit(
            limit_micro_usd=usd * 1_000_000,
            by="fiona",
            now=self.clock(),
            **target.get(scope, {}),  # type: ignore[arg-type]
        )
        if usd == 1:
            until = self.clock() + timedelta(hours=2)
            budgets.raise_for_a_while(
                budget,
                micro_usd=1_000_000,
                reason="the launch",
                by=self.people[1],
                now=self.clock(),
                ends_at=until,
            )

    @rule(which=number, decision=st.sampled_from(DECISIONS), of_task=number)
    def decide(self, which: int, decision: str, of_task: int) -> None:
        waiting = [Status.UNKNOWN, Status.NEEDS_REVIEW]
        rows = list(Generation.objects.filter(status__in=waiting).order_by("created_at", "pk"))
        if rows:
            with suppress(PlatformError):
                self._decide(rows[which % len(rows)], decision, of_task)

    @invariant()
    def nothing_is_broken(self) -> None:
        truths.check(self.kie, now=self.clock())

    def heal(self) -> None:
        """Let all faults end, every task end and call back, and people decide the rest."""
        for task in self.kie.open_tasks():
            task.end(is_success=True)
        for task in self.kie.tasks.values():
            task.has_result = True
        self.kie.mood = "accepts"
        lane.resume()
        for _ in range(3):
            self._come_to_rest()
        for generation in Generation.objects.filter(status=Status.UNKNOWN):
            decide.never_created(
                generation, reason="no callback", by=self.people[0], now=self.clock()
            )
        truths.check(self.kie, now=self.clock())
        truths.check_the_end(self.kie)

    def _come_to_rest(self) -> None:
        for _ in range(40):
            self.clock.forward(400)
            lane.unblock()
            if self._turn() is submit.Step.IDLE:
                break
        for task in self.kie.open_tasks():
            task.end(is_success=True)
        self.clock.forward(25 * 3600)
        self._sweep()
        for task in self.kie.tasks.values():
            self._receive(task.token, callback_body(task.task_id, rest=str(self.clock())))
        for _ in range(12):
            self._read_due()
            self.clock.forward(6)

    def _turn(self) -> submit.Step:
        return submit.submit_next(
            client=self.kie,
            callbacks=self.callbacks,
            clock=self.clock,
            worker="machine",
            should_stop=lambda: False,
        )

    def _sweep(self) -> None:
        outcome.recover_receipts(now=self.clock())
        outcome.expire_leases(now=self.clock())
        suspense.suspect_old(now=self.clock())

    def _read_due(self) -> None:
        for due in poll.claim_due(now=self.clock(), most=50):
            try:
                record = self.kie.read_task(due.task_id)
            except ReadFailed as failure:
                poll.apply_failure(due, failure, now=self.clock())
            else:
                poll.apply_record(due, record, now=self.clock())

    def _receive(self, token: str, body: bytes) -> None:
        hint.receive(token=token, body=body, timestamp=None, signature=None, now=self.clock())

    def _decide(self, generation: Generation, decision: str, of_task: int) -> None:
        common: dict[str, Any] = {"reason": "so it is", "by": self.people[1], "now": self.clock()}
        calls: dict[str, Callable[[], object]] = {
            "never created": lambda: decide.never_created(generation, **common),
            "write off": lambda: decide.write_off(generation, **common),
            "lost by KIE": lambda: decide.provider_lost(generation, **common),
        }
        if decision in calls:
            calls[decision]()
            return
        task_ids = sorted(self.kie.tasks) or ["task-none"]
        task_id = task_ids[of_task % len(task_ids)]
        decide.attach_task(generation, task_id=task_id, client=self.kie, **common)


def _is_without_task(token: str) -> bool:
    attempts = SubmissionAttempt.objects.filter(token_sha256=attach.token_digest(token))
    return attempts.filter(generation__provider_task_id=None).exists()
