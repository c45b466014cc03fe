"""Files out: CSV by RFC 4180, and workbooks in constant memory. No cell becomes a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from records.sheets.columns import Column, ColumnKind
from values.sheets.csv_files import neutral

__all__ = ["MEDIA_TYPES", "FileFormat", "csv_text", "rows_of_csv", "write_workbook"]


class FileFormat(StrEnum):
    """How a file of records is written."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_MAX = 1_048_576
"""Rows of one sheet of a workbook, its header among them; the others go to a second sheet."""

_DIGITS_SAFE = 15
"""A workbook's numbers are binary: with more digits than these one would become another."""


def csv_text(rows: Iterable[Sequence[str]], *, safe: bool = True) -> str:
    """The rows as CSV. `safe`: a cell that a spreadsheet would take for a formula becomes text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([neutral(cell) for cell in row] if safe else row)
    return out.getvalue()


def rows_of_csv(parts: Iterable[bytes]) -> Iterator[list[str]]:
    """The rows of texts that `csv_text` wrote, each part whole rows."""
    for part in parts:
        yield from csv.reader(io.StringIO(part.decode(), newline=""))


def write_workbook(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Write the rows to a workbook; numbers as such where no digit is lost, all else as text."""
    names = [column.name for column in columns]
    with Workbook(str(path), {"constant_memory": True, "strings_to_urls": False}) as book:
        text = book.add_format({"quote_prefix": True})
        sheet, at = _sheet(book, names), 1
        for row in rows:
            if at == ROWS_MAX:
                sheet, at = _sheet(book, names), 1
            for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
                _write(sheet, at, place, column, cell, text)
            at += 1


def _sheet(book: Workbook, names: Sequence[str]) -> Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(names):
        sheet.write_string(0, place, name)
    return sheet


def _write(  # noqa: PLR0917 - a cell is all of these
    sheet: Worksheet, at: int, place: int, column: Column, cell: str, text: Format
) -> None:
    if not cell:
        return
    if column.kind in {ColumnKind.NUMBER, ColumnKind.WHOLE} and _is_safe_number(cell):
        sheet.write_number(at, place, float(cell))
    elif sheet.write_string(at, place, cell, text if neutral(cell) != cell else None):
        message = f"{column.name} has more letters than a cell of a workbook holds"
        raise ValueError(message)


def _is_safe_number(cell: str) -> bool:
    digits = Decimal(cell).normalize().as_tuple().digits
    return len(digits) <= _DIGITS_SAFE
