"""A record that waited for its assignment was merged: the other one waits in its place."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.assignment import queries
from records.merging.moving import Pair
from records.merging.within import NamedWithin

__all__ = ["NAMED_WITHIN"]


async def _count(at: Reading, record_type: str, record_id: UUID) -> int:
    return int(await queries.is_waiting(at.sql, record_type, record_id))


async def _move(work: Work, pair: Pair) -> list[dict[str, Any]]:
    """Let the winner wait since then, unless it waits or was decided itself.

    Where it has an owner, or is not open, the next decision takes it out of the queue.
    """
    rows = await queries.take_waiting(work.sql, pair.kind.name, pair.loser_id)
    await queries.wait_instead(work.sql, rows, pair.winner_id)
    return rows


async def _move_back(work: Work, pair: Pair, rows: Sequence[Mapping[str, Any]]) -> int:
    """Let the loser wait as it did, and the winner no more where it waited in its place."""
    await queries.end_waiting_of(work.sql, [UUID(str(one["id"])) for one in rows])
    await queries.wait_instead(work.sql, rows, pair.loser_id)
    return 0


NAMED_WITHIN = NamedWithin(
    table="assignment_waiting",
    column="subject_id",
    count=_count,
    move=_move,
    move_back=_move_back,
)
"""What merges make of the queue."""
