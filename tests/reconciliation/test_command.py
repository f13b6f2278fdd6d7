"""`reconcile`: its three exits, and what it prints for people and for programs."""

import json
from collections.abc import Callable

import pytest
from django.core.management import call_command

from kie_simulator.testing import Simulator
from tests.faults.conftest import KEY
from tests.faults.ground import Ground

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(ground: Ground, settings: object, capsys: pytest.CaptureFixture[str]) -> Run:
    settings.KIE_BASE_URL = settings.KIE_UPLOAD_BASE_URL = ground.kie.url  # type: ignore[attr-defined]
    settings.KIE_API_KEY = KEY  # type: ignore[attr-defined]

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            call_command("reconcile", *arguments)
        return int(str(ended.value.code)), capsys.readouterr().out

    return call


def test_no_break_exits_0(run: Run) -> None:
    run()
    code, said = run()
    assert code == 0
    assert "1000000.00 credits" in said
    assert "No open break." in said


def test_a_foreign_spend_exits_1_and_is_named(run: Run, kie: Simulator) -> None:
    run()
    kie.balance(-37.25)
    code, said = run("--json")
    told = json.loads(said)
    assert (code, told["status"], told["balance_credits"]) == (1, "breaks", "999962.75")
    [found] = told["breaks"]
    assert (found["difference_credits"], found["looks_like"]) == ("-37.25", "foreign")
    assert found["owner"] is None
    code, said = run()
    assert code == 1
    assert "-37.25 credits" in said


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_kie_that_does_not_answer_exits_2(
    run: Run, kie: Simulator, arguments: tuple[str, ...]
) -> None:
    kie.fault("close_after_read", on="credit")
    code, said = run(*arguments)
    assert code == 2
    assert ("not_checked" if arguments else "Could not check") in said
