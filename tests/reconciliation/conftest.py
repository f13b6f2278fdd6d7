"""The platform without processes, against the simulator, with a finance person who reads balances."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override

from generations.models import BalanceBreak, BalanceSnapshot
from generations.services import bootstrap, reconcile
from generations.services.reconcile import Findings
from kie_simulator.testing import Simulator
from tests.faults.conftest import MakeClient
from tests.faults.conftest import client_for as client_for
from tests.faults.conftest import doorbell as doorbell
from tests.faults.conftest import kie as kie
from tests.faults.ground import Doorbell, Ground, start_clock
from tests.faults.invariants import check_invariants

Check = Callable[..., Findings]


@pytest.fixture
def ground(
    db: None, kie: Simulator, doorbell: Doorbell, client_for: MakeClient, data_dir: Path
) -> Iterator[Ground]:
    """The platform; KIE's books may hold what others have done on the account."""
    clock = start_clock()
    bootstrap.bootstrap(now=clock().replace(year=clock().year - 1))
    made = Ground(kie, client_for(), doorbell, User.objects.create_user("olga"), clock)
    yield made
    made.sweep.pool.shutdown(wait=True, cancel_futures=True)
    check_invariants()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def finance(db: None) -> User:
    return User.objects.create_user("vera")


@pytest.fixture
def check(ground: Ground) -> Check:
    """Let a while pass, read the balance, compare."""

    def read(wait_s: float = 300) -> Findings:
        ground.clock.forward(wait_s)
        reconcile.take_snapshot(client=ground.client, now=ground.clock())
        findings = reconcile.judge(now=ground.clock())
        # What is sent at the very moment of a snapshot leaves it unclear.
        ground.clock.forward(20)
        return findings

    return read


def newest_at() -> datetime:
    newest = BalanceSnapshot.objects.order_by("at").last()
    assert newest is not None
    return newest.at


def open_breaks() -> list[tuple[str, int]]:
    """What is open, as guess and difference in credits, oldest first."""
    rows = BalanceBreak.objects.filter(explained_at__isnull=True).order_by("pk")
    return [(found.guess, found.difference_micro_credits // 1_000_000) for found in rows]


def make_one(ground: Ground, check: Check, **given: object) -> None:
    """One generation from its request to its end, with the balance read on the way."""
    ground.ask(**given)
    ground.submit_all()
    check(60)
    ground.finish_jobs()
    ground.clock.forward(60)
    ground.turn()
    ground.clock.forward(5)
    ground.turn()
