"""Rows that name a record in a way that the catalogue does not show: lists of ids, queues.

A module that has such rows declares what a merge, and its undo, makes of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.merging.moving import Pair
from records.merging.schemas import MovedRows

__all__ = [
    "NamedWithin",
    "counts_within",
    "declare_named_within",
    "move_within",
    "put_within",
    "shown_within",
]

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class NamedWithin:
    """Rows of a table that name records within a column.

    count      how many name the record of that type
    move       lets those that name the loser name the winner; what an undo needs of each row
    move_back  lets these rows name the loser again; how many name the winner no more
    """

    table: str
    column: str
    count: Callable[[Reading, str, UUID], Awaitable[int]]
    move: Callable[[Work, Pair], Awaitable[Rows]]
    move_back: Callable[[Work, Pair, Rows], Awaitable[int]]


def declare_named_within(base: type[DeclarativeBase], named: NamedWithin) -> NamedWithin:
    """Let merges in the service of these tables move the rows as well."""
    base.metadata.info.setdefault("named_within", {})[named.table] = named
    return named


def _declared(pair: Pair) -> dict[str, NamedWithin]:
    known: dict[str, NamedWithin] = pair.kind.entity.metadata.info.get("named_within", {})
    return known


async def counts_within(at: Reading, pair: Pair) -> list[MovedRows]:
    """How many rows of each table name the loser."""
    counts = [
        MovedRows(
            table=one.table,
            column=one.column,
            count=await one.count(at, pair.kind.name, pair.loser_id),
        )
        for one in _declared(pair).values()
    ]
    return [one for one in counts if one.count]


async def move_within(work: Work, pair: Pair) -> dict[str, Rows]:
    """Let the rows that name the loser name the winner; what an undo needs of them, by table."""
    moved = {name: await one.move(work, pair) for name, one in _declared(pair).items()}
    return {name: rows for name, rows in moved.items() if rows}


def shown_within(pair: Pair, moved: dict[str, Rows]) -> list[MovedRows]:
    """What callers see of rows that were moved."""
    known = _declared(pair)
    return [
        MovedRows(table=name, column=known[name].column, count=len(rows))
        for name, rows in moved.items()
    ]


async def put_within(work: Work, pair: Pair, moved: dict[str, Rows]) -> dict[str, int]:
    """Let the rows of a merge name the loser again; how many of each table were left."""
    known = _declared(pair)
    return {
        name: await known[name].move_back(work, pair, rows) if name in known else len(rows)
        for name, rows in moved.items()
    }
