"""Columns of a record type: the fields of its view, parts of a field apart, such as `price.amount`.

They are made of the view's own declaration, so that a field that joins the view is a column too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import BaseModel

__all__ = ["Column", "ColumnKind", "columns_of_model", "rows_of", "text_of"]


class ColumnKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    YES_NO = "yes_no"
    DAY = "day"
    ID = "id"
    WORDS = "words"
    JSON = "json"


_KINDS: Sequence[tuple[type, ColumnKind]] = (
    (bool, ColumnKind.YES_NO),
    (int, ColumnKind.WHOLE),
    (Decimal, ColumnKind.NUMBER),
    (float, ColumnKind.NUMBER),
    (datetime, ColumnKind.TEXT),
    (date, ColumnKind.DAY),
    (UUID, ColumnKind.ID),
    (str, ColumnKind.TEXT),
)
_MARK = "; "


@dataclass(frozen=True)
class Column:
    """One column: its name in the header, and where its value stands in a record's JSON.

    `lines`: the list of the record whose members have the value, each on a row of its own.
    """

    name: str
    kind: ColumnKind
    lines: str = ""

    @property
    def path(self) -> Sequence[str]:
        """The names that lead to the value, within a line where it is of one."""
        return self.name.removeprefix(f"{self.lines}.").split(".")

    def value_in(self, record: Mapping[str, Any]) -> Any:
        """The value of a record as JSON has it; None where there is none."""
        found: Any = record
        for part in self.path:
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


def columns_of_model(
    model: type[BaseModel], prefix: str = "", *, lines: Collection[str] = ()
) -> Iterator[Column]:
    """The columns of a view or command, in the order of its fields.

    `lines`: its lists whose members have columns too.
    """
    for name, field in model.model_fields.items():
        kind = _plain_type(field.annotation)
        if name in lines:
            of_line = _plain_type(get_args(kind)[0])
            columns = columns_of_model(of_line, f"{name}.")
            yield from (Column(one.name, one.kind, name) for one in columns)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from columns_of_model(kind, f"{prefix}{name}.")
        else:
            yield Column(f"{prefix}{name}", _kind_of(kind))


def rows_of(record: Mapping[str, Any], columns: Sequence[Column]) -> Iterator[list[str]]:
    """The rows of a record, a text for each column: one, or one for each of its lines.

    What is the record's own stands on the first row, so that sums are right; its id on each.
    """
    lists = {one.lines: record.get(one.lines) or [] for one in columns if one.lines}
    for at in range(max([1, *map(len, lists.values())])):
        yield [text_of(_value(record, lists, column, at)) for column in columns]


def _value(
    record: Mapping[str, Any], lists: Mapping[str, Sequence[Any]], column: Column, at: int
) -> Any:
    if column.lines:
        lines = lists[column.lines]
        return column.value_in(lines[at]) if at < len(lines) else None
    return column.value_in(record) if at == 0 or column.name == "id" else None


def text_of(value: Any) -> str:
    """The value as a cell has it: nothing for null, words with `; ` between, else JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(_is_word(one) for one in value):
        return _MARK.join(value)
    return orjson.dumps(value).decode()


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not {";", "["} & set(value)


def _plain_type(annotation: Any) -> Any:
    """The type without what stands around it: null, limits, the description."""
    if get_origin(annotation) is Annotated:
        return _plain_type(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        parts = [one for one in get_args(annotation) if one is not NoneType]
        return _plain_type(parts[0]) if len(parts) == 1 else object
    return annotation


def _kind_of(kind: Any) -> ColumnKind:
    origin = get_origin(kind) or kind
    if origin in {list, set, frozenset, tuple}:
        words = _plain_type(get_args(kind)[0]) if get_args(kind) else object
        return ColumnKind.WORDS if _kind_of(words) == ColumnKind.TEXT else ColumnKind.JSON
    if not isinstance(origin, type):  # some words, such as Literal
        return ColumnKind.TEXT
    return next((one for base, one in _KINDS if issubclass(origin, base)), ColumnKind.JSON)
