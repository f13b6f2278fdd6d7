"""What holds submissions back: the account's limit, a pause, a refused account, a full disk."""

from collections.abc import Callable

import pytest

from generations.kie import RefusalKind
from generations.models import Generation, Status
from generations.services import lane, limits
from generations.services.submit import Step
from tests.fakes import Clock, FakeKie, refused

Ask = Callable[..., Generation]
Send = Callable[..., Step]


def test_no_more_than_the_limit_goes_out_in_any_ten_seconds(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    for _ in range(20):
        ask()
    steps = [send() for _ in range(19)]
    assert steps == [Step.DONE] * 18 + [Step.NO_SLOT]
    clock.forward(10.4)
    assert send() is Step.NO_SLOT
    clock.forward(0.1)
    assert send() is Step.DONE
    assert len(kie.sent) == 19


def test_a_pause_holds_everything_back_until_it_is_lifted(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    ask()
    lane.pause(by="olga", reason="stocktaking", now=clock())
    assert send() is Step.IDLE
    lane.resume()
    assert send() is Step.DONE


def test_a_pause_that_comes_between_look_and_claim_still_holds(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = ask()
    real = lane.take_turn

    def turn(**arguments: object) -> lane.Turn | None:
        won = real(**arguments)  # type: ignore[arg-type]
        lane.pause(by="olga", reason="", now=clock())
        return won

    monkeypatch.setattr(lane, "take_turn", turn)
    assert send() is Step.IDLE
    assert kie.sent == []
    generation.refresh_from_db()
    assert generation.status == Status.QUEUED
    assert limits.free(limits.CREATES, now=clock()) == 18


def test_a_refused_account_is_probed_once_a_minute_and_keeps_the_order(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    first = ask(prompt="first")
    clock.forward(1)
    ask(prompt="second")
    kie.outcomes.extend([refused(RefusalKind.ACCOUNT, 402), refused(RefusalKind.ACCOUNT, 402)])
    send()
    assert lane.get().blocked_code == 402
    assert send() is Step.IDLE
    clock.forward(60)
    assert send() is Step.DONE
    assert send() is Step.IDLE
    clock.forward(60)
    assert send() is Step.DONE
    assert lane.get().blocked_code is None
    assert send() is Step.DONE
    assert [task.input["prompt"] for task in kie.sent] == ["first", "first", "first", "second"]
    first.refresh_from_db()
    assert first.status == Status.RUNNING


def test_a_full_disk_stops_sending(ask: Ask, send: Send, settings: object) -> None:
    ask()
    settings.MIN_FREE_MB = 10**9  # type: ignore[attr-defined]
    assert send() is Step.IDLE


def test_refused_reads_do_not_put_the_probe_off(
    ask: Ask, send: Send, kie: FakeKie, clock: Clock
) -> None:
    ask()
    kie.outcomes.append(refused(RefusalKind.ACCOUNT, 401))
    send()
    for _ in range(12):
        clock.forward(5)
        lane.block(code=401, message="no access", now=clock())
    assert send() is Step.DONE
    assert lane.get().blocked_code is None
