"""Payments, and explaining what nobody can book."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from generations.models import (
    BalanceBreak,
    TopUp,
)
from generations.services import reconcile
from generations.services.errors import DecisionRefused
from tests.faults.ground import Ground
from tests.reconciliation.conftest import Check, make_one, open_breaks

CREDIT = 1_000_000


@pytest.mark.parametrize("moved", [timedelta(0), timedelta(hours=-3)])
@pytest.mark.parametrize("is_recorded_first", [False, True])
def test_a_top_up_is_no_break_once_it_is_recorded(
    ground: Ground, check: Check, finance: User, moved: timedelta, is_recorded_first: bool
) -> None:
    check()
    make_one(ground, check)
    check()

    def note() -> None:
        reconcile.record_top_up(
            micro_credits=1000 * CREDIT, at=ground.clock() + moved, by=finance, now=ground.clock()
        )

    if is_recorded_first:
        note()
    ground.kie.balance(1000, "paid in")
    check()
    if not is_recorded_first:
        assert open_breaks() == [("top_up", 1000)]
        note()
    assert open_breaks() == []
    for _ in range(3):
        check(86400 * 2)
    assert open_breaks() == []
    assert TopUp.objects.get().shown_in is not None


def test_a_top_up_that_never_came_is_a_break_after_a_day(
    ground: Ground, check: Check, finance: User
) -> None:
    check()
    reconcile.record_top_up(
        micro_credits=1000 * CREDIT, at=ground.clock(), by=finance, now=ground.clock()
    )
    check()
    assert open_breaks() == []
    check(86400)
    assert [difference for _guess, difference in open_breaks()] == [-1000]


def test_a_break_is_explained_with_a_reason_and_stays_explained(
    ground: Ground, check: Check, finance: User
) -> None:
    check()
    ground.kie.balance(-37)
    check()
    found = BalanceBreak.objects.get()
    reconcile.take_over(found, by=finance)
    with pytest.raises(DecisionRefused, match="Say what"):
        reconcile.explain(found, explanation=" ", by=finance, now=ground.clock())
    reconcile.explain(found, explanation="a trial by hand", by=finance, now=ground.clock())
    with pytest.raises(DecisionRefused, match="already"):
        reconcile.explain(found, explanation="again", by=finance, now=ground.clock())
    for _ in range(3):
        assert check(3600).open_breaks == 0
    found.refresh_from_db()
    assert (found.owner, found.explained_by, found.explanation) == (
        finance,
        finance,
        "a trial by hand",
    )
