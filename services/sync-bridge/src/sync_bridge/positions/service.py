"""How far the bridge is, and waiting until it is as far as someone needs it."""

import asyncio
from typing import TYPE_CHECKING

from sync_bridge.bells import SETTLED
from sync_bridge.inbox import service as inbox
from sync_bridge.positions import queries
from sync_bridge.positions.schemas import (
    BackfillView,
    FollowedView,
    LanesView,
    Reached,
    SourceView,
    StatusView,
)

if TYPE_CHECKING:
    from chassis.storage.database import Database
    from chassis.storage.work import Reading, Work

__all__ = ["backfills", "begin_backfill", "followed", "status", "wait_until_reached"]

ASKED = "asked"
HALVES = 2
LOOK_SECONDS = 0.2
"""Looked at again this often, as settling in another process rings no bell here."""


async def followed(reading: "Reading") -> list[FollowedView]:
    """How following each source goes."""
    return [FollowedView(**dict(row)) for row in await queries.followed(reading.sql)]


async def backfills(reading: "Reading") -> list[BackfillView]:
    """How far each half's records were read as they are."""
    return [BackfillView(**dict(row)) for row in await queries.backfills(reading.sql)]


async def begin_backfill(work: "Work", half: str) -> BackfillView:
    """Let all records of a half be read as they are now."""
    await inbox.begin_backfill(work, half, reason=ASKED)
    return next(one for one in await backfills(work) if one.half == half)


async def status(reading: "Reading", *, idle: bool) -> StatusView:
    """How far every source is, and what stands still."""
    seen = [
        SourceView(**dict(row), drained=row["pending"] == 0)
        for row in await queries.sources(reading.sql)
    ]
    found = await queries.figures(reading.sql)
    read = await backfills(reading)
    all_read = all(one.finished_at for one in read) and (idle or len(read) == HALVES)
    return StatusView(
        drained=all_read and all(one.drained for one in seen),
        idle=idle,
        sources=seen,
        following=await followed(reading),
        backfills=read,
        lanes=LanesView(ready=found["ready"], waiting=found["waiting"], parked=found["parked"]),
        unknown_events=found["unknown"],
        quarantined=found["quarantined"],
        open_reviews=found["reviews"],
        paused_flows=list(found["paused"]),
    )


async def wait_until_reached(
    database: "Database", service: str, feed_seq: int, *, timeout_seconds: float
) -> Reached:
    """Wait until everything of the service's feed up to the position is across.

    Ends earlier when what is left waits for a person. Holds no connection while it waits.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout_seconds
    while True:
        rung = SETTLED.rings
        async with database.reading() as reading:
            at = await _look(reading, service, feed_seq)
        left = deadline - clock()
        blocked = at.mark >= feed_seq and at.moving == 0 and at.standing > 0
        if at.reached or blocked or left <= 0:
            return at
        await SETTLED.wait(rung, min(LOOK_SECONDS, left))


async def _look(reading: "Reading", service: str, feed_seq: int) -> Reached:
    row = await queries.position_of(reading.sql, service)
    if row is None:
        return Reached(
            source=service, feed_seq=feed_seq, reached=feed_seq == 0, mark=0, moving=0, standing=0
        )
    mark = await inbox.mark_now(reading, row["source"], row["mark"])
    moving, standing = await queries.open_upto(reading.sql, row["source"], feed_seq)
    return Reached(
        source=row["source"],
        feed_seq=feed_seq,
        reached=mark >= feed_seq and moving == 0 and standing == 0,
        mark=mark,
        moving=moving,
        standing=standing,
    )
