"""Schedule tries are made one at a time, by whichever worker comes first.

A worker holds a lock while it makes one, which goes with its connection. What the rule found is
stored before the solver begins: whatever becomes of that, the rule's result stands. Nothing that
is published changes by a try.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis.clock import utc_now
from chassis.service import ServiceContext
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from erp.scheduling.queries import tries as queries
from erp.scheduling.schemas.tries import OrderChange, Profile
from erp.scheduling.service.building import Built, build
from erp.scheduling.service.computing import Computed, SolverStopped, by_rule, improved
from erp.scheduling.service.results import Words, figures_of, result_of
from erp.scheduling.states import ScheduleMethod

__all__ = ["CHANGES", "make_next_try", "make_tries"]

POLL_SECONDS = 1.0
UNFORESEEN = (
    "The schedule could not be made; the log of the worker says why. Ask for a new one by the rule."
)
IMPOSSIBLE = "No schedule can exist; the conflicts say why."
STOPPED = (
    "The solver was stopped before it was done, or is not installed: this is the schedule of the"
    " rule."
)
_LOCK = "select pg_try_advisory_lock(hashtextextended('schedule_try', 0))"
CHANGES = TypeAdapter(list[OrderChange])
log = get_logger("erp.scheduling")


async def make_tries(context: ServiceContext) -> None:
    """Make the tries that are asked for, until canceled."""
    while True:
        if not await make_next_try(context.database):
            await asyncio.sleep(POLL_SECONDS)


async def make_next_try(database: Database) -> bool:
    """Make the try that is asked for; whether there was one and no other worker makes it."""
    async with database.driver() as sql:
        if not await queries.is_any_asked_for(sql):
            return False
    lock = await database.connect_driver()
    try:
        if not await lock.fetchval(_LOCK):
            return False
        begun = await queries.begin(lock)
        if begun is None:
            return False
        await _make(database, lock, begun)
    finally:
        await lock.close()
    return True


async def _make(
    database: Database, sql: "asyncpg.Connection[Any]", begun: Mapping[str, Any]
) -> None:
    """Make the try, or say why there is none: whatever fails, the next one is made.

    Only where the database is lost is it made once more. Raises what a lost database raises.
    """
    try_id: UUID = begun["id"]
    if begun["has_result"]:
        stopped = STOPPED if begun["method"] == ScheduleMethod.SOLVER else None
        await queries.note_ready(sql, try_id, stopped, utc_now())
        return
    try:
        await _read_and_compute(database, sql, begun)
    except ConnectionError:
        raise
    except Exception:
        log.exception("schedule_try_failed", try_id=str(try_id))
        await queries.note_failure(sql, try_id, UNFORESEEN, [], utc_now())


async def _read_and_compute(
    database: Database, sql: "asyncpg.Connection[Any]", begun: Mapping[str, Any]
) -> None:
    try_id: UUID = begun["id"]
    profile = Profile.model_validate_json(begun["profile"])
    changes = CHANGES.validate_json(begun["changes"])
    async with database.snapshot() as at:
        built = await build(at, utc_now(), profile, changes)
    base = built.rows.base_id
    await queries.note_read(sql, try_id, built.problem.origin, base, built.input_hash)
    found = await by_rule(built.problem)
    if not isinstance(found, Computed):
        conflicts = Words(built).conflicts(found)
        await queries.note_failure(sql, try_id, IMPOSSIBLE, conflicts, utc_now())
        return
    await _store(sql, try_id, built, found, 10)
    stopped = None
    if begun["method"] == ScheduleMethod.SOLVER:
        try:
            await _improve(sql, try_id, built, found, profile.solver_seconds)
        except SolverStopped as ended:
            log.warning("solver_stopped", try_id=str(try_id), reason=str(ended))
            stopped = STOPPED
        except ConnectionError:
            raise
        except Exception:
            # Whatever becomes of the solver, what the rule found stands.
            log.exception("solver_failed", try_id=str(try_id))
            stopped = STOPPED
    await queries.note_ready(sql, try_id, stopped, utc_now())


async def _improve(
    sql: "asyncpg.Connection[Any]", try_id: UUID, built: Built, found: Computed, seconds: int
) -> None:
    async def progress(percent: int) -> bool:
        return await queries.note_progress(sql, try_id, 10 + percent * 85 // 100)

    better = await improved(built.problem, found.schedule, seconds, progress)
    await _store(sql, try_id, built, better, 95)


async def _store(
    sql: "asyncpg.Connection[Any]", try_id: UUID, built: Built, computed: Computed, percent: int
) -> None:
    result = result_of(built, computed)
    figures = figures_of(computed, result)
    await queries.note_result(sql, try_id, result.model_dump(mode="json"), percent, figures)
