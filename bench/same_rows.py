"""The same rows that an act of ours wrote, written bare: the limit of every write."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7

__all__ = ["ACT", "EVENTS", "SameRows", "Touched", "Written"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_COLUMNS = """select column_name from information_schema.columns
  where table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'
    and coalesce(column_default, '') not like '%nextval%' order by ordinal_position"""


@dataclass(frozen=True)
class Written:
    """Rows of a table that belong to an act: the condition, with $1 the id of its main record.

    `fresh` are columns that must differ from act to act, besides all ids.
    """

    table: str
    where: str
    fresh: Sequence[str] = ()


ACT = "(select correlation_id from outbox where aggregate_id = $1 order by id desc limit 1)"
"""The correlation id of the last act that told of the record."""
EVENTS = (
    Written("outbox", f"correlation_id = {ACT}", fresh=("aggregate_id", "correlation_id")),
    Written(
        "outbox_version",
        f"outbox_id in (select id from outbox where correlation_id = {ACT})",
        fresh=("aggregate_id",),
    ),
    Written(
        "idempotency_key",
        """key = (select key from idempotency_key
          where position(convert_to(($1::uuid)::text, 'UTF8') in reply) > 0
          order by created_at desc limit 1)""",
        fresh=("key",),
    ),
)
"""Events of the last act on the record, and its kept reply."""


@dataclass(frozen=True)
class Touched:
    """Rows that an act finds and changes: the condition, with $1 all ids of the act.

    With `key` they are locked and read first, in its order.
    """

    table: str
    where: str
    change: str
    key: str = ""

    async def write(self, sql: Sql, ids: Sequence[UUID]) -> None:
        """Lock, read and change them."""
        if self.key:
            rows = f"select * from {self.table} where {self.where}"
            await sql.fetch(f"{rows} order by {self.key} for no key update", ids)
        await sql.execute(f"update {self.table} set {self.change} where {self.where}", ids)


@dataclass(frozen=True)
class _Row:
    values: Sequence[Any]
    own: Mapping[int, Any]
    """Position of a value that each act has of its own -> the value that stood there."""


@dataclass(frozen=True)
class _Table:
    name: str
    columns: Sequence[str]
    rows: Sequence[_Row]

    @property
    def insert(self) -> str:
        places = ", ".join(f"${at}" for at in range(1, len(self.columns) + 1))
        return f"insert into {self.name} ({', '.join(self.columns)}) values ({places})"


@dataclass(frozen=True)
class SameRows:
    """Rows of one act, to be written again and again with new ids."""

    record: UUID
    tables: Sequence[_Table]
    touched: Sequence[Touched] = ()

    @classmethod
    async def read(
        cls,
        sql: Sql,
        written: Sequence[Written],
        record_id: UUID,
        touched: Sequence[Touched] = (),
    ) -> Self:
        """The rows of the act that made or changed the record."""
        found = [(one, await _found(sql, one, record_id)) for one in written]
        ids = {row["id"] for _, rows in found for row in rows if "id" in row} | {record_id}
        return cls(
            record_id,
            [_Table(one.table, list(rows[0]), _rows(one, rows, ids)) for one, rows in found],
            touched,
        )

    def again(self, record: UUID | None = None) -> tuple[list[list[list[Any]]], list[UUID]]:
        """Values of one more act, by table and row, and its ids; `record` is its main record."""
        drawn: dict[Any, Any] = {self.record: record} if record else {}
        return [[_drawn(row, drawn) for row in table.rows] for table in self.tables], [
            one for one in drawn.values() if isinstance(one, UUID)
        ]

    async def write(self, sql: Sql, record: UUID | None = None) -> None:
        """Do the act once more: plain statements in one transaction, one for each table."""
        values, ids = self.again(record)
        async with sql.transaction():
            for table, rows in zip(self.tables, values, strict=True):
                if len(rows) == 1:
                    await sql.execute(table.insert, *rows[0])
                else:
                    await sql.executemany(table.insert, rows)
            for one in self.touched:
                await one.write(sql, ids)

    def many(self, acts: int) -> list[tuple[str, str, Sequence[str], list[list[Any]]]]:
        """Statement, table, columns and values of the rows of many acts, by table."""
        each = [self.again()[0] for _ in range(acts)]
        return [
            (table.insert, table.name, table.columns, [row for one in each for row in one[at]])
            for at, table in enumerate(self.tables)
        ]


async def _found(sql: Sql, one: Written, record_id: UUID) -> list[dict[str, Any]]:
    names = [row["column_name"] for row in await sql.fetch(_COLUMNS, one.table)]
    chosen = f"select {', '.join(names)} from {one.table} where {one.where}"
    rows = await sql.fetch(chosen, record_id)
    if not rows:
        message = f"the act wrote no row of {one.table}"
        raise ValueError(message)
    return [dict(row) for row in rows]


def _rows(one: Written, found: Sequence[Mapping[str, Any]], ids: set[Any]) -> list[_Row]:
    return [
        _Row(
            list(row.values()),
            {
                at: value
                for at, (name, value) in enumerate(row.items())
                if name in one.fresh or (isinstance(value, UUID) and value in ids)
            },
        )
        for row in found
    ]


def _drawn(row: _Row, drawn: dict[Any, Any]) -> list[Any]:
    values = list(row.values)
    for at, stood in row.own.items():
        if stood not in drawn:
            drawn[stood] = uuid7() if isinstance(stood, UUID) else os.urandom(16).hex()
        values[at] = drawn[stood]
    return values
