"""The reconciliation page: open breaks first, days, top-ups, and explaining."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from generations import provider
from generations.kie import Unreachable
from generations.models import BalanceBreak, BalanceSnapshot, SnapshotSource, Status, TopUp
from generations.services import reconcile
from tests.factories import make_generation

PAGE = "/admin/generations/balancebreak/"
CREDIT = 1_000_000


def read_balance(minutes_ago, credits_):
    return BalanceSnapshot.objects.create(
        at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
        micro_credits=int(credits_ * CREDIT),
        source=SnapshotSource.PLATFORM,
    )


def a_break(credits_=-37.5):
    read_balance(60, 1000)
    read_balance(50, 1000 + credits_)
    reconcile.judge(now=datetime.now(UTC))
    return BalanceBreak.objects.get()


def test_before_the_first_reading_the_page_says_so(cast, login):
    text = login(cast.finance).get(PAGE).content.decode()
    assert "has not been read yet" in text
    assert "Nothing to compare yet" in text


def test_a_matching_day_is_shown_with_its_figures(cast, login):
    read_balance(60, 1000)
    at = datetime.now(UTC) - timedelta(minutes=50)
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at)
    read_balance(30, 840)
    text = login(cast.finance).get(PAGE).content.decode()
    assert "The ledger matches" in text
    assert "−160<" in text
    assert "840 credits" in text
    assert "matches" in text
    assert 'data-type="line"' in text


def test_open_breaks_stand_first_and_are_counted(cast, login):
    found = a_break()
    text = login(cast.finance).get(PAGE).content.decode()
    assert text.index("Open breaks") < text.index(">Days<")
    assert "−37.5" in text
    assert "1 open break" in text
    assert f"{PAGE}{found.pk}/change/" in text


def test_a_person_takes_a_break_and_explains_it(cast, login):
    found = a_break()
    client = login(cast.finance)
    client.post(f"{PAGE}{found.pk}/take/")
    found.refresh_from_db()
    assert found.owner == cast.finance
    refused = client.post(f"{PAGE}{found.pk}/explain/", {"explanation": "  "})
    assert refused.status_code == 422
    client.post(f"{PAGE}{found.pk}/explain/", {"explanation": "a trial <by hand>"})
    text = client.get(PAGE).content.decode()
    assert "Open breaks" not in text
    assert "a trial &lt;by hand&gt;" in text
    assert "explained" in text


def test_a_break_names_what_was_sent_in_between(cast, login):
    read_balance(60, 1000)
    at = datetime.now(UTC) - timedelta(minutes=50)
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at)
    read_balance(30, 680)
    reconcile.judge(now=datetime.now(UTC))
    found = BalanceBreak.objects.get()
    text = login(cast.auditor).get(f"{PAGE}{found.pk}/change/").content.decode()
    assert str(made.pk)[:8] in text
    assert "A task was paid that is not ours" in text
    assert "Explain it" not in text


def test_a_top_up_recorded_here_closes_its_break(cast, login):
    a_break(500)
    client = login(cast.finance)
    at = f"{timezone.localtime() - timedelta(minutes=55):%Y-%m-%dT%H:%M}"
    client.post(
        f"{PAGE}top-up/", {"credits": "500,00", "at": at, "reference": "inv-7", "note": "card"}
    )
    assert TopUp.objects.get().by == cast.finance
    text = client.get(PAGE).content.decode()
    assert "Open breaks" not in text
    assert "inv-7" in text


@pytest.mark.parametrize(
    "given",
    [
        {"credits": "many", "at": "2026-01-01T12:00"},
        {"credits": "0", "at": "2026-01-01T12:00"},
        {"credits": "10", "at": "yesterday"},
        {"credits": "10", "at": "2026-13-01T12:00"},
        {"credits": "10", "at": "2199-01-01T12:00"},
        {},
    ],
)
def test_a_top_up_that_makes_no_sense_is_refused_and_kept_in_the_form(cast, login, given):
    answer = login(cast.finance).post(f"{PAGE}top-up/", given | {"note": "my note"})
    assert answer.status_code == 422
    assert "my note" in answer.content.decode()
    assert not TopUp.objects.exists()


@pytest.mark.parametrize(
    ("role", "sees", "acts"),
    [
        ("operator", 403, False),
        ("lead", 403, False),
        ("auditor", 200, False),
        ("finance", 200, True),
        ("administrator", 200, True),
    ],
)
def test_who_sees_the_page_and_who_acts(cast, login, role, sees, acts):
    found = a_break()
    client = login(getattr(cast, role))
    assert client.get(PAGE).status_code == sees
    assert client.get(f"{PAGE}{found.pk}/change/").status_code == sees
    expected = 302 if acts else 403
    assert client.post(f"{PAGE}{found.pk}/take/").status_code == expected
    said = client.post(f"{PAGE}{found.pk}/explain/", {"explanation": "x"})
    assert said.status_code == expected
    paid = client.post(f"{PAGE}top-up/", {"credits": "5", "at": "2026-01-01T12:00"})
    assert paid.status_code == expected


class Kie:
    def __init__(self, told):
        self.told = told

    def credit_balance(self):
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


def test_the_balance_is_read_when_somebody_asks(cast, login, monkeypatch):
    monkeypatch.setattr(provider, "client", lambda: Kie(Decimal("1234.5")))
    client = login(cast.finance)
    assert client.get(f"{PAGE}read/").status_code == 405
    answer = client.post(f"{PAGE}read/", follow=True)
    assert "1234.5 credits" in answer.content.decode()
    assert BalanceSnapshot.objects.get().source == SnapshotSource.MANUAL


def test_a_kie_that_is_away_is_said(cast, login, monkeypatch):
    monkeypatch.setattr(provider, "client", lambda: Kie(Unreachable("timed out")))
    answer = login(cast.finance).post(f"{PAGE}read/", follow=True)
    assert "cannot be read now: timed out" in answer.content.decode()


def test_missing_and_odd_breaks_are_404(cast, login):
    client = login(cast.finance)
    for address in ("999/change/", "abc/change/", "9999999999999999999999/change/"):
        assert client.get(PAGE + address).status_code == 404
