"""Routes of the job queue: what waits, what failed and why, and once more."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import BaseModel, Field

from chassis.actor import ADMIN, Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.jobs import queue
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, Sort, fetch_page

__all__ = ["NotDead", "router"]

Administrator = Annotated[Actor, Needs(ADMIN)]
COLUMNS = "id, kind, payload, key, state, attempts, run_at, last_error, created_at, finished_at"


class NotDead(Problem):
    """Only a dead job can be retried."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "job_not_dead"
    title: ClassVar[str] = "The job is not dead"
    detail: ClassVar[str] = "Job {id} is {state}, or another one with its key waits already."


class JobView(BaseModel):
    """A job and what became of it."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    key: str | None = Field(description="Of one kind and key, one job waits at a time.")
    state: str = Field(description="queued, running, done or dead.")
    attempts: int
    run_at: datetime
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


router = api_router(prefix="/v1/jobs", tag="jobs")


@router.get("", response_model=Page[JobView], summary="List jobs")
async def job_list(
    administrator: Administrator,
    reading: InReading,
    page: PageAsked,
    state: Annotated[str | None, Query(description="queued, running, done or dead.")] = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[dict[str, Any]]:
    """Jobs, newest first."""
    filters = [Filter("state = {}", state), Filter("kind = {}", kind)]
    return await fetch_page(reading.sql, where=filters, asked=page, **_LISTED)


@router.get("/{job_id}", response_model=JobView, summary="Read a job", responses=refuses(NotFound))
async def job_get(job_id: UUID, administrator: Administrator, reading: InReading) -> dict[str, Any]:
    """One job."""
    return await _job(reading.sql, job_id)


@router.post(
    "/{job_id}/retry",
    response_model=JobView,
    summary="Queue a dead job again",
    responses=refuses(NotFound, NotDead),
)
async def job_retry(
    job_id: UUID, administrator: Administrator, once: OnlyOnce, work: InWork
) -> dict[str, Any]:
    """Give a dead job all its attempts again."""
    job = await _job(work.sql, job_id)
    if not await queue.revive(work.sql, job_id, now=work.now):
        raise NotDead(id=job_id, state=job["state"])
    return await _job(work.sql, job_id)


_LISTED: dict[str, Any] = {
    "columns": COLUMNS,
    "source": "job",
    "view": dict,
    "sorts": {
        "created_at": Sort("created_at", "timestamptz"),
        "run_at": Sort("run_at", "timestamptz"),
    },
    "default": "-created_at",
}


async def _job(sql: "asyncpg.Connection[Any]", job_id: UUID) -> dict[str, Any]:
    row = await sql.fetchrow(f"select {COLUMNS} from job where id = $1", job_id)
    if row is None:
        raise NotFound(entity="job", id=job_id)
    return dict(row)
