"""Reports and exports of 100,000 generations: their time and their memory."""

import gc
import resource
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from openpyxl import load_workbook

from generations.models import LedgerEntry, Project
from generations.reports import ledger, risk, sheets
from generations.reports.usage import Key, recorded_days, usage
from tests.cast import make_cast
from tests.reports.bulk import SINCE, make_year

pytestmark = [pytest.mark.long, pytest.mark.django_db, pytest.mark.timeout(1200)]

COUNT = 100_000
NOW = SINCE + timedelta(days=365)
MB = 1024  # ru_maxrss counts in kilobytes


@pytest.fixture
def year(db: None) -> None:
    make_cast()
    users = [User.objects.create_user(f"person{n}") for n in range(30)]
    projects = [Project.objects.create(slug=f"p{n}", name=f"P{n}") for n in range(12)]
    make_year(COUNT, users, projects)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def best_s(call: Callable[[], object]) -> float:
    """Answer the shorter of two runs.

    SQLite works in this process, so its own time is taken and what else the machine does is not.
    """
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    times = []
    for _ in range(2):
        begun = clock()
        call()
        times.append(clock() - begun)
    return min(times)


def test_a_year_is_reported_within_a_second_and_exported_in_little_memory(year: None) -> None:
    days = recorded_days(now=NOW)
    figures = {}
    for keys in ([Key.DAY], [Key.USER], [Key.MODEL, Key.PRICE], [Key.DAY, Key.PROJECT]):
        report = usage(days=days, keys=keys, now=NOW)
        assert report.total.generations == COUNT
        assert report.total.micro_usd == COUNT * 800_000
        figures[" ".join(keys)] = best_s(lambda keys=keys: usage(days=days, keys=keys, now=NOW))
    figures["at risk"] = best_s(risk.at_risk)
    figures["evidence"] = best_s(lambda: risk.evidence_shares(days=days))
    assert {name: took for name, took in figures.items() if took >= 1} == {}

    entries = LedgerEntry.objects.filter(seq__lte=100_000)
    before = _peak_kb()
    begun = time.perf_counter()
    size = sum(len(chunk) for chunk in sheets.csv_chunks(ledger.table(entries, now=NOW)))
    assert time.perf_counter() - begun < 30
    assert size > 10_000_000
    assert _peak_kb() - before < 50 * MB


def test_a_long_sheet_is_read_back_whole(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS_PER_SHEET", 40_000)
    rows = ([n, "text"] for n in range(99_999))
    table = sheets.Table(("number", "word"), rows, ("total", None), NOW)
    path = tmp_path / "long.xlsx"
    path.write_bytes(b"".join(sheets.xlsx_chunks(table)))
    book = load_workbook(path, read_only=True)
    assert [sheet.max_row for sheet in book.worksheets] == [40_000, 40_000, 20_001]


def _peak_kb() -> int:
    gc.collect()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
