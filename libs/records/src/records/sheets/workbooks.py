"""Workbooks in: the rows of a sheet of .xlsx or .xls, each cell as its reader sees it."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import xlrd
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from values.sheets.csv_files import trimmed
from values.sheets.refused import FileRefused, Refused

__all__ = ["Cell", "is_workbook", "sheet_rows", "storable", "text_in"]

Cell = str | bool | dict[str, str]
"""A text, or of a workbook true or false, a number {"n": …}, a day {"d": …} or an error {"e": …}.

A number has `shown` too where its format shows other digits, such as 00730 by the format 00000, and
`unclear`, the format, where it shows zeros in front that are not known here.
"""

_PACKED, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UNPACKED = 20
_ROWS_MAX = 1_048_576
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_PIECE, _TAG = 1 << 20, 64
_NO_LETTER = re.compile("[\x00\ud800-\udfff]")
"""Bytes that were no letters: neither JSON nor the database holds them."""
_NO_BOOK = "this workbook cannot be read, save it as .xlsx: {why}"
_NO_SHEET = "there is no sheet {sheet}; there are: {known}"
_TOO_LARGE = "the workbook is too large once it is unpacked"
_CODES = re.compile(r'"[^"]*"|\\.|.', re.DOTALL)
_COLOUR = re.compile(r"\[[^<>=\]]*\]")
_LITERALS = frozenset("-/() :")
_NO_ZEROS = frozenset(".E")
"""What ends the digits of which zeros in front are some."""


def is_workbook(path: Path) -> bool:
    """Whether the file is one, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) in {_PACKED, _OLD}


def sheet_rows(path: Path, sheet: str | None) -> Iterator[list[Cell]]:
    """The rows of the sheet from the first on, empty ones too; of the first sheet without a name.

    Raises FileRefused, also while rows are read.
    """
    _require_bounded(path)
    try:
        with path.open("rb") as file:
            read = _new_rows if file.read(4) == _PACKED else _old_rows
        yield from read(path, sheet)
    except FileRefused:
        raise
    except Exception as wrong:  # whatever the readers raise of a strange file
        raise FileRefused([Refused("workbook", _NO_BOOK, why=str(wrong))]) from wrong


def text_in(cell: Cell | None) -> str:
    """The cell as people read it."""
    if isinstance(cell, dict):
        return cell.get("shown") or next(iter(cell.values()))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell or ""


def storable(text: str) -> str:
    """The text with the sign of an unreadable letter for each, so that its row alone is refused."""
    return _NO_LETTER.sub("\ufffd", text)


def _new_rows(path: Path, sheet: str | None) -> Iterator[list[Cell]]:
    rows = _rows_of(path, sheet, results=True)
    if not _has_formulas(path):
        yield from ([_new_cell(one) for one in row] for row in rows)
        return
    for row, written in zip(rows, _rows_of(path, sheet, results=False), strict=True):
        cells = [_new_cell(one) for one in row]
        for at, one in enumerate(written):
            # What comes to an empty text has that as its result, and its kind.
            if one.data_type == "f" and row[at].value is None and row[at].data_type != "str":
                cells[at] = _error(_formula(one.value))
        yield cells


def _rows_of(path: Path, sheet: str | None, *, results: bool) -> Iterator[Sequence[Any]]:
    """The rows of the sheet, with what formulas come to as the file has it, or the formulas."""
    with (
        path.open("rb") as file,  # by its content: of a path the name would have to end in .xlsx
        closing(load_workbook(file, read_only=True, data_only=results)) as book,
    ):
        sheets = {one.title: one for one in book.worksheets}
        rows = sheets[_name_of(sheet, list(sheets))]
        rows.reset_dimensions()  # what the file says of its size may be wrong
        yield from rows.iter_rows(max_row=_ROWS_MAX)


def _has_formulas(path: Path) -> bool:
    """Whether a sheet of the file has any: then its rows are read twice."""
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            if "worksheets/" in name and name.endswith(".xml"):
                with packed.open(name) as part:
                    before = b""
                    while piece := part.read(_PIECE):
                        if _FORMULA.search(before + piece):
                            return True
                        before = piece[-_TAG:]
    return False


def _formula(value: Any) -> str:
    """The formula of a cell; of many cells at once it is kept apart."""
    text = str(getattr(value, "text", value) or "")
    return text if text.startswith("=") else f"={text}"


def _new_cell(cell: Any) -> Cell:
    return _error(cell.value) if cell.data_type == "e" else _cell(cell.value, cell.number_format)


def _old_rows(path: Path, sheet: str | None) -> Iterator[list[Cell]]:
    with xlrd.open_workbook(
        str(path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
    ) as book:
        rows = book.sheet_by_name(_name_of(sheet, book.sheet_names()))
        for at in range(rows.nrows):
            yield [_old_cell(book, one) for one in rows.row(at)]


def _old_cell(book: Any, cell: Any) -> Cell:
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return _error(xlrd.error_text_from_code.get(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return _cell(xlrd.xldate_as_datetime(cell.value, book.datemode))
        except (OverflowError, ValueError):
            return _error(None)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return _cell(cell.value, book.format_map[book.xf_list[cell.xf_index].format_key].format_str)


def _name_of(sheet: str | None, known: list[str]) -> str:
    if sheet and sheet not in known:
        raise FileRefused(
            [Refused("no_sheet", _NO_SHEET, sheet=repr(sheet), known=", ".join(known))]
        )
    return sheet or known[0]


def _error(text: str | None) -> Cell:
    return {"e": text or "#ERROR!"}


def _cell(value: Any, form: str | None = None) -> Cell:
    """`form`: how the workbook shows a number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(format(Decimal(repr(value)), "f").removesuffix(".0"), form or "")
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return {"d": value.date().isoformat()}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"d": value.isoformat()}
    return storable(trimmed(unescape(str(value)))) if value is not None else ""


def _number(number: str, form: str) -> Cell:
    """The number, and with which zeros in front the format shows it: 00730, 012-34-5678."""
    codes = _CODES.findall(_COLOUR.sub("", form.partition(";")[0]))
    whole = list(takewhile(lambda code: code not in _NO_ZEROS, codes)).count("0")
    if whole < 2 or not number.isdigit():  # noqa: PLR2004 - one zero puts none in front
        return {"n": number}
    if all(code == "0" or len(code) > 1 or code in _LITERALS for code in codes):
        return {"n": number, "shown": _shown(codes, number.zfill(whole), whole)}
    return {"n": number} if len(number) >= whole else {"n": number, "unclear": form}


def _shown(codes: Sequence[str], digits: str, zeros: int) -> str:
    """The digits where the format has zeros; those beyond stand at the first of these."""
    first, rest = digits[: len(digits) - zeros + 1], iter(digits[len(digits) - zeros + 1 :])
    found = chain([first], rest)
    return "".join(next(found) if code == "0" else code.strip('"\\') for code in codes)


def _require_bounded(path: Path) -> None:
    """Refuse what is small only because it is packed."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(one.file_size for one in packed.infolist())
    if unpacked > max(_UNPACKED * path.stat().st_size, 50_000_000):
        raise FileRefused([Refused("workbook", _TOO_LARGE)])
