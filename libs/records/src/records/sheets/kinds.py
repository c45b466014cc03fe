"""How a record type stands in files: its columns, how rows name other records, what writes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from chassis.storage.paging import Page, PageQuery, Sort
from chassis.storage.reading import Reading
from chassis.storage.searching import Searched
from records.custom.definitions import Definition, fields_of
from records.custom.kinds import Kind
from records.entities import Values
from records.sheets.columns import Column, ColumnKind, columns_of_model
from records.types import RecordType
from values.text import Command

__all__ = [
    "CUSTOM",
    "NOT_IN_FILES",
    "TAGS",
    "USER",
    "RecordSheet",
    "Reference",
    "Rows",
    "custom_columns",
]

NOT_IN_FILES = frozenset({"version", "revision"})
"""Fields of views that count changes: they say nothing about the record in a file."""


CUSTOM, TAGS = "custom", "tags"
_CUSTOM_KINDS = {
    Kind.NUMBER: ColumnKind.NUMBER,
    Kind.WHOLE_NUMBER: ColumnKind.WHOLE,
    Kind.YES_NO: ColumnKind.YES_NO,
    Kind.DAY: ColumnKind.DAY,
    Kind.CHOICES: ColumnKind.WORDS,
}


@dataclass(frozen=True)
class Reference:
    """A column that names a record of another type, or of the same.

    table    its table, which is its word in links as well
    codes    columns of the table by which a row may name it, beside its id here and its id in the
             system of the import
    shows    the column of the table that an export shows in place of the id, where ids mean
             nothing elsewhere
    into     the field of the command that it gives; by default the column's own name
    take     what of the record that field takes
    has_id   whether the table has ids; else the first code is its key
    """

    table: str
    codes: tuple[str, ...] = ()
    shows: str = ""
    into: str = ""
    take: str = "id"
    has_id: bool = True


USER = Reference("local_user", codes=("login",), shows="login")
"""A column that names a user: by login, which means the same in another installation."""


class Rows(Protocol):
    """What a file is made of: `Reads` of records or documents, or a report."""

    @property
    def view(self) -> type[Any]:
        """The model of a row."""

    @property
    def query(self) -> type[BaseModel] | None:
        """The filters; None: there are none."""

    @property
    def searched(self) -> Searched | None:
        """What `q` is looked up in; None: there is no such parameter."""

    @property
    def sorts(self) -> Mapping[str, Sort]:
        """By what it may be sorted."""

    @property
    def has_custom_fields(self) -> bool:
        """Whether it may be filtered and sorted by custom fields."""

    async def page(self, at: Reading, wanted: Any, asked: PageQuery, /) -> Page[Any]:
        """The rows that are wanted, a page of them."""


@dataclass(frozen=True, kw_only=True)
class RecordSheet:
    """What files have of a record type, of documents, or of a report.

    name, reads, read, write   the type, how it is read, and the permissions
    lines      lists of the view whose members are rows
    tagged     whether there are tags on it
    kind       how it is written; None: it is only exported
    new        the command of a new one; `change` that of a known one
    states     what `status` may become, and the values that make it so
    put_away   the values that take one out of use: an undone import leaves it so
    key        the field by which people know one, such as `sku`
    references columns that name other records
    renamed    fields of the view that commands call otherwise
    """

    name: str
    reads: Rows
    read: str
    write: str = ""
    lines: Sequence[str] = ()
    tagged: bool = True
    kind: RecordType[Any, Any] | None = None
    new: type[Command] | None = None
    change: type[Command] | None = None
    states: Mapping[str, Values] = field(default_factory=dict)
    put_away: Values | None = None
    key: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def takes_away(self) -> Values | None:
        """The values that take a record out of use; None: there are none."""
        return self.put_away or self.states.get("archived") or self.states.get("withdrawn")

    @property
    def puts_back(self) -> Values:
        """The values that take one into use again."""
        away = self.takes_away or {}
        return {name: "active" if name == "status" else not away[name] for name in away}

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The columns of an export."""
        view: type[BaseModel] = self.reads.view
        return [
            replace(one, name=self.renamed.get(one.name, one.name))
            for one in columns_of_model(view, lines=self.lines)
            if one.name not in NOT_IN_FILES
        ]

    async def columns_now(self, at: Reading) -> Sequence[Column]:
        """The columns with the custom fields that there are now, each apart, and the tags."""
        own = [one for one in self.columns if one.name != CUSTOM]
        if len(own) < len(self.columns):
            own += [column for column, _ in await custom_columns(at, self.name)]
        return [*own, Column(TAGS, ColumnKind.WORDS)] if self.tagged else own

    async def records(self, at: Reading, items: Sequence[BaseModel]) -> list[dict[str, Any]]:
        """The views as JSON, with the columns' names and what references show."""
        records = [item.model_dump(mode="json") for item in items]
        tags = await _tags(at, self.name, items) if self.tagged else {}
        for record in records if self.tagged else ():
            record[TAGS] = tags.get(record["id"], [])
        for old, new in self.renamed.items():
            for record in records:
                record[new] = record.pop(old)
        for name, reference in self.references.items():
            if reference.shows:
                await _show(at, records, name, reference)
        return records


async def custom_columns(at: Reading, record_type: str) -> Sequence[tuple[Column, tuple[str, str]]]:
    """The columns of the type's custom fields, each with its labels; of money two."""
    fields = (await fields_of(at, record_type)).fields
    return [column for one in fields if one.is_active for column in _columns_of(one)]


def _columns_of(one: Definition) -> Iterator[tuple[Column, tuple[str, str]]]:
    name = f"{CUSTOM}.{one.key}"
    if one.kind == Kind.MONEY:
        yield Column(f"{name}.amount", ColumnKind.NUMBER), (one.label, one.label_zh)
        yield Column(f"{name}.currency", ColumnKind.TEXT), ("", "")
    else:
        kind = _CUSTOM_KINDS.get(Kind(one.kind), ColumnKind.TEXT)
        yield Column(name, kind), (one.label, one.label_zh)


async def _tags(
    at: Reading, record_type: str, items: Sequence[BaseModel]
) -> Mapping[str, Sequence[str]]:
    """Names of the tags of the records, by id."""
    ids = [getattr(item, "id") for item in items]  # noqa: B009 - views have one
    rows = await at.sql.fetch(_TAGS_OF, record_type, ids)
    return {str(row["record_id"]): row["names"] for row in rows}


_TAGS_OF = """select r.record_id, array_agg(t.name order by t.sort_key, t.id) as names
  from record_tag r join tag t on t.id = r.tag_id
  where r.record_type = $1 and r.record_id = any($2::uuid[]) group by r.record_id"""


async def _show(
    at: Reading, records: Sequence[dict[str, Any]], name: str, reference: Reference
) -> None:
    """Put what the reference shows in place of ids, of all records at once."""
    wanted = {UUID(record[name]) for record in records if record.get(name)}
    if not wanted:
        return
    sql = f"select id, {reference.shows} as shown from {reference.table} where id = any($1::uuid[])"
    shown = {str(row["id"]): row["shown"] for row in await at.sql.fetch(sql, list(wanted))}
    for record in records:
        record[name] = shown.get(record.get(name) or "", record.get(name))
