"""What users have open: modules declare it, so that it is counted and handed over.

declare(OpenWork(type="account", table="account", is_open="status = 'active'", give=give))
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from chassis.work.unit_of_work import Work
from crm.sql import Sql

__all__ = ["OpenWork", "counts_of", "declare", "declared", "open_ids"]


@dataclass(frozen=True, kw_only=True)
class OpenWork:
    """A type of records that users own.

    `owner` is the column of the owner, `is_open` an SQL condition; `give` gives records to users,
    by record, with history and events.
    """

    type: str
    table: str
    is_open: str
    give: Callable[[Work, Mapping[UUID, UUID]], Awaitable[None]]
    owner: str = "owner_id"


_DECLARED: dict[str, OpenWork] = {}


def declare(open_work: OpenWork) -> None:
    """Let records of the type be counted and handed over."""
    _DECLARED[open_work.type] = open_work


def declared() -> list[OpenWork]:
    """All types, by name."""
    return [_DECLARED[name] for name in sorted(_DECLARED)]


async def counts_of(sql: Sql, user_id: UUID) -> dict[str, int]:
    """How many open records of each type the user owns; types without any are left out."""
    parts = [
        f"select '{one.type}' as type, count(*) as open from {one.table}"
        f" where {one.owner} = $1 and {one.is_open}"
        for one in declared()
    ]
    if not parts:
        return {}
    rows = await sql.fetch(" union all ".join(parts), user_id)
    return {row["type"]: row["open"] for row in rows if row["open"]}


async def open_ids(sql: Sql, kind: OpenWork, user_id: UUID) -> list[UUID]:
    """The open records of a type that the user owns, the oldest first."""
    rows = await sql.fetch(
        f"select id from {kind.table} where {kind.owner} = $1 and {kind.is_open} order by id",
        user_id,
    )
    return [row["id"] for row in rows]
