"""Files in: the rows of a CSV file or of a sheet of a workbook, as they come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from records.sheets.workbooks import Cell, is_workbook, sheet_rows, storable, text_in
from values.sheets.csv_files import EXTRA_COLUMNS, CsvFile, header_twice, letters_of, open_csv
from values.sheets.encodings import encoding_of
from values.sheets.refused import FileRefused, Refused

__all__ = ["Form", "SheetRow", "open_rows"]

_SIGNS = ",;\t|"
_NO_HEADER = "the first row must name the columns"
_BEYOND = "There is {text} in column {column}, beyond the last column that has a name."


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


def open_rows(path: Path, form: Form) -> tuple[list[str], Iterator[SheetRow]]:
    """The columns, and the rows one at a time. Raises FileRefused."""
    if is_workbook(path):
        return _of_workbook(path, form)
    encoding = encoding_of(path, form.encoding)
    delimiter = form.delimiter or _delimiter_in(path, encoding)
    opened = open_csv(path, encoding=form.encoding, delimiter=delimiter, short_rows=form.short_rows)
    if not opened.columns:
        raise FileRefused([Refused("no_header", _NO_HEADER)])
    return opened.columns, _of_csv(opened)


def _of_csv(file: CsvFile) -> Iterator[SheetRow]:
    for row in file.rows():
        cells = {name: storable(row.values[name]) for name in file.columns}
        yield SheetRow(row.number, cells, row.unread, storable(row.line))


def _delimiter_in(path: Path, encoding: str) -> str | None:
    """The separator that the header has most of; None: its first line says it."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = next((one for one in file if one.strip()), "")
    if line.lower().startswith("sep="):
        return None
    outside = "".join(line.split('"')[::2])
    return max(_SIGNS, key=outside.count)


def _of_workbook(path: Path, form: Form) -> tuple[list[str], Iterator[SheetRow]]:
    rows = enumerate(sheet_rows(path, form.sheet), 1)
    filled = ((number, row) for number, row in rows if any(text_in(cell) for cell in row))
    _, first = next(filled, (0, []))
    header = [text_in(cell) for cell in first]
    while header and not header[-1]:
        header.pop()
    if problems := header_twice(header):
        raise FileRefused(problems)
    columns = [name for name in header if name and name not in EXTRA_COLUMNS]
    if not columns:
        raise FileRefused([Refused("no_header", _NO_HEADER)])
    return columns, _rows_of(header, columns, filled)


def _rows_of(
    header: Sequence[str], columns: Sequence[str], rows: Iterator[tuple[int, Sequence[Cell]]]
) -> Iterator[SheetRow]:
    for number, row in rows:
        cells = dict(zip(header, row, strict=False))
        unread, line = _beyond(header, row), ", ".join(map(text_in, row))
        first = text_in(cells.get(EXTRA_COLUMNS[0]))
        own = int(first) if first.isascii() and first.isdigit() else number
        values = {name: cells.get(name, "") for name in columns}
        yield SheetRow(own, values, unread, line if unread else "")


def _beyond(header: Sequence[str], row: Sequence[Cell]) -> Refused | None:
    """Why a row is none that has something beyond the last column that the header names."""
    for column, cell in enumerate(row[len(header) :], len(header) + 1):
        if text := text_in(cell):
            facts = {"text": repr(text[:40]), "column": letters_of(column)}
            return Refused("long_row", _BEYOND, **facts)
    return None
