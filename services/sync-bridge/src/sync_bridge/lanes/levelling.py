"""Brings records' present states across whatever was sent before, in their ordinary lanes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sync_bridge.flows import BY_EVENT
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import queries

if TYPE_CHECKING:
    from chassis.work.unit_of_work import Work

__all__ = ["bring", "forget"]


async def bring(work: "Work", states: Sequence[ReceivedEvent]) -> set[UUID]:
    """Line up the states, each of a record of its own; ids of those that were.

    A lane that is being delivered just now is left for the next time. One that is stopped goes on.
    """
    lanes = {one.event_id: BY_EVENT[one.type].lane(one.subject) for one in states}
    busy = set(await queries.lock_unleased(work.sql, sorted(lanes.values())))
    taken = [one for one in states if lanes[one.event_id] not in busy]
    if taken:
        await inbox.ingest(work, taken)
        await queries.level(work.sql, [(lanes[one.event_id], one) for one in taken])
    return {one.event_id for one in taken}


async def forget(work: "Work", *, days: int) -> None:
    """Forget marks of states that the inbox has forgotten by now."""
    await work.sql.execute(
        "delete from levelled_state where at < now() - make_interval(days => $1)", days
    )
