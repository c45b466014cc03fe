"""Housekeeping: what every service forgets in time, as a job of its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.service import JobHandler
from chassis.work.unit_of_work import Work

__all__ = ["EVERY", "KIND", "housekeeping"]

KIND = "chassis.housekeeping"
EVERY = timedelta(hours=1)
_DONE_JOBS_KEPT = timedelta(days=14)
_AT_ONCE = 10_000


def housekeeping(idempotency_days: int) -> JobHandler:
    """The job: forgets used idempotency keys and done jobs.

    Each pass takes at most 10,000 rows of a table, oldest first; a full pass asks for another.
    """

    async def clear(work: Work, _payload: Mapping[str, Any]) -> None:
        keys_until = work.now - timedelta(days=idempotency_days)
        gone = await work.sql.fetchval(_KEYS, keys_until, _AT_ONCE)
        gone = max(gone, await work.sql.fetchval(_JOBS, work.now - _DONE_JOBS_KEPT, _AT_ONCE))
        if gone == _AT_ONCE:
            work.enqueue(KIND, {}, key="again")

    return clear


_KEYS = """with old as (
    select actor, key from idempotency_key where created_at < $1
     order by created_at limit $2 for update skip locked),
  gone as (delete from idempotency_key k using old
    where (k.actor, k.key) = (old.actor, old.key) returning 1)
  select count(*) from gone"""

_JOBS = """with old as (
    select id from job where state = 'done' and created_at < $1
     order by created_at limit $2 for update skip locked),
  gone as (delete from job using old where job.id = old.id returning 1)
  select count(*) from gone"""
