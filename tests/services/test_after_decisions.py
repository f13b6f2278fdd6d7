"""What comes after a decision, or instead of one: late evidence, and a day without any."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from generations.models import Generation, Incident, IncidentKind, LedgerEntry, Status
from generations.services import decide, outcome, suspense
from generations.services.hint import Reception
from tests.fakes import Clock, FakeKie, fail_record, success_record
from tests.services.conftest import echo_of
from tests.services.decisions import CREDIT, Ask, Read, Send, money
from tests.services.decisions import boss as boss
from tests.services.decisions import empty as empty
from tests.services.decisions import in_english as in_english
from tests.services.decisions import lost as lost
from tests.services.decisions import lost_without_callback as lost_without_callback


@pytest.mark.parametrize("is_written_off", [False, True])
def test_late_evidence_wins_over_a_decision_and_corrects_the_money(
    lost: Generation,
    kie: FakeKie,
    boss: User,
    clock: Clock,
    call: Callable[..., Reception],
    read_due: Callable[..., int],
    is_written_off: bool,
) -> None:
    now = clock.forward(3600)
    if is_written_off:
        decide.write_off(lost, reason="x", by=boss, now=now, charged_micro_credits=200 * CREDIT)
    else:
        decide.never_created(lost, reason="x", by=boss, now=now)
    call()
    read_due(task=success_record(echo=echo_of(kie)))
    lost.refresh_from_db()
    assert (lost.status, lost.cost_evidence) == (Status.SUCCEEDED, "provider")
    assert money(lost) == {"available": -160, "spent": 160}
    assert lost.attempts.get().state == "accepted"
    assert Incident.objects.filter(kind=IncidentKind.LATE_SUCCESS).exists()


def test_late_evidence_wins_after_suspense_too(
    lost: Generation,
    kie: FakeKie,
    boss: User,
    clock: Clock,
    call: Callable[..., Reception],
    read_due: Callable[..., int],
) -> None:
    suspense.suspect_old(now=clock.forward(86401))
    decide.never_created(lost, reason="x", by=boss, now=clock())
    assert money(lost) == {}
    call()
    read_due(task=success_record(echo=echo_of(kie)))
    assert money(lost) == {"available": -160, "spent": 160}


def test_a_day_unknown_goes_into_suspense_once_and_is_recalled_daily(
    lost: Generation, clock: Clock
) -> None:
    assert suspense.suspect_old(now=clock.forward(86399)) == 0
    for _ in range(30):
        suspense.suspect_old(now=clock.forward(3600))
    assert money(lost) == {"available": -160, "suspense": 160}
    assert LedgerEntry.objects.filter(generation=lost, kind="suspect").count() == 2
    reminder = Incident.objects.get(kind=IncidentKind.UNDECIDED)
    assert reminder.seen_count == 2


def test_money_in_suspense_is_released_or_spent_by_the_decision(
    lost: Generation, boss: User, clock: Clock
) -> None:
    suspense.suspect_old(now=clock.forward(86401))
    decide.write_off(lost, reason="x", by=boss, now=clock())
    assert money(lost) == {"available": -160, "spent": 160}


def test_a_sender_that_wakes_after_the_decision_is_believed_by_kies_record(
    ask: Ask, send: Send, kie: FakeKie, boss: User, clock: Clock, read_due: Callable[..., int]
) -> None:
    generation = ask()

    def sleep(task: object) -> None:
        outcome.expire_leases(now=clock.forward(91))
        generation.refresh_from_db()
        decide.never_created(generation, reason="x", by=boss, now=clock.forward(1801))

    kie.on_create = sleep
    send()
    read_due(task=success_record(echo=echo_of(kie)))
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED
    assert money(generation) == {"available": -160, "spent": 160}
    assert Incident.objects.filter(kind=IncidentKind.SECOND_TASK).exists()


def test_a_charge_for_a_failure_is_told(running: Generation, read: Read) -> None:
    kept = {"credits_consumed": Decimal(160)}
    read(running, fail_record(**kept))
    read(running, fail_record(**kept))
    assert money(running) == {"available": -160, "spent": 160}
    assert Incident.objects.get().kind == IncidentKind.REFUND_KEPT
