"""What the balance check finds: each difference once, to the credit."""

import http.client
import json

import pytest
from django.contrib.auth.models import User

from generations.models import (
    BalanceBreak,
    Incident,
    IncidentKind,
    Status,
)
from generations.services import decide, reconcile
from tests.faults.conftest import KEY
from tests.faults.ground import Ground
from tests.reconciliation.conftest import Check, make_one, newest_at, open_breaks

CREDIT = 1_000_000


def make_outside(ground: Ground) -> None:
    """A task that another program makes on our account."""
    link = http.client.HTTPConnection(ground.kie.host, timeout=10)
    body = {
        "model": "kling/v2-1-master-image-to-video",
        "input": {
            "prompt": "made outside",
            "image_url": "https://files.example.com/a.png",
            "duration": "5",
        },
    }
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    link.request("POST", "/api/v1/jobs/createTask", json.dumps(body), headers)
    assert json.loads(link.getresponse().read())["code"] == 200
    link.close()


def test_a_second_bill_is_found_once(ground: Ground, check: Check) -> None:
    check()
    ground.ask()
    ground.submit_all()
    make_outside(ground)
    ground.finish_jobs()
    ground.clock.forward(60)
    ground.turn()
    assert check().found == 1
    for _ in range(3):
        assert check().found == 0
    assert open_breaks() == [("second_task", -160)]
    assert Incident.objects.filter(kind=IncidentKind.BALANCE_BREAK).count() == 1


@pytest.mark.parametrize(
    ("credits_", "guess"), [(-37.5, "foreign"), (-160, "second_task"), (500, "top_up")]
)
def test_a_foreign_movement_is_found_to_the_credit(
    ground: Ground, check: Check, credits_: float, guess: str
) -> None:
    check()
    make_one(ground, check)
    check()
    ground.kie.balance(credits_, "somebody else")
    assert check().found == 1
    found = BalanceBreak.objects.get()
    assert (found.guess, found.difference_micro_credits) == (guess, int(credits_ * CREDIT))


def test_two_foreign_movements_are_two_breaks(ground: Ground, check: Check) -> None:
    check()
    ground.kie.balance(-37)
    check()
    check()
    ground.kie.balance(-53)
    check()
    assert open_breaks() == [("foreign", -37), ("foreign", -53)]


def test_a_price_that_changed_is_the_cost_and_an_incident_and_no_break(
    ground: Ground, check: Check
) -> None:
    ground.kie.fault("charged_differently", on="create", credits=200.0)
    check()
    asked = ground.ask()
    ground.submit_all()
    ground.finish_jobs()
    ground.clock.forward(60)
    ground.turn()
    asked.refresh_from_db()
    assert (asked.cost_micro_credits, asked.cost_evidence) == (200 * CREDIT, "provider")
    assert Incident.objects.get().kind == IncidentKind.OVERCHARGE
    assert check().compared_until == newest_at()
    assert open_breaks() == []


def fail_one(ground: Ground) -> None:
    ground.ask()
    ground.submit_all()
    ground.finish_jobs()
    for wait_s in (60, 4, 4):
        ground.clock.forward(wait_s)
        ground.turn()


def test_a_refund_that_kies_record_denies_is_the_cost_and_an_incident(
    ground: Ground, check: Check
) -> None:
    ground.kie.fault("fail", on="create")
    ground.kie.fault("refund_kept", on="create")
    check()
    fail_one(ground)
    [asked] = ground.asked
    asked.refresh_from_db()
    assert (asked.status, asked.cost_micro_credits) == (Status.FAILED, 160 * CREDIT)
    assert Incident.objects.get().kind == IncidentKind.REFUND_KEPT
    check()
    assert open_breaks() == []


def test_a_refund_that_kies_record_claims_and_the_balance_does_not_show_is_a_break(
    ground: Ground, check: Check
) -> None:
    ground.kie.fault("fail", on="create")
    check()
    fail_one(ground)
    ground.kie.balance(-160, "the refund is taken back")
    check()
    assert open_breaks() == [("refund_missing", -160)]


@pytest.mark.parametrize(
    ("policy", "told"), [("refund", (2, 0)), ("keep", (0, 2))], ids=["refunds", "keeps"]
)
def test_the_two_policies_of_refund_are_told_apart(
    ground: Ground, check: Check, policy: str, told: tuple[int, int]
) -> None:
    ground.kie.settings(refund=policy)
    ground.kie.fault("fail", on="create")
    check()
    fail_one(ground)
    fail_one(ground)
    check()
    assert open_breaks() == []
    seen = reconcile.refund_policy(now=ground.clock())
    assert (seen.returned, seen.kept) == told


def test_a_wrong_decision_shows_in_the_balance_and_is_mended_by_late_evidence(
    ground: Ground, check: Check, finance: User
) -> None:
    ground.kie.fault("close_after_read", on="create")
    check()
    asked = ground.ask()
    ground.submit_all()
    check()
    assert check(3600).found == 0
    decide.never_created(asked, reason="not seen", by=finance, now=ground.clock())
    check()
    assert open_breaks() == [("wrong_decision", -160)]
    ground.finish_jobs()
    ground.turn()
    asked.refresh_from_db()
    assert asked.status == Status.SUCCEEDED
    check()
    assert open_breaks() == []
    found = BalanceBreak.objects.get()
    assert found.explained_by is None
    assert found.explanation == "-160.00"


def test_what_was_written_off_as_paid_and_was_not_is_found(
    ground: Ground, check: Check, finance: User
) -> None:
    ground.kie.fault("reset_before", on="create")
    check()
    asked = ground.ask()
    ground.submit_all()
    asked.refresh_from_db()
    if asked.status != Status.UNKNOWN:
        pytest.skip("the reset came early enough to prove that nothing was sent")
    check()
    decide.write_off(asked, reason="believed paid", by=finance, now=ground.clock())
    check()
    assert open_breaks() == [("not_charged", 160)]
