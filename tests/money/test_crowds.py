"""Fifty requests at the same moment against a budget with room for ten: exactly ten, every time.

Each round is another month, so that the fifty also open the month's counters between them.
"""

import fcntl
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.db.models import Sum

from generations.models import (
    Account,
    Budget,
    BudgetHold,
    BudgetMonth,
    Generation,
    LedgerEntry,
    LedgerHead,
)
from generations.services import bootstrap, budgets
from generations.services.errors import BudgetExceeded
from generations.services.request import GenerationRequest, create, judge
from tests.factories import make_project
from tests.processes import each_in_its_process

CROWD, ROOM, QUOTE = 50, 10, 800_000
LEVELS = ["global", "user", "project"]
Rush = Callable[["Caller", datetime], Counter[str]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the n-th of the crowd, as one of `users`, for one of `projects`."""

    users: tuple[User, ...]
    projects: tuple[str, ...]

    def ask(self, number: int, now: datetime) -> str:
        """Answer what became of one request: "made", or the name of the budget without room."""
        user = self.users[number % len(self.users)]
        given = {"prompt": f"Number {number}", "image_url": "https://files.example.com/a.png"}
        project = self.projects[number % len(self.projects)]
        try:
            judged = judge(GenerationRequest(input=given, project=project), user=user, now=now)
            create(judged, user=user, now=now)
        except BudgetExceeded as refusal:
            return refusal.budget
        return "made"


def threads(caller: Caller, now: datetime, numbers: range = range(CROWD)) -> Counter[str]:
    """Let a thread for each number ask, all released at one moment."""
    gate = threading.Barrier(len(numbers))

    def ask(number: int) -> str:
        try:
            gate.wait(30)
            return caller.ask(number, now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(numbers)) as pool:
        return Counter(pool.map(ask, numbers))


def processes(caller: Caller, now: datetime) -> Counter[str]:
    """Let five processes of ten threads each ask."""
    shares = [(caller, now, range(first, first + 10)) for first in range(0, CROWD, 10)]
    return sum(each_in_its_process(threads, shares), Counter())


@pytest.fixture
def budget(transactional_db: None, request: pytest.FixtureRequest) -> Budget:
    """A budget of the level with room for ten."""
    bootstrap.bootstrap(now=datetime(2026, 1, 1, tzinfo=UTC))
    olga, project = User.objects.create_user("olga"), make_project("spring")
    target = {"user": {"user": olga}, "project": {"project": project}}.get(request.param, {})
    return budgets.set_limit(
        limit_micro_usd=ROOM * QUOTE,
        by="fiona",
        now=datetime(2026, 1, 1, tzinfo=UTC),
        **target,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("rush", [threads, processes])
@pytest.mark.parametrize("budget", LEVELS, indirect=True)
def test_fifty_at_once_get_the_ten_places(budget: Budget, rush: Rush) -> None:
    _rounds(budget, rush, 2)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rush", [threads, processes])
@pytest.mark.parametrize("budget", LEVELS, indirect=True)
def test_fifty_at_once_get_the_ten_places_twenty_times(budget: Budget, rush: Rush) -> None:
    _rounds(budget, rush, 20)


def _rounds(budget: Budget, rush: Rush, count: int) -> None:
    caller = _caller(budget)
    with _one_crowd_at_a_time():
        for number in range(count):
            now = datetime(2027 + number // 12, 1 + number % 12, 15, tzinfo=UTC)

            came_of_it = rush(caller, now)

            assert came_of_it == {"made": ROOM, budget.name: CROWD - ROOM}
            _check(budget, f"{now:%Y-%m}", rounds=number + 1)


def _check(budget: Budget, period: str, *, rounds: int) -> None:
    """Not one dollar over, and counters, holds and ledger say the same."""
    month = BudgetMonth.objects.get(budget=budget, period=period)
    assert (month.held_micro_usd, month.spent_micro_usd) == (ROOM * QUOTE, 0)
    holds = BudgetHold.objects.filter(month=month)
    assert list(holds.values_list("held_micro_usd", flat=True)) == [QUOTE] * ROOM
    held = LedgerEntry.objects.filter(period=period, account=Account.HELD)
    assert held.aggregate(sum=Sum("micro_usd"))["sum"] == ROOM * QUOTE
    assert Generation.objects.count() == rounds * ROOM
    assert LedgerHead.objects.get().seq == LedgerEntry.objects.count() == rounds * 2 * ROOM


def _caller(budget: Budget) -> Caller:
    """Whoever else asks besides, only the budget's own scope is common to the crowd."""
    olga = User.objects.get(username="olga")
    others = tuple(User.objects.create_user(name) for name in ("nina", "ivan", "anna"))
    users = (olga,) if budget.scope.endswith("user") else (olga, *others)
    spring = ("spring",)
    projects = spring if budget.scope.endswith("project") else (*spring, make_project("fall").slug)
    return Caller(users, projects)


@contextmanager
def _one_crowd_at_a_time() -> Iterator[None]:
    """A database server has about a hundred places; another test process may want fifty as well."""
    with Path(tempfile.gettempdir(), "kling-tests-crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
