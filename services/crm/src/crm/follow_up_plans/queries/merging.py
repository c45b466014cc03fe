"""Reads and writes of runs on records that are merged."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from crm.sql import Sql

__all__ = ["continue_run", "count_runs", "lock_runs", "move_runs", "stop_merged"]

_CONTINUE = """insert into follow_up_run (id, plan_id, record_type, record_id, state, steps,
    stop_on_reply, stop_stages, next_step, next_on, started_by, created_at, updated_at)
  select $1, plan_id, record_type, $3, 'running', steps, stop_on_reply, stop_stages, next_step,
    $4, started_by, created_at, $5
  from follow_up_run where id = $2 and next_step < jsonb_array_length(steps)
  on conflict (record_type, record_id, plan_id) where state = 'running' do nothing"""


async def count_runs(sql: Sql, record_type: str, record_id: UUID) -> int:
    """How many runs are or were on the record."""
    count: int = await sql.fetchval(
        "select count(*) from follow_up_run where record_type = $1 and record_id = $2",
        record_type,
        record_id,
    )
    return count


async def lock_runs(sql: Sql, record_type: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The runs on the records by id, which nobody changes until the act ends."""
    rows = await sql.fetch(
        """select id, plan_id, record_id, state, next_step from follow_up_run
           where record_type = $1 and record_id = any($2::uuid[]) order by id for update""",
        record_type,
        list(ids),
    )
    return [dict(row) for row in rows]


async def stop_merged(sql: Sql, ids: Sequence[UUID], now: datetime) -> None:
    """Stop runs whose plan runs on the record by another one."""
    await sql.execute(
        """update follow_up_run set state = 'stopped', stop_reason = 'merged', next_on = null,
             ended_at = $2, updated_at = $2 where id = any($1::uuid[])""",
        list(ids),
        now,
    )


async def move_runs(
    sql: Sql, ids: Sequence[UUID], to: UUID, now: datetime, *, of: UUID | None = None
) -> int:
    """Let runs be on another record, if they are on `of`; how many are."""
    rows = await sql.fetch(
        """update follow_up_run set record_id = $2, updated_at = $3
           where id = any($1::uuid[]) and record_id = coalesce($4::uuid, record_id) returning id""",
        list(ids),
        to,
        now,
        of,
    )
    return len(rows)


async def continue_run(
    sql: Sql, run_id: UUID, of: tuple[UUID, UUID], today: date, now: datetime
) -> None:
    """Begin a run where another one (the first of `of`) was stopped, on the second of `of`.

    Its next step is due today. Nothing is done where the plan runs on the record already.
    """
    await sql.execute(_CONTINUE, run_id, *of, today, now)
