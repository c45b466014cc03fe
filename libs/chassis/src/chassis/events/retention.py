"""Keeping the outbox: months made ahead, months dropped that nobody needs any more.

A month is dropped whole, and only when its last day is older than the retention time, every row
of it has its number, and the relay and every named consumer of the feed have read it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chassis.service import JobHandler
    from chassis.storage.work import Work

__all__ = ["UPKEEP_EVERY", "UPKEEP_KIND", "outbox_upkeep"]

UPKEEP_KIND = "outbox-upkeep"
UPKEEP_EVERY = timedelta(hours=6)


def outbox_upkeep(keep_days: int) -> "JobHandler":
    """The job that makes and drops the outbox's months. A month that is in use waits for the next.

    Both act as the owner of the tables, through functions of the database that do nothing else.
    """

    async def upkeep(work: "Work", _payload: Mapping[str, Any]) -> None:
        await work.sql.execute("select outbox_prepare()")
        await work.sql.execute("select outbox_purge($1)", keep_days)

    return upkeep
