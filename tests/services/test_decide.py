"""What a person decides about lost answers and empty successes, and what it does to the money."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from generations.models import Generation, Status
from generations.services import decide, housekeeping, retry
from generations.services.errors import DecisionRefused, WrongState
from tests.fakes import Clock, FakeKie, success_record, unknown
from tests.services.decisions import CREDIT, TASK, Ask, Records, Send, money
from tests.services.decisions import boss as boss
from tests.services.decisions import empty as empty
from tests.services.decisions import in_english as in_english
from tests.services.decisions import lost as lost
from tests.services.decisions import lost_without_callback as lost_without_callback


def test_never_created_releases_the_money_and_lets_the_author_retry(
    lost: Generation, boss: User, author: User, clock: Clock
) -> None:
    now = clock.forward(decide.QUARANTINE.total_seconds() + 1)
    decided = decide.never_created(lost, reason="not in KIE's log", by=boss, now=now)
    assert (decided.status, decided.failure_code) == (Status.FAILED, "not_created")
    assert (decided.cost_micro_credits, decided.cost_evidence) == (0, "person")
    assert decided.attempts.get().state == "resolved"
    assert money(decided) == {}
    assert retry.retry(decided, user=author, now=now).status == Status.QUEUED


def test_never_created_is_refused_for_half_an_hour(
    lost: Generation, boss: User, clock: Clock
) -> None:
    now = clock.forward(decide.QUARANTINE.total_seconds() - 1)
    with pytest.raises(DecisionRefused, match="30 minutes") as refused:
        decide.never_created(lost, reason="x", by=boss, now=now)
    assert refused.value.until == now + timedelta(seconds=1)
    assert money(lost) == {"available": -160, "held": 160}


def test_never_created_is_refused_while_a_named_task_is_being_read(
    ask: Ask, send: Send, kie: FakeKie, boss: User, clock: Clock
) -> None:
    generation = ask()
    kie.outcomes.append(unknown(TASK))
    send()
    with pytest.raises(DecisionRefused, match="still being read"):
        decide.never_created(generation, reason="x", by=boss, now=clock.forward(3600))
    decided = decide.never_created(generation, reason="x", by=boss, now=clock.forward(86400))
    assert decided.failure_code == "not_created"


def test_a_lost_answer_written_off_costs_its_quote(
    lost: Generation, boss: User, clock: Clock
) -> None:
    decided = decide.write_off(lost, reason="paid, as it seems", by=boss, now=clock())
    assert (decided.status, decided.failure_code) == (Status.FAILED, "written_off")
    assert (decided.cost_micro_credits, decided.cost_evidence) == (160 * CREDIT, "person")
    assert decided.cost_micro_usd == 800_000
    assert money(decided) == {"available": -160, "spent": 160}


def test_an_empty_success_written_off_costs_what_kie_reported(
    empty: Generation, boss: User, clock: Clock
) -> None:
    decided = decide.write_off(empty, reason="no video", by=boss, now=clock())
    assert money(decided) == {"available": -150, "spent": 150}


@pytest.mark.parametrize("credits_", [0, 10, 320])
def test_a_person_may_name_what_an_empty_success_cost(
    empty: Generation, boss: User, clock: Clock, credits_: int
) -> None:
    decided = decide.write_off(
        empty, reason="KIE's bill", by=boss, now=clock(), charged_micro_credits=credits_ * CREDIT
    )
    assert decided.cost_micro_credits == credits_ * CREDIT
    assert decided.cost_evidence == "person"
    assert money(decided) == ({"available": -credits_, "spent": credits_} if credits_ else {})


@pytest.mark.parametrize("credits_", [-1, 321])
def test_an_amount_beyond_reason_is_refused(
    empty: Generation, boss: User, clock: Clock, credits_: int
) -> None:
    with pytest.raises(DecisionRefused, match="twice the quote"):
        decide.write_off(
            empty, reason="x", by=boss, now=clock(), charged_micro_credits=credits_ * CREDIT
        )


def test_a_write_off_below_the_quote_waits_like_never_created(
    lost: Generation, boss: User, clock: Clock
) -> None:
    with pytest.raises(DecisionRefused, match="30 minutes"):
        decide.write_off(lost, reason="x", by=boss, now=clock(), charged_micro_credits=0)
    later = clock.forward(1801)
    decided = decide.write_off(lost, reason="x", by=boss, now=later, charged_micro_credits=0)
    assert money(decided) == {}


def test_a_person_may_declare_an_empty_success_lost(
    empty: Generation, boss: User, clock: Clock
) -> None:
    decided = decide.provider_lost(empty, reason="KIE's support says so", by=boss, now=clock())
    assert (decided.failure_code, decided.cost_evidence) == ("provider_lost", "provider")
    assert money(decided) == {"available": -150, "spent": 150}


def test_an_empty_success_waits_for_a_person_however_long(
    empty: Generation, clock: Clock, data_dir: object
) -> None:
    housekeeping.tidy(now=clock.forward(90 * 86400))
    empty.refresh_from_db()
    assert (empty.status, empty.decided_by) == (Status.NEEDS_REVIEW, None)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_no_decision_goes_without_a_reason(
    lost: Generation, boss: User, clock: Clock, reason: str
) -> None:
    now = clock.forward(86400)
    with pytest.raises(DecisionRefused, match="Say why"):
        decide.never_created(lost, reason=reason, by=boss, now=now)
    with pytest.raises(DecisionRefused, match="Say why"):
        decide.write_off(lost, reason=reason, by=boss, now=now)
    with pytest.raises(DecisionRefused, match="Say why"):
        decide.attach_task(
            lost, task_id=TASK, reason=reason, by=boss, client=Records(success_record()), now=now
        )


def test_what_is_running_is_not_to_be_decided(
    running: Generation, boss: User, clock: Clock
) -> None:
    for decision in (decide.never_created, decide.write_off, decide.provider_lost):
        with pytest.raises(WrongState):
            decision(running, reason="x", by=boss, now=clock.forward(86400))


def test_a_second_person_decides_too_late(lost: Generation, boss: User, clock: Clock) -> None:
    now = clock.forward(3600)
    decide.never_created(lost, reason="x", by=boss, now=now)
    with pytest.raises(WrongState):
        decide.write_off(lost, reason="y", by=boss, now=now)
    assert money(lost) == {}
