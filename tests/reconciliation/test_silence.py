"""The ordinary days on which the balance check finds nothing."""

from collections.abc import Callable

import pytest

from generations.models import (
    BalanceSnapshot,
    SnapshotSource,
    Status,
)
from generations.services import movement, outcome, reconcile
from tests.faults.ground import Ground
from tests.reconciliation.conftest import Check, make_one, newest_at, open_breaks

CREDIT = 1_000_000


def test_an_ordinary_day_is_silent(ground: Ground, check: Check) -> None:
    check()
    make_one(ground, check)
    make_one(ground, check, duration="10")
    findings = check()
    assert (findings.found, findings.open_breaks) == (0, 0)
    assert findings.compared_until == newest_at()
    [day] = [day for day in movement.days(movement.of(now=ground.clock())) if day.charged]
    assert (day.charged, day.actual, day.difference) == (480 * CREDIT, -480 * CREDIT, 0)


def test_a_day_of_refunds_is_silent_at_every_moment(ground: Ground, check: Check) -> None:
    ground.kie.fault("fail", on="create", match={"prompt_contains": "bad"})
    check()
    for number in range(4):
        ground.ask(prompt=f"bad {number}" if number % 2 else f"good {number}")
        ground.submit_all()
        assert check(20).found == 0
        ground.finish_jobs()
        assert check(20).found == 0
        for _ in range(3):
            ground.turn()
            assert check(4).found == 0
    assert check().compared_until == newest_at()
    assert open_breaks() == []


def test_a_refund_that_we_read_hours_later_is_no_break(ground: Ground, check: Check) -> None:
    ground.kie.fault("fail", on="create")
    check()
    ground.ask()
    ground.submit_all()
    check(60)
    ground.finish_jobs()
    for _ in range(5):
        assert check(1800).found == 0
    ground.turn()
    ground.clock.forward(4)
    ground.turn()
    assert check().compared_until == newest_at()
    assert open_breaks() == []


@pytest.mark.parametrize("fails", [False, True])
def test_a_lost_answer_with_a_late_callback_is_silent(
    ground: Ground, check: Check, fails: bool
) -> None:
    ground.kie.fault("close_after_read", on="create")
    if fails:
        ground.kie.fault("fail", on="create")
    check()
    asked = ground.ask()
    ground.submit_all()
    asked.refresh_from_db()
    assert asked.status == Status.UNKNOWN
    for _ in range(3):
        assert check().found == 0
    days = movement.days(movement.of(now=ground.clock()))
    assert sum(day.undecided for day in days) == -160 * CREDIT
    ground.finish_jobs()
    for _ in range(3):
        assert check().found == 0
    ground.turn()
    ground.clock.forward(5)
    ground.turn()
    asked.refresh_from_db()
    assert asked.status == (Status.FAILED if fails else Status.SUCCEEDED)
    assert check().compared_until == newest_at()
    assert open_breaks() == []


def test_a_sender_that_dies_and_a_platform_that_restarts_are_silent(
    ground: Ground, check: Check
) -> None:
    check()
    ground.ask()

    def die() -> None:
        raise SystemExit

    ground.meanwhile = die
    with pytest.raises(SystemExit):
        ground.submit()
    ground.meanwhile = lambda: None
    assert check(30).found == 0
    assert check(3600).found == 0
    newest = BalanceSnapshot.objects.order_by("at").last()
    assert newest is not None
    assert newest.source == SnapshotSource.STARTUP
    outcome.expire_leases(now=ground.clock())
    assert check().found == 0
    ground.finish_jobs()
    ground.turn()
    assert check().found == 0
    assert open_breaks() == []


def test_fractions_of_a_credit_do_not_drift(ground: Ground, check: Check) -> None:
    ground.kie.settings(prices={"5": 0.1})
    check()
    for _ in range(3):
        ground.ask()
        ground.submit_all()
        ground.finish_jobs()
        ground.clock.forward(60)
        ground.turn()
    check()
    assert open_breaks() == []
    assert sum(day.charged for day in movement.days(movement.of(now=ground.clock()))) == 300_000


def test_a_lost_answer_wants_the_balance_read_soon(
    ground: Ground, check: Callable[..., object]
) -> None:
    check()
    assert not reconcile.is_due(now=ground.clock.forward(60))
    ground.kie.fault("close_after_read", on="create")
    ground.ask()
    ground.submit_all()
    assert reconcile.is_due(now=ground.clock())
    reconcile.take_snapshot(client=ground.client, now=ground.clock.forward(1))
    assert not reconcile.is_due(now=ground.clock())
    assert reconcile.is_due(now=ground.clock.forward(300))
