"""Files in: the rows of a CSV file or of a sheet of a workbook, as they come."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from values.sheets.csv_files import EXTRA_COLUMNS, CsvFile, header_twice, open_csv, trimmed
from values.sheets.encodings import encoding_of
from values.sheets.refused import FileRefused, Refused

__all__ = ["Cell", "Form", "SheetRow", "open_rows", "text_in"]

Cell = str | bool | dict[str, str]
"""A text, or of a workbook true or false, a number {"n": …} or a day {"d": …}."""

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SIGNS = ",;\t|"
_UNPACKED = 20
_NO_LETTER = re.compile("[\x00\ud800-\udfff]")
"""Bytes that were no letters: neither JSON nor the database holds them."""
_NO_BOOK = "this workbook cannot be read: {why}"
_NO_SHEET = "there is no sheet {sheet}; there are: {known}"
_NO_HEADER = "the first row must name the columns"
_TOO_LARGE = "the workbook is too large once it is unpacked"


@dataclass(frozen=True)
class Form:
    """How a file is written, as far as somebody said it."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    short_rows: str | None = None


@dataclass(frozen=True)
class SheetRow:
    """A row: its number as a spreadsheet shows it, and its cells by column.

    `unread`: why its text, then in `line`, is no row.
    """

    number: int
    cells: Mapping[str, Cell]
    unread: Refused | None = None
    line: str = ""


def text_in(cell: Cell | None) -> str:
    """The cell as people read it."""
    if isinstance(cell, dict):
        return next(iter(cell.values()))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell or ""


def open_rows(path: Path, form: Form) -> tuple[list[str], Iterator[SheetRow]]:
    """The columns, and the rows one at a time. Raises FileRefused."""
    with path.open("rb") as file:
        head = file.read(4)
    if head in _WORKBOOKS:
        return _of_workbook(path, form)
    encoding = encoding_of(path, form.encoding)
    delimiter = form.delimiter or _delimiter_in(path, encoding)
    opened = open_csv(path, encoding=form.encoding, delimiter=delimiter, short_rows=form.short_rows)
    if not opened.columns:
        raise FileRefused([Refused("no_header", _NO_HEADER)])
    return opened.columns, _of_csv(opened)


def _of_csv(file: CsvFile) -> Iterator[SheetRow]:
    for row in file.rows():
        cells = {name: _storable(row.values[name]) for name in file.columns}
        yield SheetRow(row.number, cells, row.unread, _storable(row.line))


def _storable(text: str) -> str:
    """The text with the sign of an unreadable letter for each, so that its row alone is refused."""
    return _NO_LETTER.sub("\ufffd", text)


def _delimiter_in(path: Path, encoding: str) -> str | None:
    """The separator that the header has most of; None: its first line says it."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = next((one for one in file if one.strip()), "")
    if line.lower().startswith("sep="):
        return None
    outside = "".join(line.split('"')[::2])
    return max(_SIGNS, key=outside.count)


def _of_workbook(path: Path, form: Form) -> tuple[list[str], Iterator[SheetRow]]:
    _require_bounded(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        if form.sheet and form.sheet not in book.sheet_names:
            facts = {"sheet": repr(form.sheet), "known": ", ".join(book.sheet_names)}
            raise FileRefused([Refused("no_sheet", _NO_SHEET, **facts)])
        found = book.get_sheet_by_name(form.sheet or book.sheet_names[0])
        rows = found.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError) as wrong:
        raise FileRefused([Refused("workbook", _NO_BOOK, why=str(wrong))]) from wrong
    numbered = [(at, row) for at, row in enumerate(rows, 1) if any(text_in(_cell(c)) for c in row)]
    if not numbered:
        raise FileRefused([Refused("no_header", _NO_HEADER)])
    header = [text_in(_cell(one)) for one in numbered[0][1]]
    if problems := header_twice(header):
        raise FileRefused(problems)
    columns = [name for name in header if name and name not in EXTRA_COLUMNS]
    return columns, _rows_of(header, columns, numbered[1:])


def _rows_of(
    header: Sequence[str], columns: Sequence[str], rows: Sequence[tuple[int, Sequence[Any]]]
) -> Iterator[SheetRow]:
    for number, row in rows:
        cells = dict(zip(header, (_cell(one) for one in row), strict=False))
        first = text_in(cells.get(EXTRA_COLUMNS[0]))
        own = int(first) if first.isascii() and first.isdigit() else number
        yield SheetRow(own, {name: cells.get(name, "") for name in columns})


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return {"n": format(Decimal(repr(value)), "f").removesuffix(".0")}
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return {"d": value.date().isoformat()}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"d": value.isoformat()}
    return _storable(trimmed(str(value))) if value is not None else ""


def _require_bounded(path: Path) -> None:
    """Refuse what is small only because it is packed."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(one.file_size for one in packed.infolist())
    if unpacked > max(_UNPACKED * path.stat().st_size, 50_000_000):
        raise FileRefused([Refused("workbook", _TOO_LARGE)])
