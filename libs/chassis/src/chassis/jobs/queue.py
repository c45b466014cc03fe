"""The queue: rows that ask for work, and the steps of a job's life.

queued -> running -> done; back to queued after a failure; dead when the attempts are used up. A
job whose worker vanished is claimed again when its lease has run out.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.telemetry.trace import Trace

__all__ = [
    "ATTEMPTS_MAX",
    "LEASE",
    "ClaimedJob",
    "NewJob",
    "claim",
    "finish",
    "give_back",
    "insert_jobs",
    "postpone",
    "retry_delay",
    "revive",
]

ATTEMPTS_MAX = 12
"""A job that failed this often is dead until a person retries it."""

LEASE = timedelta(seconds=10)
"""A claimed job that no transaction holds after this long may be claimed again.

It covers the moment between the claim and the act, whose transaction then holds the job's row
however long it takes. So a job whose worker was killed is not waited for.
"""

_BACKOFF_FIRST_SECONDS = 1.0
_BACKOFF_MAX_SECONDS = 3600.0
_ERROR_LENGTH_MAX = 2000

_INSERT = """new_jobs as (
  insert into job (id, kind, payload, key, trace, run_at)
  select id, kind, payload::jsonb, key, trace::jsonb, run_at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
      as asked(id, kind, payload, key, trace, run_at)
  on conflict (kind, key) where state = 'queued' and key is not null
  do update set run_at = least(job.run_at, excluded.run_at))"""
"""A twin that waits is locked until the asker commits, so that
it cannot run before it sees what the asker wrote."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is asked for. Of one kind and key at most one waits; the earlier time holds."""

    kind: str
    payload: Mapping[str, Any]
    run_at: datetime
    key: str | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker may run now; `attempt` counts from 1."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempt: int
    trace: Trace


def insert_jobs(jobs: Sequence[NewJob]) -> tuple[str, Sequence[Any]]:
    """The CTE that inserts jobs, and its arguments. Jobs of one kind and key are one."""
    asked: dict[Any, NewJob] = {}
    for number, job in enumerate(jobs):
        identity = number if job.key is None else (job.kind, job.key)
        earlier = asked.get(identity)
        if earlier is None or job.run_at < earlier.run_at:
            asked[identity] = job
    rows = list(asked.values())
    return _INSERT, (
        [uuid7() for _ in rows],
        [job.kind for job in rows],
        [orjson.dumps(job.payload).decode() for job in rows],
        [job.key for job in rows],
        [orjson.dumps(asdict(job.trace)).decode() if job.trace else None for job in rows],
        [job.run_at for job in rows],
    )


async def claim(
    sql: "asyncpg.Connection[Any]", *, kinds: Sequence[str], now: datetime, limit: int = 1
) -> list[ClaimedJob]:
    """Take jobs that are due, oldest first; no two workers get the same one."""
    rows = await sql.fetch(_CLAIM, list(kinds), now, now + LEASE, limit)
    return [
        ClaimedJob(row["id"], row["kind"], row["payload"], row["attempts"], _trace(row["trace"]))
        for row in rows
    ]


async def finish(sql: "asyncpg.Connection[Any]", job: ClaimedJob, *, now: datetime) -> bool:
    """Mark it done, in the transaction of its effects. False: another worker has it now.

    Called before the handler runs: the row lock keeps other workers from the job however long
    the handler takes, and a rollback gives it back.
    """
    return bool(await sql.fetchval(_FINISH, job.id, job.attempt, now))


async def postpone(
    sql: "asyncpg.Connection[Any]", job: ClaimedJob, *, error: str, now: datetime
) -> str | None:
    """Note a failure; queue the job again later, or bury it. Its new state, None if it was lost.

    A job with whose key a newer one waits is not queued beside it: the newer one will do.
    """
    text = error[:_ERROR_LENGTH_MAX]
    state: str | None
    if job.attempt >= ATTEMPTS_MAX:
        state = await sql.fetchval(_END, job.id, job.attempt, "dead", text, now)
        return state
    try:
        later = now + retry_delay(job.attempt)
        state = await sql.fetchval(_POSTPONE, job.id, job.attempt, text, later)
    except asyncpg.UniqueViolationError:
        state = await sql.fetchval(_END, job.id, job.attempt, "done", text, now)
    return state


async def give_back(sql: "asyncpg.Connection[Any]", job: ClaimedJob) -> None:
    """Let another worker have a job that this one cannot finish; it counts as no attempt."""
    await sql.execute(_GIVE_BACK, job.id, job.attempt)


async def revive(sql: "asyncpg.Connection[Any]", job_id: UUID, *, now: datetime) -> bool:
    """Queue a dead job again with all its attempts.

    False when it is not dead, or when another job with its key waits already.
    """
    return bool(await sql.fetchval(_REVIVE, job_id, now))


def retry_delay(attempt: int) -> timedelta:
    """How long to wait after a failed attempt: random up to a limit that doubles, at most 1 h.

    Random over the whole span, so that jobs that failed together do not return together.
    """
    longest = min(_BACKOFF_MAX_SECONDS, _BACKOFF_FIRST_SECONDS * 2 ** min(attempt, 20))
    return timedelta(seconds=random.uniform(0, longest))  # noqa: S311 - spreads load, no secret


def _trace(stored: Mapping[str, Any] | None) -> Trace:
    """The trace of the act that asked for the job, seen from a new span."""
    if not stored:
        return Trace.new()
    caused, imported = stored["causation_id"], stored.get("import_id")
    return Trace(
        request_id=stored["request_id"],
        traceparent=stored["traceparent"],
        correlation_id=UUID(stored["correlation_id"]),
        origin=stored["origin"],
        causation_id=UUID(caused) if caused else None,
        hops=stored["hops"],
        import_id=UUID(imported) if imported else None,
    ).child()


_CLAIM = """update job set state = 'running', attempts = attempts + 1, lease_until = $3
  where id in (
    select id from job
     where state in ('queued', 'running') and coalesce(lease_until, run_at) <= $2
       and kind = any($1::text[])
     order by coalesce(lease_until, run_at) limit $4 for update skip locked)
  returning id, kind, payload, attempts, trace"""

_FINISH = """update job set state = 'done', lease_until = null, finished_at = $3
  where id = $1 and attempts = $2 and state = 'running' returning true"""

_POSTPONE = """update job set state = 'queued', lease_until = null, last_error = $3, run_at = $4
  where id = $1 and attempts = $2 and state = 'running' returning state"""

_END = """update job
  set state = $3, lease_until = null, last_error = $4, finished_at = $5
  where id = $1 and attempts = $2 and state = 'running' returning state"""

_GIVE_BACK = """update job set lease_until = now(), attempts = attempts - 1
  where id = $1 and attempts = $2 and state = 'running'"""

_REVIVE = """update job
  set state = 'queued', attempts = 0, run_at = $2, finished_at = null
  where id = $1 and state = 'dead' and not exists (
    select from job twin where (twin.kind, twin.key) = (job.kind, job.key)
       and twin.state = 'queued')
  returning true"""
