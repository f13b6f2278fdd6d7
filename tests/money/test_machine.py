"""Requests, deliveries, deaths, callbacks, reads, prices, budgets, decisions and jumps of the clock, in
any order: the books hold after every step, and in the end they say what KIE's say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from generations.kie import Unknown, Unsent
from generations.models import Generation, SubmissionAttempt, posting
from generations.services import attach, outcome, settle
from tests.money.machine import Machine


def _settings(
    examples: int, steps: int, *, phases: Sequence[Phase] = (Phase.generate, Phase.shrink)
) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def ground(db: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The receipts' age is the file system's, which no clock of ours moves.
    monkeypatch.setattr(outcome, "RECEIPT_OWNED_S", -5)


@pytest.mark.timeout(300)
def test_the_books_hold_whatever_happens(ground: None) -> None:
    run_state_machine_as_test(Machine, settings=_settings(10, 25))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_books_hold_whatever_happens_for_long(ground: None) -> None:
    run_state_machine_as_test(Machine, settings=_settings(200, 25))


def _send_again(
    attempt: SubmissionAttempt, generation: Generation, lost: Unknown, now: datetime
) -> None:
    outcome._requeue(attempt, generation, Unsent(lost.reason), now)


BUGS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "budgets are not told of an end": (posting, "_count", lambda *_: None),
    "any record proves a candidate": (
        attach,
        "attempt_of_echo",
        lambda generation, echo, **_: generation.attempts.last(),
    ),
    "a lost answer is sent again": (outcome, "_lose_answer", _send_again),
    "a failure is free whatever was kept": (
        settle,
        "failed",
        lambda generation, consumed: settle.never_charged(),
    ),
}


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(ground: None, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    monkeypatch.setattr(*BUGS[bug])

    with pytest.raises(Exception):  # noqa: B017, PT011 - which of the invariants breaks is chance
        run_state_machine_as_test(Machine, settings=_settings(40, 25, phases=[Phase.generate]))
