"""Money at risk: what is in doubt, and only that."""

from datetime import UTC, datetime

import pytest
from django.db.models import Sum

from generations.models import Account, Evidence, LedgerEntry, Status
from generations.models.posting import post_suspect
from generations.reports.days import month_days
from generations.reports.risk import Amount, Doubt, at_risk, evidence_shares, held, sums_of
from tests.factories import archive, make_generation

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 10, 10, tzinfo=UTC)
QUOTE = Amount(1, 160_000_000, 800_000)


def test_every_doubt_has_its_generation_and_its_amount(cast, data_dir):
    made = {status: make_generation(by=cast.operator, status=status, at=AT) for status in Status}
    suspected = make_generation(by=cast.operator, status=Status.UNKNOWN, at=AT)
    post_suspect(suspected, actor="platform", now=AT)
    safe = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT)
    archive(safe)

    risks = {risk.generation.pk: risk.doubt for risk in at_risk()}

    assert risks == {
        made[Status.UNKNOWN].pk: Doubt.UNKNOWN,
        made[Status.NEEDS_REVIEW].pk: Doubt.NEEDS_REVIEW,
        made[Status.SUCCEEDED].pk: Doubt.NOT_ARCHIVED,
        suspected.pk: Doubt.SUSPENSE,
    }
    assert sums_of(at_risk()) == dict.fromkeys(Doubt, QUOTE)


def test_held_is_what_the_ledger_holds(cast):
    for status in Status:
        make_generation(by=cast.operator, status=status, at=AT)
    in_ledger = LedgerEntry.objects.filter(account=Account.HELD).aggregate(sum=Sum("micro_usd"))
    assert held().micro_usd == in_ledger["sum"]
    assert held().generations == 5


def test_with_nothing_there_nothing_is_at_risk(cast):
    assert at_risk() == ()
    assert sums_of([]) == dict.fromkeys(Doubt, Amount())
    assert held() == Amount()


def test_evidence_is_shared_out_by_money(cast):
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT)
    shares = {
        s.evidence: (s.micro_usd, s.share) for s in evidence_shares(days=month_days("2026-11"))
    }
    assert shares == {
        Evidence.QUOTE: (0, 0),
        Evidence.PROVIDER: (800_000, 1),
        Evidence.PERSON: (0, 0),
    }
