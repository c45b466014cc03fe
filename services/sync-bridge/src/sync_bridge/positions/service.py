"""How far the bridge is, and waiting until it is as far as someone needs it."""

import asyncio
from collections.abc import Sequence

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.database import Database
from chassis.work.unit_of_work import Work
from sync_bridge.explanations import Explanation
from sync_bridge.inbox import service as inbox
from sync_bridge.positions import queries
from sync_bridge.positions.schemas import (
    BackfillView,
    FollowedView,
    LanesView,
    Reached,
    SourceView,
    StandingView,
    StatusView,
    UnreachableView,
)
from sync_bridge.settings import BridgeSettings
from sync_bridge.signals import SETTLED
from sync_bridge.states import SourceState
from sync_bridge.translator import Translator

__all__ = ["backfills", "begin_backfill", "followed", "status", "wait_until_reached"]

SILENT, UNKNOWN = "silent", "unknown"
SILENT_SECONDS = 30.0
"""A worker tells of each source every ten seconds."""
LANES_MAX = 20
"""Lanes that are named to someone who waits."""

NO_ANSWER = (
    "{name} does not answer since {since} ({reason}). What is new there is not known; "
    "it is asked again by itself."
)
UNREACHABLE = {
    SourceState.REFUSED: (
        "{name} refuses the bridge's key since {since} ({reason}): give it a valid one."
    ),
    SourceState.STARTING: "{name} has not answered yet ({reason}).",
    SILENT: "Nothing was told of {name} since {since}: does the bridge's worker run?",
    UNKNOWN: "{name} was never followed: does the bridge's worker run?",
}

ASKED = "asked"
HALVES = ("crm", "erp")
LOOK_SECONDS = 0.2
"""Looked at again this often, as settling in another process counts no signal here."""


async def followed(reading: Reading) -> list[FollowedView]:
    """How following each source goes."""
    return [FollowedView(**dict(row)) for row in await queries.followed(reading.sql)]


async def backfills(reading: Reading) -> list[BackfillView]:
    """How far each half's records were read as they are."""
    return [BackfillView(**dict(row)) for row in await queries.backfills(reading.sql)]


async def begin_backfill(work: Work, half: str) -> BackfillView:
    """Let all records of a half be read as they are now."""
    await inbox.begin_backfill(work, half, reason=ASKED)
    return next(one for one in await backfills(work) if one.half == half)


async def status(reading: Reading, settings: BridgeSettings, translator: Translator) -> StatusView:
    """How far every source is, and what is stopped."""
    idle = not settings.connects
    unreachable = await _unreachable(reading, settings.source_names, translator)
    seen = [
        SourceView(**dict(row), drained=row["pending"] == 0)
        for row in await queries.sources(reading.sql)
    ]
    found = await queries.counts(reading.sql)
    read = await backfills(reading)
    all_read = all(one.finished_at for one in read) and (idle or len(read) == len(HALVES))
    return StatusView(
        drained=all_read and not unreachable and all(one.drained for one in seen),
        unreachable=unreachable,
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


async def _unreachable(
    reading: Reading, names: Sequence[str], translator: Translator
) -> list[UnreachableView]:
    """Those of the sources that are not followed now."""
    found = []
    for row in await queries.conditions(reading.sql, names, silent_seconds=SILENT_SECONDS):
        state, since = row["state"] or UNKNOWN, row["answered_at"]
        if row["silent"]:
            state, since = SILENT, row["told_at"]
        elif state == SourceState.STARTING:
            since = None
        if state == SourceState.FOLLOWING:
            continue
        facts = {"name": row["name"], "since": since and f"{since:%Y-%m-%d %H:%M:%S %Z}"}
        text = UNREACHABLE.get(state, NO_ANSWER)
        sentence = Explanation.of(text, reason=row["reason"] or "", **facts)
        found.append(
            UnreachableView(
                name=row["name"],
                state=state,
                since=since,
                reason=row["reason"] or "",
                explanation=translator.write(sentence),
            )
        )
    return found


async def wait_until_reached(
    database: Database,
    settings: BridgeSettings,
    service: str,
    feed_seq: int,
    *,
    timeout_seconds: float,
) -> Reached:
    """Wait until everything of the service's feed up to the position is across.

    Ends earlier when all the rest is stopped. Holds no connection while it waits. Raises
    InvalidInput (no such source).
    """
    standing_seconds = settings.standing_seconds
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout_seconds
    while True:
        seen = SETTLED.count
        async with database.reading() as reading:
            at = await _progress(reading, service, feed_seq, standing_seconds=standing_seconds)
        left = deadline - clock()
        blocked = at.mark >= feed_seq and at.moving == 0 and at.standing > 0
        if at.reached or blocked or left <= 0:
            return await _with_lanes(database, at, standing_seconds=standing_seconds)
        await SETTLED.wait(seen, min(LOOK_SECONDS, left))


async def _with_lanes(database: Database, at: Reached, *, standing_seconds: float) -> Reached:
    """The same with the lanes that are stopped."""
    if not at.standing:
        return at
    async with database.reading() as reading:
        rows = await queries.blocked_lanes(
            reading.sql,
            at.source,
            at.feed_seq,
            standing_seconds=standing_seconds,
            most=LANES_MAX,
        )
    return at.model_copy(update={"lanes": [StandingView(**dict(row)) for row in rows]})


async def _progress(
    reading: Reading, service: str, feed_seq: int, *, standing_seconds: float
) -> Reached:
    row = await queries.position_of(reading.sql, service)
    if row is None and service not in HALVES:
        wrong = FieldError("/query/source", "unknown_source", "No such source is followed.")
        raise InvalidInput(errors=[wrong])
    if row is None:
        reached = feed_seq == 0
        return Reached(
            source=service,
            feed_seq=feed_seq,
            reached=reached,
            mark=0,
            moving=0,
            standing=0,
            lanes=[],
        )
    source, mark = row["source"], row["mark"]
    history, in_order = row["history"], row["in_order"]
    mark = await inbox.current_mark(reading, source, mark, history=history, in_order=in_order)
    moving, standing = await queries.count_open(
        reading.sql, row["source"], feed_seq, standing_seconds=standing_seconds
    )
    return Reached(
        source=row["source"],
        feed_seq=feed_seq,
        reached=mark >= feed_seq and moving == 0 and standing == 0,
        mark=mark,
        moving=moving,
        standing=standing,
        lanes=[],
    )
