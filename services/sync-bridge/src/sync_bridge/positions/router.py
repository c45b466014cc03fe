"""Paths of the bridge's state."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from chassis.http.dependencies import InReading, InWork, OnlyOnce
from chassis.http.routing import api_router
from sync_bridge.positions import service
from sync_bridge.positions.schemas import Backfill, BackfillView, Reached, StatusView
from sync_bridge.routes import Observer, Operator
from sync_bridge.translator import InLanguage

__all__ = ["backfill_router", "position_router", "status_router"]

LONGEST_WAIT_SECONDS = 25.0

Source = Annotated[str, Query(max_length=120, description="crm, erp, or a source's full name.")]
FeedSeq = Annotated[int, Query(ge=0, description="Position in that service's event feed.")]
Seconds = Annotated[
    float,
    Query(alias="timeout", ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait at most."),
]

status_router: APIRouter = api_router(prefix="/v1/status", tag="status")
position_router: APIRouter = api_router(prefix="/v1/positions", tag="status")

backfill_router: APIRouter = api_router(prefix="/v1/backfills", tag="status")


@backfill_router.post("", status_code=202)
async def backfill_create(
    command: Backfill, _by: Operator, _once: OnlyOnce, work: InWork
) -> BackfillView:
    """Read all records of a half as they are now, as when events may have been missed.

    What is across already changes nothing. The status tells how far it is.
    """
    return await service.begin_backfill(work, command.half)


@status_router.get("")
async def status_get(
    _by: Observer, at: InReading, request: Request, translator: InLanguage
) -> StatusView:
    """How far the bridge is, and what is stopped."""
    return await service.status(at, request.app.state.settings, translator)


@position_router.get("/wait")
async def position_wait(
    _by: Observer, source: Source, feed_seq: FeedSeq, request: Request, wait_seconds: Seconds = 10.0
) -> Reached:
    """Wait until everything of a feed up to a position is across, or is stopped.

    The answer names the lanes that stand.
    """
    state = request.app.state
    return await service.wait_until_reached(
        state.database, state.settings, source, feed_seq, timeout_seconds=wait_seconds
    )
