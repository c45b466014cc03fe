"""Keeping the outbox: months made ahead, months dropped that nobody needs any more.

A month is dropped whole, and only when its last day is older than the retention time, every row
of it has its number, and the relay and every named consumer of the feed have read it. A consumer
that has not come for long is forgotten, and so is the relay's place where no broker is set: either
would keep the outbox for ever. A consumer that comes back too late is answered 410.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.service import JobHandler
from chassis.telemetry.logs import get_logger
from chassis.work.unit_of_work import Work

__all__ = ["UPKEEP_EVERY", "UPKEEP_KIND", "outbox_upkeep"]

UPKEEP_KIND = "outbox-upkeep"
UPKEEP_EVERY = timedelta(hours=6)


_FORGET_CONSUMERS = """delete from feed_consumer
  where seen_at < now() - make_interval(days => $1) returning name, feed_seq"""
_FORGET_RELAY = """delete from relay_mark
  where pg_try_advisory_xact_lock(hashtextextended('outbox_relay', 0)) returning feed_seq"""
"""A relay of another process that still runs holds that lock."""
log = get_logger("chassis.events")


def outbox_upkeep(keep_days: int, *, consumer_days: int, relays: bool) -> JobHandler:
    """The job that makes and drops the outbox's months. A month that is in use waits for the next.

    Both act as the owner of the tables, through functions of the database that do nothing else.
    """

    async def upkeep(work: Work, _payload: Mapping[str, Any]) -> None:
        await work.sql.execute("select outbox_prepare()")
        for row in await work.sql.fetch(_FORGET_CONSUMERS, consumer_days):
            log.warning("feed_consumer_forgotten", consumer=row["name"], at=row["feed_seq"])
        for row in [] if relays else await work.sql.fetch(_FORGET_RELAY):
            log.warning("relay_mark_forgotten", at=row["feed_seq"])
        await work.sql.execute("select outbox_purge($1)", keep_days)

    return upkeep
