"""The same rows that an act of ours wrote, written bare: the limit of every write."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7

__all__ = ["SameRows", "Written"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_COLUMNS = """select column_name from information_schema.columns
  where table_name = $1 and is_generated = 'NEVER'
    and coalesce(column_default, '') not like '%nextval%' order by ordinal_position"""


@dataclass(frozen=True)
class Written:
    """Rows of a table that belong to an act: the condition, with $1 the id of its main record.

    `fresh` are text columns that must differ from act to act, besides all ids.
    """

    table: str
    where: str
    fresh: Sequence[str] = ()


@dataclass(frozen=True)
class _Row:
    table: str
    columns: Sequence[str]
    values: Sequence[Any]
    own: Mapping[int, Any]
    """Position of a value that each act has of its own -> the value that stood there."""

    @property
    def insert(self) -> str:
        places = ", ".join(f"${at}" for at in range(1, len(self.columns) + 1))
        return f"insert into {self.table} ({', '.join(self.columns)}) values ({places})"


class SameRows:
    """Rows of one act, to be written again and again with new ids."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.rows = rows

    @classmethod
    async def read(cls, sql: Sql, written: Sequence[Written], record_id: UUID) -> Self:
        """The rows of the act that made or changed the record."""
        found: list[tuple[Written, list[str], asyncpg.Record]] = []
        for one in written:
            names = [row["column_name"] for row in await sql.fetch(_COLUMNS, one.table)]
            chosen = f"select {', '.join(names)} from {one.table} where {one.where}"
            found += [(one, names, row) for row in await sql.fetch(chosen, record_id)]
        ids = {row["id"] for _, names, row in found if "id" in names}
        rows = []
        for one, names, row in found:
            own = {
                at: value
                for at, (name, value) in enumerate(zip(names, row, strict=True))
                if value in ids or name in one.fresh
            }
            rows.append(_Row(one.table, names, list(row), own))
        return cls(rows)

    def again(self) -> list[tuple[str, list[Any]]]:
        """Statements and values of one more act."""
        drawn: dict[Any, Any] = {}
        statements = []
        for row in self.rows:
            values = list(row.values)
            for at, stood in row.own.items():
                if stood not in drawn:
                    drawn[stood] = uuid7() if isinstance(stood, UUID) else os.urandom(16).hex()
                values[at] = drawn[stood]
            statements.append((row.insert, values))
        return statements

    async def write(self, sql: Sql) -> None:
        """Do the act once more: plain inserts in one transaction."""
        async with sql.transaction():
            for statement, values in self.again():
                await sql.execute(statement, *values)

    def many(self, acts: int) -> list[tuple[str, str, Sequence[str], list[list[Any]]]]:
        """Statement, table, columns and values of the rows of many acts, by table."""
        each = [self.again() for _ in range(acts)]
        return [
            (row.insert, row.table, row.columns, [statements[at][1] for statements in each])
            for at, row in enumerate(self.rows)
        ]
