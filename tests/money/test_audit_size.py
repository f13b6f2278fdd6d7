"""The audit over very many generations: nothing is found where nothing is wrong, within seconds."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from generations.models import LedgerEntry
from generations.reports import audit
from generations.services import budgets
from tests.cast import Cast
from tests.money.bulk import make_many
from tests.triggers import lifted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_thousand_of_every_kind_are_sound(cast: Cast, data_dir: Path) -> None:
    _make(1000, cast)

    report = audit.run(now=NOW)

    assert report.findings == ()
    assert (report.generations, report.ledger_entries) == (1000, LedgerEntry.objects.count())


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_are_looked_at_within_twenty_seconds(cast: Cast, data_dir: Path) -> None:
    _make(100_000, cast)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    began_s = time.monotonic()
    report = audit.run(now=NOW)
    took_s = time.monotonic() - began_s
    # How many others want each core meanwhile.
    share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"audit of 100,000: {took_s:.1f} s, {share:.1f} on each core")

    assert (report.findings, report.generations) == ((), 100_000)
    assert took_s / share < 20
    _damage_one_entry_in_the_middle()
    (found,) = audit.run(now=NOW).findings
    assert (found.invariant, found.row) == ("I39", "200001")


def _make(count: int, cast: Cast) -> None:
    for target in ({}, {"user": cast.operator}):
        budgets.set_limit(limit_micro_usd=900_000_000_000, by="fiona", now=NOW, **target)
    make_many(count, by=cast.operator, now=NOW)


def _damage_one_entry_in_the_middle() -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE generations_ledgerentry SET actor = 'nobody' WHERE seq = 200001")
