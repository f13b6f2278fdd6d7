"""Tables for accountants, as CSV and XLSX: typed numbers, no formulas, one control row at the end.

Text that a spreadsheet might take for a formula is led by an apostrophe (OWASP ASVS 1.2.10).
Numbers keep their type, so a negative one stays a number.
"""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import BinaryIO

import xlsxwriter

Cell = str | int | float | Decimal | date | datetime | None

ROWS_PER_CHUNK = 2000
# Excel's own limit is 1,048,576 rows.
MOST_ROWS_PER_SHEET = 1_000_000
_BYTES_PER_CHUNK = 65_536
# What a spreadsheet may read as a formula, also behind spaces of any kind; ＝＋－＠ are full-width.
_FORMULA = re.compile(r"[\s\0\ufeff\u200b-\u200f\u2060]*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")
# Control characters that XML cannot hold.
_NOT_XML = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their names. `control` follows the last row: the totals of what was to come.

    The last column, `as_of`, is empty but in the control row: the moment that the table shows.
    """

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]
    control: Sequence[Cell]
    as_of: datetime

    def lines(self) -> Iterator[list[Cell]]:
        yield [*self.columns, "as_of"]
        for row in self.rows:
            yield [*row, None]
        yield [*self.control, self.as_of]


def csv_chunks(table: Table) -> Iterator[bytes]:
    """Write CSV (RFC 4180, UTF-8) piece by piece, so that a long table never lies in memory."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    for number, line in enumerate(table.lines(), start=1):
        writer.writerow([_plain(cell) for cell in line])
        if number % ROWS_PER_CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_chunks(table: Table) -> Iterator[bytes]:
    """Write an XLSX workbook by way of a temporary file, and answer it piece by piece.

    The numbers of a row are numbers and its days are days. Moments are text in UTC: a spreadsheet
    knows no zones. A table longer than a sheet goes on in the next.
    """
    with tempfile.TemporaryFile() as file:
        _write_workbook(table, file)
        file.seek(0)
        while chunk := file.read(_BYTES_PER_CHUNK):
            yield chunk


def safe_text(text: str) -> str:
    """Answer text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _write_workbook(table: Table, file: BinaryIO) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "0.00####"})
        for number, line in enumerate(table.lines()):
            row = number % MOST_ROWS_PER_SHEET
            if row == 0:
                sheet = book.add_worksheet()
                sheet.freeze_panes(1, 0)
                sheet.set_column(0, len(line) - 1, 18)
            for column, cell in enumerate(line):
                match _typed(cell):
                    case None:
                        pass
                    case str() as text:
                        sheet.write_string(row, column, text, bold if number == 0 else None)
                    case date() as on:
                        sheet.write_datetime(row, column, on, day)
                    case Decimal() as amount:
                        sheet.write_number(row, column, float(amount), money)
                    case amount:
                        sheet.write_number(row, column, amount)


def _plain(cell: Cell) -> str | int | float | Decimal | None:
    typed = _typed(cell)
    return typed.isoformat() if isinstance(typed, date) else typed


def _typed(cell: Cell) -> str | int | float | Decimal | date | None:
    """Make text safe and moments text; everything else keeps its type."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(cell, str):
        return _NOT_XML.sub("\ufffd", safe_text(cell))
    return cell
