"""Days in the platform's zone: their borders, and what the database makes of them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from generations.models import Heartbeat
from generations.reports.days import Days, day_of, local_day, month_days

ZONES = {
    "Europe/Moscow": "no change of the clock",
    "Europe/Berlin": "an hour, at 01:00 UTC",
    "America/New_York": "west of Greenwich",
    "America/Sao_Paulo": "changed at midnight, until 2019",
    "Australia/Lord_Howe": "half an hour",
    "Asia/Kolkata": "half an hour off",
    "Asia/Kathmandu": "a quarter off",
    "Africa/Casablanca": "back for a month",
}
YEARS = Days(date(2018, 1, 1), date(2020, 3, 1))


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ZONES)
def test_the_database_finds_the_day_that_the_zone_says(settings, zone):
    settings.TIME_ZONE = zone
    moments = list(_around_every_change(ZoneInfo(zone)))
    Heartbeat.objects.bulk_create(Heartbeat(cluster=f"{n}", at=at) for n, at in enumerate(moments))

    found = Heartbeat.objects.annotate(day=local_day("at", YEARS)).values_list("at", "day")

    assert dict(found) == {at: day_of(at) for at in moments}


def _around_every_change(zone):
    at = YEARS.start_at
    while at < YEARS.end_at:
        after = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            for minutes in range(-26 * 60, 26 * 60, 10):
                yield at + timedelta(minutes=minutes)
            yield at + timedelta(minutes=59, seconds=59, microseconds=999_999)
        midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight.day == 28:
            yield midnight.astimezone(UTC) + timedelta(
                hours=int(at.timestamp()) % 24, microseconds=1
            )
        at = after


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_a_gap(settings, zone):
    settings.TIME_ZONE = zone
    for day in Days(date(2018, 1, 1), date(2020, 3, 1)):
        this, following = Days(day, day), Days(day + timedelta(days=1), day + timedelta(days=1))
        assert this.end_at == following.start_at
        assert day_of(this.start_at) == day
        assert day_of(this.end_at - timedelta(microseconds=1)) == day


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 30, 20, 59, 59, 999_999, UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 21, 0, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2028, 2, 28, 21, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_midnight_in_moscow_is_at_nine_in_the_evening_utc(at, day):
    assert day_of(at) == day


@pytest.mark.parametrize(
    ("period", "last"), [("2026-02", 28), ("2028-02", 29), ("2026-11", 30), ("2026-12", 31)]
)
def test_a_month_has_its_days(period, last):
    days = month_days(period)
    assert (days.first.day, days.last.day) == (1, last)
    assert len(list(days)) == last
