"""Schedule tries: asked for, made, kept or dropped."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.storage.paging import Sort
from erp.scheduling.schemas.tries import Figures, ScheduleTryQuery, ScheduleTryView
from erp.sql import Sql
from records.filters import among
from records.reads import Reads, everybody

__all__ = [
    "FIGURES",
    "TRIES",
    "add",
    "begin",
    "drop",
    "is_any_asked_for",
    "keep",
    "load",
    "lock",
    "note_failure",
    "note_progress",
    "note_read",
    "note_ready",
    "note_result",
    "open_orders",
    "profile_of",
]

FIGURES = tuple(Figures.model_fields)
_TRY = f"""t.id, t.state, t.method, t.progress, t.changes, t.asked_by, t.created_at, t.finished_at,
  t.base_id, t.schedule_id, t.conflicts, t.problem, {", ".join(f"t.{one}" for one in FIGURES)}"""
TRIES = Reads(
    name="schedule_try",
    view=ScheduleTryView,
    columns=_TRY,
    source="schedule_try t",
    key="t.id",
    visible=everybody,
    query=ScheduleTryQuery,
    filters=lambda _at, query: [
        among("t.state", query.state),
        among("t.method", query.method),
    ],
    sorts={"created_at": Sort("t.created_at", "timestamptz")},
    default_sort="-created_at",
)

_ADD = """insert into schedule_try (id, state, method, progress, profile, changes, asked_by,
    created_at, conflicts, operations, moved, late_orders, lateness_minutes, makespan_minutes)
  values ($1, 'queued', $2, 0, $3, $4, $5, $6, '[]', 0, 0, 0, 0, 0)"""
_PROFILE = """select horizon_days, frozen_hours, lateness_weight, setup_weight, makespan_weight,
    stability_weight, solver_seconds
  from scheduling_profile where code = $1 and status = 'active'"""
_OPEN = """select id, start_on from production_order
  where id = any($1::uuid[]) and state in ('firm', 'released', 'started')"""
_ASKED = "select exists (select from schedule_try where state in ('queued', 'computing'))"
_BEGIN = """update schedule_try set state = 'computing', progress = 0 where id = (
    select id from schedule_try where state in ('computing', 'queued')
     order by state, created_at, id limit 1)
  returning id, method, profile::text, changes::text, result is not null as has_result"""
_READ = """update schedule_try set read_at = $2, base_id = $3, input_hash = $4, progress = 5
  where id = $1 and state = 'computing'"""
_PROGRESS = """update schedule_try set progress = $2 where id = $1 and state = 'computing'
  returning id"""
_RESULT = f"""update schedule_try set result = $2, progress = $3,
    {", ".join(f"{name} = ${at}" for at, name in enumerate(FIGURES, 4))}
  where id = $1 and state = 'computing'"""
_READY = """update schedule_try set state = 'ready', progress = 100, problem = $2, finished_at = $3
  where id = $1 and state = 'computing'"""
_FAILED = """update schedule_try set state = 'failed', problem = $2, conflicts = $3,
    finished_at = $4, result = null
  where id = $1 and state = 'computing'"""
_LOADED = f"""select id, state, method, profile::text, changes::text, read_at, base_id, input_hash,
    result::text,
    {", ".join(FIGURES)}
  from schedule_try where id = $1"""
_KEEP = """update schedule_try set state = 'kept', schedule_id = $2, finished_at = $3
  where id = $1 and state = 'ready'"""
_DROP = """update schedule_try set state = 'dropped', result = null, finished_at = $2
  where id = $1 and state in ('queued', 'computing', 'ready') returning id"""


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def profile_of(sql: Sql, code: str) -> Mapping[str, Any] | None:
    """What the profile with the code says; None: there is none in use."""
    row = await sql.fetchrow(_PROFILE, code)
    return None if row is None else dict(row)


async def open_orders(sql: Sql, order_ids: Collection[UUID]) -> dict[UUID, date]:
    """The day on which each begins of those that are firm, released or started."""
    return {row["id"]: row["start_on"] for row in await sql.fetch(_OPEN, list(order_ids))}


async def add(
    sql: Sql,
    try_id: UUID,
    *,
    method: str,
    profile: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
    asked_by: str,
    at: datetime,
) -> None:
    """Ask for a try."""
    await sql.execute(_ADD, try_id, method, _json(profile), _json(changes), asked_by, at)


async def is_any_asked_for(sql: Sql) -> bool:
    """Whether a try waits, or was being made by somebody."""
    return bool(await sql.fetchval(_ASKED))


async def begin(sql: Sql) -> Mapping[str, Any] | None:
    """The try to make now: one whose worker vanished, else the one that waits longest."""
    row = await sql.fetchrow(_BEGIN)
    return None if row is None else dict(row)


async def note_read(
    sql: Sql, try_id: UUID, read_at: datetime, base_id: UUID | None, input_hash: str
) -> None:
    """Note from what the try is made."""
    await sql.execute(_READ, try_id, read_at, base_id, input_hash)


async def note_progress(sql: Sql, try_id: UUID, percent: int) -> bool:
    """Say how far the try is; whether it is still to be made."""
    return bool(await sql.fetchval(_PROGRESS, try_id, percent))


async def note_result(
    sql: Sql,
    try_id: UUID,
    result: Mapping[str, Any],
    percent: int,
    figures: Mapping[str, Any],
) -> None:
    """Store what is found so far; a better one takes its place."""
    values = [figures[name] for name in FIGURES]
    await sql.execute(_RESULT, try_id, _json(result), percent, *values)


async def note_ready(sql: Sql, try_id: UUID, problem: str | None, at: datetime) -> None:
    """Let the try be kept or dropped; `problem`: why it is not improved."""
    await sql.execute(_READY, try_id, problem, at)


async def note_failure(
    sql: Sql,
    try_id: UUID,
    problem: str,
    conflicts: Sequence[Mapping[str, Any]],
    at: datetime,
) -> None:
    """Say why there is no schedule."""
    await sql.execute(_FAILED, try_id, problem, _json(conflicts), at)


async def load(sql: Sql, try_id: UUID) -> Mapping[str, Any] | None:
    """The try with its result; None: there is none."""
    row = await sql.fetchrow(_LOADED, try_id)
    return None if row is None else dict(row)


async def lock(sql: Sql, try_id: UUID) -> Mapping[str, Any] | None:
    """As `load`, locked until the act ends."""
    row = await sql.fetchrow(f"{_LOADED} for update", try_id)
    return None if row is None else dict(row)


async def keep(sql: Sql, try_id: UUID, schedule_id: UUID, at: datetime) -> None:
    """Note that the try became the published schedule."""
    await sql.execute(_KEEP, try_id, schedule_id, at)


async def drop(sql: Sql, try_id: UUID, at: datetime) -> bool:
    """Let nothing of the try count; whether it had not ended."""
    return bool(await sql.fetchval(_DROP, try_id, at))
