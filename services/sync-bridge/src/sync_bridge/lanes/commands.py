"""What a person does to lanes: retry, skip, resume a flow. Each act is kept, with who and why."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from chassis.http.dependencies import ViewOf
from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.paging import PageQuery
from chassis.work.unit_of_work import Work
from sync_bridge.flows import BY_EVENT
from sync_bridge.identity import service as identity
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import queries, views
from sync_bridge.lanes.events import LaneResumed
from sync_bridge.lanes.models import Hole, Lane, LaneAct
from sync_bridge.lanes.schemas import HeldLaneQuery, LanesRetried, RetriedView, RetryLanes
from sync_bridge.lanes.stopped import ReviewNeeded

__all__ = [
    "forget_levelled",
    "resume_flow",
    "retry_lane",
    "retry_lanes",
    "retry_requested",
    "send_states",
    "skip_event",
]

UPTO = """select coalesce(
    min(history) filter (where aggversion = $2 and (history, aggversion) > ($3, $4)),
    max(history), $3) from inbox where lane = $1 and settled_at is null"""
"""The history of the event that holds the lane: its version alone may be that of two."""

SKIP = """update inbox set state = 'skipped', outcome = 'skipped', settled_at = now()
  where lane = $1 and settled_at is null and (history, aggversion) <= ($2, $3)
  returning source, event_id, aggversion"""


async def retry_lane(work: Work, name: str, *, note: str) -> str:
    """Deliver a lane that is held again now, from where it stands, in order (B34); its key.

    The lane is given by its key or id. Where its flow is paused, the pause is lifted for one try.
    Raises NotFound, LaneNotParked, LaneMoving.
    """
    (done,) = await retry_lanes(work, [name], note=note)
    if isinstance(done, Problem):
        raise done
    return done.key


async def retry_lanes(work: Work, names: Sequence[str], *, note: str) -> list[Lane | Problem]:
    """Deliver lanes again as `retry_lane` does, each judged alone: the lane, or why not."""
    found = await _lanes_for_update(work, names)
    lanes = {lane.key: lane for lane in found.values()}
    paused = await queries.paused(work.sql, sorted({lane.kind for lane in lanes.values()}))
    refused: dict[str, Problem] = {}
    acts = []
    for lane in lanes.values():
        reason = lane.reason
        try:
            lane.retry(work.now, paused=lane.kind in paused)
        except Problem as why:
            refused[lane.key] = why
        else:
            acts.append((lane, reason))
    await _keep(work, acts, act="retry", note=note)
    await queries.lift_pauses(work.sql, sorted({lane.kind for lane, _ in acts} & paused))
    return [
        refused.get(found[name].key) or found[name]
        if name in found
        else NotFound(entity="lane", id=name)
        for name in names
    ]


async def retry_requested(work: Work, command: RetryLanes, *, view_of: ViewOf) -> LanesRetried:
    """Retry the lanes named, or those the filter finds that stand for longest."""
    names, more = command.lanes or [], False
    if command.filter is not None:
        query = HeldLaneQuery.model_validate(command.filter.model_dump())
        page = await views.LANES.page(work, query, PageQuery(limit=command.limit))
        names, more = [lane.key for lane in page.items], page.next_cursor is not None
    names = list(dict.fromkeys(names))
    done = await retry_lanes(work, names, note=command.note)
    items = [
        RetriedView(lane=name, status="failed", problem=view_of(one))
        if isinstance(one, Problem)
        else RetriedView(lane=one.key, status="retried")
        for name, one in zip(names, done, strict=True)
    ]
    retried = sum(item.status == "retried" for item in items)
    return LanesRetried(items=items, retried=retried, more=more)


async def skip_event(work: Work, name: str, *, note: str) -> str:
    """Go on behind the event that holds the lane; it leaves a hole that stays visible (B34).

    The key of the lane, which is given by its key or id. Raises NotFound, LaneNotParked.
    """
    found = await _lanes_for_update(work, [name])
    if name not in found:
        raise NotFound(entity="lane", id=name)
    lane = found[name]
    reason, version = lane.reason, lane.blocked_version or lane.applied_version
    applied = (lane.applied_history, lane.applied_version)
    history = await work.sql.fetchval(UPTO, lane.key, version, *applied)
    skipped = await work.sql.fetch(SKIP, lane.key, history, version)
    lane.skip(work.now, skipped=len(skipped), upto=(history, version))
    if reason == ReviewNeeded.reason:
        await _withdraw_review(work, lane)
    work.session.add_all(
        Hole(
            id=uuid7(),
            lane=lane.key,
            source=row["source"],
            event_id=row["event_id"],
            aggversion=row["aggversion"],
            actor=work.actor.reference,
            note=note,
            at=work.now,
        )
        for row in skipped
    )
    await _keep(work, [(lane, reason)], act="skip", note=note)
    return lane.key


async def _withdraw_review(work: Work, lane: Lane) -> None:
    """Nothing waits for the answer any more; whoever waits for it across asks anew."""
    half, _, entity = lane.kind.partition(".")
    need = identity.review_need(entity, half, lane.subject)
    await identity.lock_needs(work, [need])
    await identity.withdraw_review(work, entity, half, lane.subject)
    await queries.wake(work.sql, [need])


async def resume_flow(work: Work, kind: str) -> None:
    """Let the lanes of a kind move again now, as after a new key. Raises NotFound."""
    if not await queries.unpause(work.sql, kind):
        raise NotFound(entity="pause", id=kind)


async def _lanes_for_update(work: Work, names: Sequence[str]) -> dict[str, Lane]:
    """The lanes of those keys or ids, locked in key order, by the name they were asked for."""
    keys = await views.keys_of(work, names)
    asked = select(Lane).where(Lane.key.in_(keys.values())).order_by(Lane.key)
    lanes = {lane.key: lane for lane in await work.session.scalars(asked.with_for_update())}
    return {name: lanes[key] for name, key in keys.items() if key in lanes}


async def _keep(
    work: Work, done: Sequence[tuple[Lane, str | None]], *, act: str, note: str
) -> None:
    """Keep what was done to lanes that stood for those reasons, and publish that they move."""
    work.session.add_all(
        LaneAct(
            id=uuid7(),
            lane=lane.key,
            act=act,
            actor=work.actor.reference,
            note=note,
            reason=reason,
            at=work.now,
        )
        for lane, reason in done
    )
    await work.flush()
    await work.record(
        *(
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
            for lane, _ in done
        )
    )


async def send_states(work: Work, states: Sequence[ReceivedEvent]) -> set[UUID]:
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


async def forget_levelled(work: Work, *, days: int) -> None:
    """Forget marks of states that the inbox has forgotten by now."""
    await work.sql.execute(
        "delete from levelled_state where at < now() - make_interval(days => $1)", days
    )
