"""Many rows written by one statement, from typed rows with named columns.

Every part is a common table expression over `unnest`; PostgreSQL runs all of them on one snapshot,
so no part sees what another one wrote. Values go as parameters, arrays by column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import JSON, Numeric
from sqlalchemy.dialects.postgresql import asyncpg as postgresql
from sqlalchemy.orm import class_mapper
from sqlalchemy.types import TypeEngine

__all__ = ["Bulk"]

_DIALECT: Final = postgresql.dialect(  # type: ignore[no-untyped-call]
    json_serializer=lambda value: orjson.dumps(value).decode()
)
_TYPES: Final = {
    UUID: "uuid",
    str: "text",
    Decimal: "numeric",
    datetime: "timestamptz",
    date: "date",
    bool: "boolean",
    bytes: "bytea",
    int: "bigint",
}
"""PostgreSQL's type of a field, where a row is no entity."""

Encoder = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement with `{rows}` where its rows stand; `kind` is the class that types them."""

    text: str
    kind: type
    columns: tuple[str, ...]
    scalars: tuple[tuple[str, str], ...] = ()
    cte: str = ""
    one: bool = False


@dataclass
class Bulk:
    """Writes that are collected, and sent as one statement; a part without rows is left out."""

    _parts: list[_Part] = field(default_factory=list)
    _arguments: list[Any] = field(default_factory=list)

    def insert(
        self,
        kind: type,
        rows: Sequence[object],
        *columns: str,
        conflict: str = "",
        cte: str = "",
        **same: object,
    ) -> None:
        """Insert entities, in their order; the columns `same` have one value for all of them.

        `conflict` is what stands behind `on conflict`; later parts find as `cte` what it returns.
        """
        names = ", ".join([*columns, *same])
        values = ", ".join([*(f"n.{name}" for name in columns), *(f"{{{one}}}" for one in same)])
        more = f" on conflict {conflict}" if conflict else ""
        text = f"insert into {_table(kind)} ({names}) select {values} from {{rows}} order by n.at"
        self.run(text + more, kind, rows, *columns, cte=cte, **same)

    def upsert(self, kind: type, rows: Sequence[object], *columns: str) -> None:
        """Insert entities, or set the columns of those whose primary key is there already."""
        key = _key(kind)
        sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
        self.insert(kind, rows, *columns, conflict=f"({', '.join(key)}) do update set {sets}")

    def update(
        self, kind: type, rows: Sequence[object], *columns: str, key: Sequence[str] = (), **to: Any
    ) -> None:
        """Set the columns of entities, found by `key` (default: by their primary key).

        The columns `to` become one value for all of them.
        """
        found = tuple(key) or _key(kind)
        each = [f"{one} = n.{one}" for one in columns] + [f"{one} = {{{one}}}" for one in to]
        where = " and ".join(f"t.{name} = n.{name}" for name in found)
        text = f"update {_table(kind)} t set {', '.join(each)} from {{rows}} where {where}"
        self.run(text, kind, rows, *found, *columns, **to)

    def delete(self, kind: type, rows: Sequence[object]) -> None:
        """Delete the entities of which the rows have the primary key."""
        where = " and ".join(f"t.{name} = n.{name}" for name in _key(kind))
        self.run(
            f"delete from {_table(kind)} t using {{rows}} where {where}", kind, rows, *_key(kind)
        )

    def run(
        self,
        text: str,
        kind: type = object,
        rows: Sequence[object] = (),
        *columns: str,
        cte: str = "",
        **scalars: object,
    ) -> None:
        """Run a statement of one's own: `{rows}` stands for the rows, `{name}` for a value.

        The rows are the table `n`, `n.at` is their place; `kind` types the columns: an entity by
        its table, a NamedTuple or dataclass by its fields. Later parts find as `cte` what
        this one selects or returns; it stays in without rows.
        """
        if rows or cte or "{rows}" not in text:
            self._parts.append(self._part(text, kind, rows, columns, scalars, cte=cte))

    async def execute(self, sql: "asyncpg.Connection[Any]") -> None:
        """Send all parts at once; nothing at all where there are no rows."""
        if self._parts:
            await sql.execute(_statement(tuple(self._parts)), *self._arguments)

    async def fetch(
        self,
        sql: "asyncpg.Connection[Any]",
        text: str,
        kind: type = object,
        rows: Sequence[object] = (),
        *columns: str,
        **scalars: object,
    ) -> list[Mapping[str, Any]]:
        """Send all parts with a last one, as `run` has it; what that selects or returns."""
        parts = (*self._parts, self._part(text, kind, rows, columns, scalars))
        return await sql.fetch(_statement(parts, answers=True), *self._arguments)

    def _part(
        self,
        text: str,
        kind: type,
        rows: Sequence[object],
        columns: tuple[str, ...],
        scalars: Mapping[str, object],
        *,
        cte: str = "",
    ) -> _Part:
        one = len(rows) == 1
        are_entities = bool(rows) and hasattr(rows[0], "__mapper__")
        for name in columns:
            encode = _column(kind, name)[1]
            if are_entities:  # their attributes are slow descriptors
                values = [vars(row).get(name) for row in rows]
            else:
                values = [getattr(row, name) for row in rows]
            if encode:
                values = [encode(value) for value in values]
            self._arguments.append(values[0] if one else values)
        self._arguments += scalars.values()
        types = tuple((name, _type_of_value(value)) for name, value in scalars.items())
        return _Part(text, kind, columns, types, cte, one)


@lru_cache(maxsize=256)
def _statement(parts: tuple[_Part, ...], *, answers: bool = False) -> str:
    """The parts as one statement, their parameters numbered through; the last one may answer."""
    written, taken = [], 0
    for part in parts:
        types = [_column(part.kind, name)[0] for name in part.columns]
        values = {"rows": _source(types, part.columns, after=taken, one=part.one)}
        taken += len(types)
        for name, kind in part.scalars:
            taken += 1
            values[name] = f"${taken}::{kind}"
        written.append(_filled(part.text, values))
    answer = written.pop() if answers else "select 1"
    names = (part.cte or f"part_{at}" for at, part in enumerate(parts))
    together = ", ".join(f"{name} as ({text})" for name, text in zip(names, written, strict=False))
    return f"with {together} {answer}" if written else answer


def _source(types: Sequence[str], columns: Iterable[str], *, after: int, one: bool) -> str:
    """The table `n`. One row goes as it is: the driver looks at each value of an array."""
    many = "" if one else "[]"
    values = ", ".join(f"${place}::{kind}{many}" for place, kind in enumerate(types, after + 1))
    names = f"n({', '.join(columns)}, at)"
    return (
        f"(select {values}, 1) as {names}"
        if one
        else f"unnest({values}) with ordinality as {names}"
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _table(kind: type) -> str:
    return str(class_mapper(kind).local_table)


@cache
def _key(kind: type) -> tuple[str, ...]:
    return tuple(column.name for column in class_mapper(kind).primary_key)


@cache
def _column(kind: type, name: str) -> tuple[str, Encoder | None]:
    """PostgreSQL's type of a column, and how its values are encoded, if they are."""
    if hasattr(kind, "__mapper__"):
        column = class_mapper(kind).columns[name]
        return _sql_type(column.type), _encoder(column.type)
    return _of_hint(get_type_hints(kind)[name]), None


def _sql_type(kind: TypeEngine[Any]) -> str:
    # An array of numeric(20, 4) would round in silence; the column itself refuses what it must.
    if isinstance(kind, Numeric):
        return "numeric"
    return str(kind.compile(dialect=_DIALECT))


def _encoder(kind: TypeEngine[Any]) -> Encoder | None:
    """How values are given to the driver: JSON as text, all other ones as they are."""
    implementation = kind.dialect_impl(_DIALECT)
    if not isinstance(getattr(implementation, "impl_instance", implementation), JSON):
        return None
    encode: Encoder | None = implementation.bind_processor(_DIALECT)
    return encode


def _of_hint(hint: Any) -> str:
    if get_origin(hint) in {Union, UnionType}:
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    return next(name for python, name in _TYPES.items() if issubclass(hint, python))


def _type_of_value(value: object) -> str:
    return next(name for kind, name in _TYPES.items() if isinstance(value, kind))
