"""Usage: whatever it is grouped by, it adds up to the ledger."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from django.db.models import Sum

from generations.models import Account, Evidence, Generation, LedgerEntry, PostingKind, Status
from generations.models.ledger import Leg, Posting, append
from generations.reports.days import Days, month_days
from generations.reports.risk import evidence_shares
from generations.reports.usage import Key, Row, recorded_days, usage
from tests.factories import archive, make_generation, make_preset, make_project

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 15, 9, tzinfo=UTC)
NOVEMBER = month_days("2026-11")
CREDITS, USD = 160_000_000, 800_000


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def correct(micro_usd, period, now, generation=None):
    legs = [(Account.SPENT, 1), (Account.AVAILABLE, -1)]
    append(
        Posting(
            kind=PostingKind.CORRECT,
            legs=tuple(
                Leg(account, sign * 200 * micro_usd, sign * micro_usd) for account, sign in legs
            ),
            period=period,
            evidence=Evidence.PERSON,
            actor="finance",
            generation_id=generation and generation.pk,
            note="as the bill says",
        ),
        now=now,
    )


def spent(**which):
    sums = LedgerEntry.objects.filter(account=Account.SPENT, **which).aggregate(
        credits=Sum("micro_credits"), usd=Sum("micro_usd")
    )
    return sums["credits"] or 0, sums["usd"] or 0


def money(row):
    return row.micro_credits, row.micro_usd


def rows(*keys, days=NOVEMBER, only=None):
    found = usage(days=days, keys=[Key(key) for key in keys], now=NOW, only=only).rows
    return {row.keys: row for row in found}


def test_nothing_recorded_is_no_row_and_a_total_of_nothing(cast):
    report = usage(days=NOVEMBER, keys=[Key.DAY], now=NOW)
    assert report.rows == ()
    assert report.total == Row(())
    assert report.total.micro_usd_per_second is None
    assert recorded_days(now=NOW) == Days(date(2026, 12, 15), date(2026, 12, 15))
    assert {share.share for share in evidence_shares(days=NOVEMBER)} == {0}


def test_each_key_has_its_own_values(cast, data_dir):
    project, preset = make_project("spring"), make_preset(by=cast.operator, name="Slow turn")
    made = make_generation(
        by=cast.operator,
        status=Status.SUCCEEDED,
        at=at("2026-11-30T20:59"),
        project=project.slug,
        preset=preset.preset.slug,
    )
    archive(made)
    shown = rows(*Key)
    expected = (
        date(2026, 11, 30),
        "operator",
        made.model,
        "spring",
        preset.preset.slug,
        "succeeded",
        made.price_id,
    )
    assert set(shown) == {expected}
    assert shown[expected] == Row(expected, 1, *spent(), 5000)
    assert shown[expected].seconds == 5.0


def test_a_charge_belongs_to_the_day_on_which_it_was_asked_for(cast):
    # 20:59:59 UTC is the last second of November in Moscow, and it settles in December.
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-30T20:59:59"))
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-30T21:00:00"))
    assert set(rows("day", days=Days(date(2026, 11, 1), date(2026, 12, 31)))) == {
        (date(2026, 11, 30),),
        (date(2026, 12, 1),),
    }
    assert rows("day")[date(2026, 11, 30),].micro_usd == USD
    assert spent(period="2026-11") == (CREDITS, USD)


def test_what_is_under_way_or_free_counts_and_costs_nothing(cast):
    for status in (Status.RUNNING, Status.FAILED, Status.CANCELLED, Status.QUEUED):
        make_generation(by=cast.operator, status=status, at=at("2026-11-10T10:00"))
    shown = rows("status")
    assert {key: (row.generations, row.micro_usd) for (key,), row in shown.items()} == {
        "cancelled": (1, 0),
        "failed": (1, 0),
        "queued": (1, 0),
        "running": (1, 0),
    }


def test_a_video_that_is_not_archived_has_no_seconds(cast, data_dir):
    first = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-10T10:00"))
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-10T10:00"))
    archive(first)
    (row,) = rows("model").values()
    assert (row.generations, row.milliseconds) == (2, 5000)
    # 1.60 dollars for five seconds
    assert row.micro_usd_per_second == 320_000


def test_versions_of_a_preset_are_one_preset(cast):
    preset = make_preset(by=cast.operator, name="Slow turn")
    for _ in range(2):
        make_generation(by=cast.operator, at=at("2026-11-10T10:00"), preset=preset.preset.slug)
        preset.preset.versions.create(
            version=preset.preset.versions.count() + 1,
            input={"duration": "5"},
            created_by=cast.operator,
            created_at=NOW,
        )
    assert rows("preset")[preset.preset.slug,].generations == 2


def test_corrections_of_the_same_period_change_the_day_of_the_request(cast):
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-10T10:00"))
    correct(-300_000, "2026-11", NOW, made)
    assert rows("day")[date(2026, 11, 10),].micro_usd == 500_000


def test_corrections_of_another_period_or_without_a_generation_have_a_day_of_their_own(cast):
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-10T10:00"))
    correct(-300_000, "2026-12", NOW, made)
    correct(10, "2026-11", NOW)
    correct(20, "2026-12", at("2026-11-20T10:00"))
    both = rows("day", "user", days=Days(date(2026, 11, 1), date(2026, 12, 31)))
    assert {group: row.micro_usd for group, row in both.items()} == {
        (date(2026, 11, 10), "operator"): USD,
        (date(2026, 12, 15), "operator"): -300_000,
        (date(2026, 11, 30), None): 10,
        (date(2026, 12, 1), None): 20,
    }
    assert money(usage(days=NOVEMBER, keys=[Key.USER], now=NOW).total) == spent(period="2026-11")


def test_only_ones_own_is_reported_to_an_operator(cast):
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at("2026-11-10T10:00"))
    make_generation(by=cast.stranger, status=Status.SUCCEEDED, at=at("2026-11-09T10:00"))
    correct(10, "2026-11", NOW)
    assert set(rows("user", only=cast.operator)) == {("operator",)}
    assert rows("user", only=cast.operator)["operator",].micro_usd == USD
    assert recorded_days(now=NOW, only=cast.operator).first == date(2026, 11, 10)
    assert recorded_days(now=NOW).first == date(2026, 11, 1)


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("seed", range(4))
def test_days_months_people_and_the_ledger_agree(cast, data_dir, settings, zone, seed):
    settings.TIME_ZONE = zone
    chance = random.Random(f"{zone} {seed}")
    make_random_ledger(chance, cast)

    periods = set(LedgerEntry.objects.values_list("period", flat=True))
    for period in periods:
        month = month_days(period)
        by_day = rows("day", days=month)
        for keys in combinations(Key, 2):
            report = usage(days=month, keys=keys, now=NOW)
            assert money(report.total) == spent(period=period)
            assert tuple(map(sum, zip(*map(money, report.rows), strict=True))) in {
                money(report.total),
                (),
            }
        alone = [usage(days=Days(day, day), keys=[Key.USER], now=NOW).total for day in month]
        assert sum(row.micro_usd for row in alone) == spent(period=period)[1]
        assert [row.micro_usd for row in alone if row != Row(())] == [
            row.micro_usd for row in by_day.values()
        ]
        shares = evidence_shares(days=month)
        assert sum(share.micro_usd for share in shares) == spent(period=period)[1]
    whole = usage(days=recorded_days(now=NOW), keys=[Key.STATUS], now=NOW)
    assert money(whole.total) == spent()
    assert whole.total.generations == Generation.objects.count()


def make_random_ledger(chance, cast):
    """A few weeks around a change of the clock: every status, corrections, requests at midnight."""
    begin = at("2026-10-20T00:00")
    made = []
    for _ in range(30):
        moment = begin + timedelta(hours=chance.randrange(24 * 30), minutes=chance.choice([0, 59]))
        moment += timedelta(microseconds=chance.choice([0, 1, 999_999]))
        made.append(
            make_generation(
                by=chance.choice([cast.operator, cast.stranger, cast.lead]),
                status=chance.choice([*Status, Status.SUCCEEDED, Status.SUCCEEDED]),
                at=moment,
            )
        )
        if made[-1].status == Status.SUCCEEDED and chance.random() < 0.7:
            archive(made[-1])
    for _ in range(8):
        correct(
            chance.randrange(-500_000, 500_000),
            chance.choice(["2026-10", "2026-11", "2026-12"]),
            begin + timedelta(hours=chance.randrange(24 * 50)),
            chance.choice([None, *made]),
        )
