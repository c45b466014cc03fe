"""What a person does to lanes: retry, skip, resume a flow. Each act is kept, with who and why."""

from typing import TYPE_CHECKING

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from sync_bridge.lanes import queries
from sync_bridge.lanes.events import LaneResumed
from sync_bridge.lanes.models import Hole, Lane, LaneAct

if TYPE_CHECKING:
    from chassis.storage.work import Work

__all__ = ["resume_flow", "retry_lane", "skip_event"]

SKIP = """update inbox set state = 'skipped', outcome = 'skipped', settled_at = now()
  where lane = $1 and state = 'received' and aggversion <= $2
  returning source, event_id, aggversion"""


async def retry_lane(work: "Work", key: str, *, note: str) -> Lane:
    """Carry a lane that stands still again, from where it stands, in order (B34).

    Raises NotFound, LaneNotParked.
    """
    lane = await _lane_for_update(work, key)
    reason = lane.reason
    lane.resume(work.now)
    await _tell(work, lane, act="retry", note=note, reason=reason)
    return lane


async def skip_event(work: "Work", key: str, *, note: str) -> Lane:
    """Go on behind the event that holds the lane; it leaves a hole that stays visible (B34).

    Raises NotFound, LaneNotParked.
    """
    lane = await _lane_for_update(work, key)
    reason, upto = lane.reason, lane.blocked_version or lane.applied_version
    skipped = await work.sql.fetch(SKIP, key, upto)
    lane.skip(work.now, skipped=len(skipped), upto=upto)
    for row in skipped:
        work.session.add(
            Hole(
                id=uuid7(),
                lane=key,
                source=row["source"],
                event_id=row["event_id"],
                aggversion=row["aggversion"],
                actor=work.actor.reference,
                note=note,
                at=work.now,
            )
        )
    await _tell(work, lane, act="skip", note=note, reason=reason)
    return lane


async def resume_flow(work: "Work", kind: str) -> None:
    """Let the lanes of a kind move again now, as after a new key. Raises NotFound."""
    if not await queries.unpause(work.sql, kind):
        raise NotFound(entity="pause", id=kind)


async def _lane_for_update(work: "Work", key: str) -> Lane:
    lane = await work.session.get(Lane, key, with_for_update=True)
    if lane is None:
        raise NotFound(entity="lane", id=key)
    return lane


async def _tell(work: "Work", lane: Lane, *, act: str, note: str, reason: str | None) -> None:
    """Keep what was done, and tell everyone that the lane moves."""
    work.session.add(
        LaneAct(
            id=uuid7(),
            lane=lane.key,
            act=act,
            actor=work.actor.reference,
            note=note,
            reason=reason,
            at=work.now,
        )
    )
    await work.record(
        LaneResumed(
            id=lane.id,
            version=lane.version,
            changed=["reason"],
            lane=lane.key,
            kind=lane.kind,
            subject=lane.subject,
            applied_version=lane.applied_version,
            pending=lane.pending,
        )
    )
