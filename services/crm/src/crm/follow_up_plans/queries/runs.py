"""Reads and set-based writes of runs."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm.accounts.service.contacts import CONTACT
from crm.follow_up_plans.models import FollowUpRun
from crm.follow_up_plans.schemas import FollowUpPlanView, FollowUpRunQuery, FollowUpRunView
from crm.follow_up_plans.states import StopReason
from crm.leads.service.leads import LEAD
from crm.opportunities.service.opportunities import OPPORTUNITY
from crm.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import BY_TIME, Reads, columns_of
from records.types import RecordType

__all__ = [
    "FOLLOWED",
    "RUNS",
    "DueRun",
    "NewRun",
    "add_run",
    "advance_runs",
    "keep_steps",
    "lock_due",
    "lock_free",
    "lock_record",
    "lock_run",
    "owner_of",
    "stop_ended",
    "stop_run",
]

FOLLOWED: dict[str, RecordType[Any, Any]] = {
    "contact": CONTACT,
    "lead": LEAD,
    "opportunity": OPPORTUNITY,
}
"""What plans follow up, by type."""

_MADE = """(select coalesce(jsonb_agg(jsonb_build_object('step', s.step,
    'activity_id', s.activity_id, 'made_at', s.made_at) order by s.step), '[]')
  from follow_up_step s where s.run_id = follow_up_run.id)"""
_OWNER = """case r.record_type
    when 'lead' then (select l.owner_id from lead l where l.id = r.record_id)
    when 'opportunity' then (select o.owner_id from opportunity o where o.id = r.record_id)
    else (select a.owner_id from contact c join account a on a.id = c.account_id
      where c.id = r.record_id) end"""
_CLOSED = """not case r.record_type
    when 'lead' then exists (select from lead l where l.id = r.record_id
      and l.status in ('new', 'working', 'qualified'))
    when 'opportunity' then exists (select from opportunity o where o.id = r.record_id
      and o.status = 'active' and o.state = 'open')
    else exists (select from contact c where c.id = r.record_id and c.status = 'active') end"""
_IN_STAGE = """r.stop_stages <> '{}' and case r.record_type
    when 'lead' then exists (select from lead l where l.id = r.record_id
      and l.status = any(r.stop_stages))
    when 'opportunity' then exists (select from opportunity o
      join pipeline_stage s on s.id = o.stage_id
      where o.id = r.record_id and s.code = any(r.stop_stages))
    else false end"""
_REPLIED = """r.stop_on_reply and exists (select from activity_record x
    join activity a on a.id = x.activity_id
   where x.record_type = r.record_type and x.record_id = r.record_id
     and a.direction = 'inbound' and a.state = 'done' and not a.system_generated and not a.bulk
     and a.timeline_at >= r.created_at)"""
_STOP = f"""update follow_up_run r set state = 'stopped', next_on = null, ended_at = $1,
    updated_at = $1, stop_reason = ended.reason
  from (select r.id, why.reason from follow_up_run r cross join lateral (
      select case when {_CLOSED} then 'closed' when {_IN_STAGE} then 'stage'
        when {_REPLIED} then 'reply' end as reason) why
    where r.state = 'running' and why.reason is not null order by r.id
    for update of r skip locked) ended
  where r.id = ended.id"""
_DUE = f"""select r.id, r.record_type, r.record_id, r.steps, r.next_step, r.next_on,
    {_OWNER} as owner_id, (select s.calendar_id from staff_member s where s.id = {_OWNER})
      as calendar_id
  from follow_up_run r where r.state = 'running' and r.next_on <= $1
  order by r.next_on, r.id limit $2 for update of r skip locked"""
_ADD = """insert into follow_up_run (id, plan_id, record_type, record_id, state, steps,
    stop_on_reply, stop_stages, next_step, next_on, started_by, created_at, updated_at)
  select $1, p.id, $3, $4, 'running', p.steps, p.stop_on_reply, p.stop_stages, 0, $5, $6, $7, $7
    from follow_up_plan p where p.id = $2
  on conflict (record_type, record_id, plan_id) where state = 'running' do nothing
  returning true"""
_STATE = f"""select {_OWNER} as owner_id, {_CLOSED} or {_IN_STAGE} as closed
  from (select $1::text as record_type, $2::uuid as record_id, $3::text[] as stop_stages) r"""


def _visible(at: Reading) -> Sequence[Filter]:
    """The runs on records that the actor sees."""
    parts, value = [], None
    for record_type, kind in FOLLOWED.items():
        hidden = kind.reads.visible(at)
        if not hidden:
            return ()
        rows = " and ".join(one.condition.replace("{}", "{0}") for one in hidden)
        value = hidden[0].value
        parts.append(
            f"follow_up_run.record_type = '{record_type}' and exists (select from {record_type}"
            f" where {record_type}.id = follow_up_run.record_id and {rows})"
        )
    return [Filter(f"({' or '.join(parts)})", value)]


def _filters(_at: Reading, query: FollowUpRunQuery) -> Sequence[Filter]:
    return [
        Filter("plan_id = {}", query.plan_id),
        Filter("record_type = {}", query.record_type),
        Filter("record_id = {}", query.record_id),
        among("state", query.state),
    ]


RUNS = Reads(
    name="follow_up_run",
    view=FollowUpRunView,
    columns=columns_of(FollowUpRunView, FollowUpRun.__table__, made=_MADE),
    source="follow_up_run",
    visible=_visible,
    query=FollowUpRunQuery,
    filters=_filters,
    includes={"plan": Include(FollowUpPlanView, "plan_id")},
    sorts=BY_TIME,
)


class NewRun(NamedTuple):
    """A run that is to begin."""

    id: UUID
    plan_id: UUID
    record_type: str
    record_id: UUID
    next_on: date
    started_by: str
    now: datetime


class DueRun(NamedTuple):
    """Where a run goes on: the step after the one that was made, or its end."""

    id: UUID
    next_step: int
    next_on: date | None


async def owner_of(
    sql: Sql, record_type: str, record_id: UUID, stop_stages: Sequence[str]
) -> tuple[UUID | None, bool]:
    """Who owns the record, and whether a run on it would stop at once."""
    [row] = await sql.fetch(_STATE, record_type, record_id, list(stop_stages))
    return row["owner_id"], row["closed"]


async def lock_record(sql: Sql, record_type: str, record_id: UUID) -> bool:
    """Wait until no merge has the record, and keep it until the act ends; False: it is gone."""
    row = await sql.fetchrow(f"select from {record_type} where id = $1 for key share", record_id)
    return row is not None


async def lock_free(sql: Sql, due: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """Those of the runs whose records no merge has; it waits for what is made about these."""
    free: set[tuple[str, UUID]] = set()
    for record_type in sorted({one["record_type"] for one in due}):
        ids = [one["record_id"] for one in due if one["record_type"] == record_type]
        rows = await sql.fetch(
            f"""select id from {record_type} where id = any($1::uuid[]) order by id
                for key share skip locked""",
            ids,
        )
        free |= {(record_type, row["id"]) for row in rows}
    return [one for one in due if (one["record_type"], one["record_id"]) in free]


async def add_run(sql: Sql, run: NewRun) -> bool:
    """Begin a run; False where the plan runs on the record already."""
    return bool(await sql.fetchval(_ADD, *run))


async def lock_run(sql: Sql, run_id: UUID) -> str:
    """The state of a run that there is, which nobody changes until the act ends."""
    state: str = await sql.fetchval(
        "select state from follow_up_run where id = $1 for update", run_id
    )
    return state


async def stop_run(sql: Sql, run_id: UUID, reason: StopReason, now: datetime) -> None:
    """Stop a run."""
    await sql.execute(
        """update follow_up_run set state = 'stopped', stop_reason = $2, next_on = null,
             ended_at = $3, updated_at = $3 where id = $1""",
        run_id,
        reason,
        now,
    )


async def stop_ended(sql: Sql, now: datetime) -> None:
    """Stop all runs whose record was closed, entered a stage of the plan, or has a reply."""
    await sql.execute(_STOP, now)


async def lock_due(sql: Sql, today: date, limit: int) -> list[asyncpg.Record]:
    """Runs whose next step is due, with who owns the record; locked ones are left out."""
    return list(await sql.fetch(_DUE, today, limit))


async def keep_steps(sql: Sql, made: Sequence[tuple[UUID, int, UUID]], now: datetime) -> None:
    """Keep which activity a step of a run made."""
    await sql.execute(
        """insert into follow_up_step (run_id, step, activity_id, made_at)
             select s.run_id, s.step, s.activity_id, $4
               from unnest($1::uuid[], $2::smallint[], $3::uuid[]) as s(run_id, step, activity_id)
        """,
        [run_id for run_id, _, _ in made],
        [step for _, step, _ in made],
        [activity_id for _, _, activity_id in made],
        now,
    )


async def advance_runs(sql: Sql, runs: Sequence[DueRun], now: datetime) -> None:
    """Let runs go on to the next step; those without one are finished."""
    await sql.execute(
        """update follow_up_run r set next_step = d.next_step, next_on = d.next_on, updated_at = $4,
             state = case when d.next_on is null then 'finished' else 'running' end,
             ended_at = case when d.next_on is null then $4::timestamptz end
           from unnest($1::uuid[], $2::smallint[], $3::date[]) as d(id, next_step, next_on)
          where r.id = d.id""",
        [one.id for one in runs],
        [one.next_step for one in runs],
        [one.next_on for one in runs],
        now,
    )
