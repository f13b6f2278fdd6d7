"""The task that reads the balance: when it does, and what it makes of a KIE that is away."""

from decimal import Decimal

import pytest

from generations import provider, queue, tasks
from generations.kie import Unreachable
from generations.models import BalanceBreak, BalanceSnapshot


class Account:
    """KIE's balance, or the failure to read it."""

    def __init__(self) -> None:
        self.told: Decimal | Exception = Decimal("1000.5")
        self.reads = 0

    def credit_balance(self) -> Decimal:
        self.reads += 1
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


@pytest.fixture
def account(db: None, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(provider, "client", lambda: made)
    return made


def test_the_balance_is_read_when_it_is_due_and_not_before(account: Account) -> None:
    tasks.balance()
    tasks.balance()
    assert account.reads == 1
    assert BalanceSnapshot.objects.get().micro_credits == 1_000_500_000


@pytest.mark.parametrize("told", [Unreachable("timed out"), Decimal("NaN"), Decimal(10) ** 15])
def test_a_balance_that_cannot_be_read_or_believed_is_left_out(
    account: Account, told: Decimal | Exception
) -> None:
    account.told = told
    tasks.balance()
    assert account.reads == 1
    assert not BalanceSnapshot.objects.exists()
    assert not BalanceBreak.objects.exists()


def test_the_beat_rings_for_a_balance_that_is_due(
    account: Account, data_dir: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(queue, "ring", lambda task, argument="": rung.append(str(task)))
    tasks.beat()
    tasks.balance()
    tasks.beat()
    assert rung.count("balance") == 1
