"""Plans are made one at a time, by whichever worker comes first.

A worker holds a lock while it makes one, which goes with its connection: a plan whose worker was
killed is made by another one. Nothing of a plan is seen before all of it is stored, in the
transaction that lets it be the current one; until then the plan before it stays as it is.
"""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg

from chassis.clock import utc_now
from chassis.service import ServiceContext
from chassis.storage.connections import milliseconds
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from erp.planning.events import PlanChanged
from erp.planning.queries import plans as queries
from erp.planning.queries import storing
from erp.planning.queries.snapshot import ReadSnapshot, read_snapshot
from erp.planning.rules.levels import CircularBill
from erp.planning.service.computing import Computed, compute
from erp.planning.service.working_days import working_days

__all__ = ["make_next_plan", "make_plans"]

POLL_SECONDS = 1.0
UNFORESEEN = (
    "The plan could not be made; the log of the worker says why. Look for quantities of bills of "
    "material and demands that are too large, and ask for a new plan."
)
_LOCK = "select pg_try_advisory_lock(hashtextextended('material_plan', 0))"
log = get_logger("erp.planning")


async def make_plans(context: ServiceContext) -> None:
    """Make the plans that are asked for, until canceled."""
    while True:
        if not await make_next_plan(context.database):
            await asyncio.sleep(POLL_SECONDS)


async def make_next_plan(database: Database) -> bool:
    """Make the plan that is asked for; whether there was one and no other worker makes it."""
    async with database.driver() as sql:
        if not await queries.is_any_asked_for(sql):
            return False
    lock = await database.connect_driver()
    try:
        if not await lock.fetchval(_LOCK):
            return False
        plan_id = await queries.begin(lock)
        if plan_id is None:
            return False
        await _make(database, lock, plan_id)
    finally:
        await lock.close()
    return True


async def _make(database: Database, sql: "asyncpg.Connection[Any]", plan_id: UUID) -> None:
    """Make the plan, or say why there is none: whatever fails, the next one is made.

    Only where the database is lost is it made once more. Raises what a lost database raises.
    """
    try:
        await _read_and_store(database, sql, plan_id)
    except ConnectionError:
        raise
    except CircularBill as refused:
        skus = ", ".join(await queries.skus_of(sql, [UUID(one) for one in refused.items]))
        problem = f"{skus} are made of themselves. Correct a bill of material of these."
        await queries.note_failure(sql, plan_id, problem, utc_now())
    except Exception:
        log.exception("plan_failed", plan_id=str(plan_id))
        await queries.note_failure(sql, plan_id, UNFORESEEN, utc_now())


async def _read_and_store(
    database: Database, sql: "asyncpg.Connection[Any]", plan_id: UUID
) -> None:
    async def progress(percent: int) -> None:
        await queries.note_progress(sql, plan_id, 5 + percent * 85 // 100)

    read_at = await queries.oldest_begun(sql, utc_now())
    async with database.snapshot() as at:
        today = at.today()
        days = working_days(at.setting, today)
        found = await read_snapshot(at.sql, today=today, working_days=days)
    await queries.note_read(sql, plan_id, read_at, today, found.snapshot.digest())
    await progress(0)
    computed = await compute(found.snapshot, progress)
    await _store(database, plan_id, found, computed)


async def _store(
    database: Database, plan_id: UUID, found: ReadSnapshot, computed: Computed
) -> None:
    """Store all of the plan, and let it be the current one, in one transaction."""
    async with database.transaction() as work:
        longer = milliseconds(work.setting.settings.job_timeout_seconds)
        await work.sql.execute("select set_config('statement_timeout', $1, true)", longer)
        await storing.store(work.sql, plan_id, found, computed)
        plan = await queries.finish(work.sql, plan_id, computed[0].digest(), work.now)
        await work.record(PlanChanged.model_validate(plan))
