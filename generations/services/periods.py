"""Months in the platform's zone: the periods of budgets and of the ledger."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings


def period_of(moment: datetime) -> str:
    """Answer the month of a moment in TIME_ZONE: "2026-11" for 2026-11-30 22:00 in Moscow."""
    return f"{moment.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y-%m}"


def bounds(period: str) -> tuple[datetime, datetime]:
    """Answer the first moment of a month and the first one after it, in TIME_ZONE.

    Raises ValueError for what is no month.
    """
    first = datetime.strptime(period, "%Y-%m").replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first, after
