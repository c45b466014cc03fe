"""What became of ids: a record that was merged is another one now."""

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from chassis.problems.problem import Problem
from chassis.storage.reading import Reading

__all__ = ["RecordMerged", "losers_of", "winner_of"]


class RecordMerged(Problem):
    """The record is another one now."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "record_merged"
    title: ClassVar[str] = "The record was merged into another one"
    detail: ClassVar[str] = "The {entity} {id} was merged into {into_id}. Use that one."


_WINNER = """with recursive chain(id, place) as (
    select $2::uuid, 0
    union all select m.winner_id, c.place + 1 from chain c join record_merge m
      on m.record_type = $1 and m.loser_id = c.id and m.undone_at is null)
  select id from chain where place > 0 order by place desc limit 1"""
_LOSERS = """with recursive below(id) as (
    select unnest($2::uuid[])
    union select m.loser_id from below b join record_merge m
      on m.record_type = $1 and m.winner_id = b.id and m.undone_at is null)
  select id from below order by id"""


async def winner_of(at: Reading, record_type: str, record_id: UUID) -> UUID | None:
    """The record that the merged one is now; None: it was not merged."""
    found: UUID | None = await at.sql.fetchval(_WINNER, record_type, record_id)
    return found


async def losers_of(at: Reading, record_type: str, ids: Collection[UUID]) -> list[UUID]:
    """The ids, and those of all records that were merged into them."""
    rows = await at.sql.fetch(_LOSERS, record_type, list(ids))
    return [row["id"] for row in rows]
