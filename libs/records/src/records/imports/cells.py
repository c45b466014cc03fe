"""Rows to values: what each cell says by the kind of its field. Nothing is guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from records.imports.schemas import ImportOptions
from records.sheets.columns import Column, ColumnKind
from records.sheets.workbooks import Cell, text_in
from values.external import ExternalId, System
from values.sheets.cells import check_readable, phone_in, yes_or_no
from values.sheets.csv_files import Row
from values.sheets.dates import day_of
from values.sheets.numbers import check_one_reading, check_undamaged, exact, whole_number
from values.sheets.refused import Refused
from values.text import Command

__all__ = ["EXTERNAL_REFS", "ReadRow", "RowReader", "id_of"]

_PHONES = {"phone", "mobile", "fax"}
_YES, _NO = {"是"}, {"否"}
_DIGITS_SURE = 15
_LOST = "{text} has more digits than a number of a workbook holds; keep the column as text."
_NO_VALUE = "{text} is what the workbook shows in place of a value that it could not compute."
_NO_RESULT = "{text} has no result in the file: open it, let it be computed, and save it again."
_UNCLEAR = "{text} is shown with zeros in front, by the format {format}; keep the column as text."
_NOT_JSON = "{text} is no JSON."
_NOT_LINKS = 'Write the links as an export does: [{"system": "shop", "external_id": "1"}].'
_TOTAL = "This looks like a line of totals."
EXTERNAL_REFS = "external_refs"


class Link(Command):
    """A link as exports have it."""

    system: System
    external_id: ExternalId


_LINKS = TypeAdapter(list[Link])


@dataclass(frozen=True)
class ReadRow:
    """What a row gives, by field as commands have them, parts with points between."""

    values: Mapping[str, Any]
    wrong: Sequence[tuple[str, Refused]]

    def text(self, field: str) -> str:
        """The text given for a field; empty where none is."""
        found = self.values.get(field)
        return "" if found is None else str(found)


@dataclass(frozen=True)
class RowReader:
    """Reads rows of a file by its mapping and options."""

    targets: Mapping[str, Column]
    mapping: Mapping[str, str]
    options: ImportOptions
    identity: Sequence[str]

    def read(self, number: int, cells: Mapping[str, Cell]) -> ReadRow:
        """The values of a row, or all that is wrong with it. An empty cell gives nothing."""
        texts = {name: text_in(cell) for name, cell in cells.items()}
        ids = {self.mapping[name] for name in self.identity if name in self.mapping}
        if Row(number, texts).is_total(ids):
            return ReadRow({}, [("", Refused("total_row", _TOTAL))])
        values, wrong = dict[str, Any](), list[tuple[str, Refused]]()
        for field, column in self.mapping.items():
            cell = cells.get(column, "")
            if cell == "":
                continue
            try:
                values[field] = self._value(self.targets[field], cell)
            except Refused as refused:
                wrong.append((field, refused))
        return ReadRow(values, wrong)

    def _value(self, target: Column, cell: Cell) -> Any:
        if isinstance(cell, dict) and "e" in cell:
            message = _NO_RESULT if cell["e"].startswith("=") else _NO_VALUE
            raise Refused("damaged", message, text=repr(cell["e"]))
        read = {
            ColumnKind.NUMBER: self._number,
            ColumnKind.WHOLE: self._whole,
            ColumnKind.YES_NO: _yes_or_no,
            ColumnKind.DAY: self._day,
            ColumnKind.WORDS: _words,
            ColumnKind.JSON: _links if target.name == EXTERNAL_REFS else _json,
        }.get(target.kind)
        return read(cell) if read else self._text(target, cell)

    def _whole(self, cell: Cell) -> int:
        number = cell["n"] if isinstance(cell, dict) and "n" in cell else text_in(cell)
        return whole_number(number, thousands=self.options.thousands or "")

    def _text(self, target: Column, cell: Cell) -> str:
        text = _text(cell)
        if target.path[-1] in _PHONES and not self.options.own_export:
            return phone_in(text, self.options.region)
        return text

    def _number(self, cell: Cell) -> str:
        if isinstance(cell, dict) and "n" in cell:
            return cell["n"]
        text, options = text_in(cell), self.options
        check_undamaged(text)
        if options.decimal is None and options.thousands is None:
            check_one_reading(text)
        decimal, thousands = options.decimal or ".", options.thousands or ""
        return format(exact(text, decimal=decimal, thousands=thousands), "f")

    def _day(self, cell: Cell) -> str:
        if isinstance(cell, dict) and "d" in cell:
            return cell["d"]
        forms = self.options.date_formats or ["%Y-%m-%d"]
        return day_of(text_in(cell), list(forms), self.options.century)


def _text(cell: Cell) -> str:
    """The text of a cell; a number only with all its digits. Raises Refused."""
    text = text_in(cell)
    if isinstance(cell, dict) and "n" in cell:
        if "unclear" in cell:
            raise Refused("damaged", _UNCLEAR, text=repr(text), format=repr(cell["unclear"]))
        if len(cell["n"].strip("-").replace(".", "").lstrip("0")) > _DIGITS_SURE:
            raise Refused("damaged", _LOST, text=repr(text))
        return text
    check_readable(text)
    check_undamaged(text)
    return text


def _yes_or_no(cell: Cell) -> bool:
    text = text_in(cell)
    return text in _YES if text in _YES | _NO else yes_or_no(text)


def _words(cell: Cell) -> Any:
    text = _text(cell)
    if text.startswith("["):
        return _json(cell)
    return [word.strip() for word in text.split(";") if word.strip()]


def _json(cell: Cell) -> Any:
    text = _text(cell)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        raise Refused("not_json", _NOT_JSON, text=repr(text[:40])) from wrong


def _links(cell: Cell) -> list[dict[str, str]]:
    try:
        links = _LINKS.validate_python(_json(cell))
    except ValidationError as wrong:
        raise Refused("not_links", _NOT_LINKS) from wrong
    return [link.model_dump() for link in links]


def id_of(text: str) -> UUID | None:
    """The id that the text is; None: it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
