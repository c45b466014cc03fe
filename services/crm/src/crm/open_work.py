"""What users have open: modules declare it, so that it is counted and handed over.

The database promises that no disabled user owns any of it.

declare(OpenWork(type="account", table="account", is_open="status = 'active'", give=give))
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.sql import Sql
from records.entities import Values
from records.types import Change

__all__ = [
    "OpenWork",
    "counts_of",
    "declare",
    "declared",
    "disabled_among",
    "open_ids",
    "without_disabled_owners",
]

Fits = set[tuple[UUID, UUID]]
"""Records and the users who may take them."""


@dataclass(frozen=True, kw_only=True)
class OpenWork:
    """A type of records that users own.

    `owner` is the column of the owner, `is_open` an SQL condition; `give` gives records to users,
    by record, with history and events, and says which it gave (None: all).

    `fitting`: which of the users may take which of the records; None: each takes all. `release`
    takes away from the owner what nobody may take. `order`: the lower are locked and given first.
    """

    type: str
    table: str
    is_open: str
    give: Callable[[Work, Mapping[UUID, UUID]], Awaitable[Collection[UUID] | None]]
    owner: str = "owner_id"
    fitting: Callable[[Reading, Sequence[UUID], Sequence[UUID]], Awaitable[Fits]] | None = None
    release: Callable[[Work, Sequence[UUID]], Awaitable[None]] | None = None
    order: int = 0


_DECLARED: dict[str, OpenWork] = {}


def declare(open_work: OpenWork) -> None:
    """Let records of the type be counted and handed over."""
    _DECLARED[open_work.type] = open_work


def declared() -> list[OpenWork]:
    """All types, in the order in which they are locked, then by name."""
    return sorted(_DECLARED.values(), key=lambda one: (one.order, one.type))


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


async def without_disabled_owners(
    work: Work,
    changes: Sequence[Change[Any]],
    values: Sequence[Values],
    opens: Callable[[Change[Any], Values], bool],
) -> list[Values]:
    """The values of changes; what is taken up again (`opens`) loses an owner who is disabled."""
    both = list(zip(changes, values, strict=True))
    again = [
        not one.is_new and one.record.owner_id and "owner_id" not in given and opens(one, given)
        for one, given in both
    ]
    owners = {one.record.owner_id for one, is_again in zip(changes, again, strict=True) if is_again}
    disabled = await disabled_among(work.sql, owners) if owners else set()
    return [
        {**given, "owner_id": None} if is_again and one.record.owner_id in disabled else given
        for (one, given), is_again in zip(both, again, strict=True)
    ]


async def disabled_among(sql: Sql, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of the users who are disabled."""
    rows = await sql.fetch(
        "select id from local_user where id = any($1::uuid[]) and not active", list(user_ids)
    )
    return {row["id"] for row in rows}
