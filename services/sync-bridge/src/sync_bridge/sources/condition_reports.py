"""Tells the database how a source is doing: the status answer may be another process's."""

import asyncio
from typing import NoReturn

from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from sync_bridge.sources.port import Condition

__all__ = ["report_condition", "save_condition"]

REPORT_SECONDS = 2.0
QUIET_REPORTS = 5
"""While nothing changes, only each so many times is told that the source is still followed."""

SAVE = """insert into source_condition
    (name, state, reason, missing, failures, answered_at, told_at)
  values ($1, $2, $3, $4, $5, now() - make_interval(secs => $6), now())
  on conflict (name) do update set state = excluded.state, reason = excluded.reason,
    missing = excluded.missing, failures = excluded.failures, answered_at = excluded.answered_at,
    told_at = excluded.told_at"""
_log = get_logger("sync_bridge.sources")


async def report_condition(database: Database, condition: Condition) -> NoReturn:
    """Tell at once what changed, and now and then that nothing did, until cancelled."""
    reported, quiet = None, 0
    while True:
        now = (condition.state, condition.reason, condition.missing)
        quiet += 1
        if now != reported or quiet >= QUIET_REPORTS:
            try:
                await save_condition(database, condition)
                reported, quiet = now, 0
            except LOST as broken:
                _log.warning("condition_not_told", error=type(broken).__name__)
        await asyncio.sleep(REPORT_SECONDS)


async def save_condition(database: Database, condition: Condition) -> None:
    """Write how the source is doing now."""
    async with database.driver() as sql:
        await sql.execute(
            SAVE,
            condition.name,
            condition.state,
            condition.reason,
            condition.missing,
            condition.failures,
            condition.seconds_since_answer,
        )
