"""CSV files as they come: rows with the numbers that a spreadsheet shows, and those that are none.

A row that cannot be read is no end: it comes with the reason and its text, and the next follows.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from values.sheets.cells import check_readable
from values.sheets.encodings import encoding_of
from values.sheets.refused import FileRefused, Refused

__all__ = [
    "EXTRA_COLUMNS",
    "CsvFile",
    "Row",
    "header_twice",
    "letters_of",
    "neutral",
    "open_csv",
    "restored",
    "trimmed",
]

EXTRA_COLUMNS = ("import_row", "import_error", "import_line")
"""What a file of failed rows has beside the source's own columns: the row's number in the first
file, what is wrong, and the text of a row that could not be read."""

_SEPARATOR = re.compile(r"sep=(.)\r?\n?\Z", re.IGNORECASE)
_BLANK = "\u200b\u2060\ufeff\x1a"
_FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+@＝＋－＠\-\t\r]")
_NEGATIVE = re.compile(r"-\d+(\.\d+)?\Z")
_TOTAL = re.compile(
    r"((grand |sub)?totals?|sum|summe|gesamt(summe)?|合计|总计|小计|共计)\s*[:：]?[\d\s.,;]*",
    re.IGNORECASE,
)
_APOSTROPHES = re.compile(rf"'+{_FORMULA.pattern}")
_SHORT = (
    "This row has {cells} cells, the header {columns}. If they are empty, say `short_rows: fill`."
)
_LONG = "This row has {cells} cells, the header {columns}. Quote the cell that holds a separator."
_OTHER_SIGN = "its first line says sep={told}, the mapping {delimiter}"
_TWICE = "two columns are called {column}; rename one"
_MISSING = "there is no column {column}; it has: {known}{hint}"


@dataclass(frozen=True)
class Row:
    """One record of a file. `number` counts as a spreadsheet does: blank lines count too.

    `unread`: why its text, then in `line`, could not be read as the header's columns.
    """

    number: int
    values: Mapping[str, str]
    unread: Refused | None = None
    line: str = ""

    def is_total(self, id_columns: AbstractSet[str]) -> bool:
        """Whether its first filled cell says no more than `Total`, and its id no more than that."""
        if self.unread:
            return self.unread.code == "short_row" and bool(_TOTAL.fullmatch(trimmed(self.line)))
        first = next((cell for cell in self.values.values() if cell), "")
        ids = [self.values[name] for name in id_columns]
        return bool(_TOTAL.fullmatch(first)) and all(one in {"", first} for one in ids)


@dataclass(frozen=True)
class CsvFile:
    """A file whose header was read: its columns, and how its rows are written."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    short_rows: str = "refuse"
    columns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "columns", [name for name in self.header if name and name not in EXTRA_COLUMNS]
        )

    @property
    def errors(self) -> str:
        """How bytes that are no text are read and written."""
        return _on_errors(self.encoding)

    def rows(self) -> Iterator[Row]:
        """Its rows, one at a time. Raises OSError when the file cannot be read on."""
        with _opened(self.path, self.encoding) as file:
            records = _records(file, self.delimiter)
            for _, cells, _, _ in records:  # up to the header
                if _filled(cells):
                    break
            for number, cells, line, unread in records:
                if unread or _filled(cells):
                    yield self._row(number, cells, line, unread)

    def _row(self, number: int, cells: list[str], line: str, unread: Refused | None) -> Row:
        unread = unread or self._shape(cells)
        if unread:
            return Row(number, dict.fromkeys(self.columns, ""), unread, line.rstrip("\r\n"))
        cells += [""] * (len(self.header) - len(cells))
        values = {name: restored(cell) for name, cell in zip(self.header, cells, strict=False)}
        first = values.get(EXTRA_COLUMNS[0], "")
        number = int(first) if first.isascii() and first.isdigit() else number
        if values.get(EXTRA_COLUMNS[2]) and not any(values[name] for name in self.columns):
            unread = Refused("unread_row", "Fill the row's columns from `import_line` first.")
            return Row(number, values, unread, values[EXTRA_COLUMNS[2]])
        return Row(number, values)

    def _shape(self, cells: list[str]) -> Refused | None:
        """Why the cells cannot be told to their columns."""
        if len(cells) < len(self.header) and self.short_rows == "refuse":
            return Refused("short_row", _SHORT, cells=len(cells), columns=len(self.header))
        if _filled(cells[len(self.header) :]):
            at = next(
                n for n, cell in enumerate(cells, 1) if n > len(self.header) and trimmed(cell)
            )
            facts = {"cells": len(cells), "columns": len(self.header)}
            return Refused("long_row", _LONG, **facts, column=letters_of(at))
        return None


def open_csv(
    path: Path,
    needed: AbstractSet[str] = frozenset(),
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    short_rows: str | None = None,
) -> CsvFile:
    """The file, with every needed column.

    Raises FileRefused with all that is wrong with it, OSError where it cannot be read.
    """
    encoding = encoding_of(path, encoding)
    with _opened(path, encoding) as file:
        told = _SEPARATOR.match(file.readline())
        delimiter = delimiter or (told[1] if told else ",")
        if told and told[1] != delimiter:
            facts = {"told": told[1], "delimiter": repr(delimiter)}
            raise FileRefused([Refused("delimiter", _OTHER_SIGN, **facts)])
        file.seek(0)
        header = next((cells for _, cells, _, _ in _records(file, delimiter) if _filled(cells)), [])
    header = [trimmed(name) for name in header]
    while header and not header[-1]:
        header.pop()
    if problems := [*_header_problems(header, needed, delimiter)]:
        raise FileRefused(problems)
    return CsvFile(path, encoding, delimiter, header, short_rows or "refuse")


def letters_of(column: int) -> str:
    """How a spreadsheet calls the column: A is the first, AA the 27th."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = f"{chr(ord('A') + rest)}{letters}"
    return letters


def header_twice(header: Sequence[str]) -> list[Refused]:
    """Names that two columns have."""
    twice = sorted({name for name in header if name and list(header).count(name) > 1})
    return [Refused("column_twice", _TWICE, column=repr(name)) for name in twice]


def _header_problems(
    header: list[str], needed: AbstractSet[str], delimiter: str
) -> Iterator[Refused]:
    yield from header_twice(header)
    yield from filter(None, map(_unreadable, header))
    known = ", ".join(header)
    other = next((sign for sign in ",;\t|" if sign != delimiter and sign in known), None)
    hint = f"; perhaps `delimiter: {other!r}`" if other and len(header) == 1 else ""
    for column in sorted(needed - set(header)):
        facts = {"column": repr(column), "known": known, "hint": hint}
        yield Refused("column_missing", _MISSING, **facts)


def _unreadable(name: str) -> Refused | None:
    try:
        check_readable(name)
    except Refused as refused:
        return refused
    return None


def neutral(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula.

    A negative number stays a number. Reading takes the apostrophe away again.
    """
    if _APOSTROPHES.match(cell) or (_FORMULA.match(cell) and not _NEGATIVE.match(cell)):
        return f"'{cell}"
    return cell


def restored(cell: str) -> str:
    """The cell without the blanks around it, and without the apostrophe that made it text."""
    cell = trimmed(cell)
    return cell[1:] if _APOSTROPHES.match(cell) else cell


def trimmed(cell: str) -> str:
    """The cell without blanks and invisible signs around it."""
    before = None
    while cell != before:
        before, cell = cell, cell.strip().strip(_BLANK)
    return cell


def _filled(cells: list[str]) -> bool:
    return any(trimmed(cell) for cell in cells)


def _opened(path: Path, encoding: str) -> IO[str]:
    """The file as text; a byte that is none becomes a lone surrogate, and its row is refused."""
    return path.open(encoding=encoding, errors=_on_errors(encoding), newline="")


def _on_errors(encoding: str) -> str:
    return "strict" if encoding.startswith("utf-16") else "surrogateescape"


class _Lines:
    """The lines of a file; it remembers those of the present record and can take them back."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._again: list[str] = []
        self.record: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._file)
        self.record.append(line)
        return line

    def take_back(self) -> None:
        """All lines of the record but its first are read again."""
        self._again.extend(reversed(self.record[1:]))
        del self.record[1:]


def _records(file: IO[str], delimiter: str) -> Iterator[tuple[int, list[str], str, Refused | None]]:
    """Number, cells and text of each record, or why it is none.

    A quote that is never closed spoils its own line only: what it swallowed is read again.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        lines.record = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            if "unexpected end" in str(wrong) or "field larger" in str(wrong):
                lines.take_back()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
            number += 1
            refused = Refused("bad_quotes", "This row cannot be read: {wrong}.", wrong=str(wrong))
            yield number, [], "".join(lines.record), refused
            continue
        text = "".join(lines.record)
        if number == 0 and len(lines.record) == 1 and _SEPARATOR.match(text):
            continue  # Excel reads this line and does not show it
        number += 1
        yield number, cells, text, None
