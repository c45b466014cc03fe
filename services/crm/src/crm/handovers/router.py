"""Paths of hand-overs."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from crm.handovers import queries, service
from crm.handovers.schemas import (
    HandOver,
    HandOverPreview,
    HandOverView,
    OpenWorkView,
    PreviewHandOver,
)
from crm.staff.errors import DisablesYourself
from identity.users import LastAdministrator, UserIsErased
from records.paths import RecordPaths
from records.read_routes import get_route, list_route

__all__ = ["hand_over_router", "open_work_router"]

READ, WRITE = "staff.read", "staff.write"
Manager = Annotated[Actor, Needs(WRITE)]

open_work_router = api_router(prefix="/v1/users", tag="hand-overs")


@open_work_router.get("/{user_id}/open-work", responses=refuses(NotFound))
async def user_open_work_get(
    user_id: UUID, _by: Annotated[Actor, Needs(READ)], at: InReading
) -> OpenWorkView:
    """How much the user has open: what a hand-over would move."""
    return await service.open_work_of(at, user_id)


hand_over_router = api_router(prefix="/v1/hand-overs", tag="hand-overs")
PATHS = RecordPaths(hand_over_router, queries.HAND_OVERS, "hand over", READ, WRITE)
list_route(PATHS, "What was handed over, the newest first.")


@hand_over_router.post("/preview", responses=refuses(NotFound))
async def hand_over_preview(
    command: PreviewHandOver, _by: Manager, at: InReading
) -> HandOverPreview:
    """What a hand-over would move, and who would get how much. Nothing changes."""
    return await service.preview(at, command)


@hand_over_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, DisablesYourself, UserIsErased, LastAdministrator),
)
async def hand_over_create(
    command: HandOver, _by: Manager, _once: OnlyOnce, work: InWork, response: Response
) -> HandOverView:
    """Give everything open of a user to others, in one act; the report is kept."""
    report_id = await service.hand_over(work, command)
    response.headers["Location"] = f"/v1/hand-overs/{report_id}"
    return await queries.HAND_OVERS.get(work, report_id)


get_route(PATHS)
