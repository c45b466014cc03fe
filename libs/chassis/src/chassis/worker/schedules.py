"""The clock: turns a service's schedules into jobs, once for each period, whoever asks.

Periods are counted from 1970 in UTC, so every worker agrees on their numbers. A period that passed
while no worker ran is not made up for: the job of the present one does the work.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from chassis.ids import uuid7
from chassis.service import Schedule

__all__ = ["enqueue_due", "period_of"]


def period_of(schedule: Schedule, at: datetime) -> int:
    """The number of the schedule's period that holds the instant."""
    return int(at.timestamp() // schedule.every.total_seconds())


async def enqueue_due(
    sql: "asyncpg.Connection[Any]", schedules: Sequence[Schedule], *, now: datetime
) -> list[str]:
    """Queue a job for each schedule whose present period has none yet; the schedules' names."""
    if not schedules:
        return []
    rows = await sql.fetch(
        _ENQUEUE,
        [schedule.name for schedule in schedules],
        [period_of(schedule, now) for schedule in schedules],
        [uuid7() for _ in schedules],
        [schedule.kind for schedule in schedules],
        now,
    )
    return [row["name"] for row in rows]


_ENQUEUE = """with asked as (
    select * from unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[])
      as asked(name, period, id, kind) order by name),
  fresh as (
    insert into schedule_mark (name, period) select name, period from asked
    on conflict (name) do update set period = excluded.period
      where schedule_mark.period < excluded.period
    returning name),
  queued as (
    insert into job (id, kind, payload, key, run_at)
    select id, kind, '{}'::jsonb, 'schedule:' || name, $5::timestamptz
      from asked join fresh using (name)
    on conflict (kind, key) where state = 'queued' and key is not null do nothing)
  select name from fresh order by name"""
"""A waiting job of an earlier period stands for the present one too."""
