"""Paths of rush requests."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from erp.fulfilment.errors import OrderNotConfirmed
from erp.rush_requests import service
from erp.rush_requests.errors import (
    RushDelaysTooLong,
    RushGainsNothing,
    RushLeavesNoDay,
    RushRequestDecided,
    RushRequestOpen,
)
from erp.rush_requests.queries import RUSH_REQUESTS
from erp.rush_requests.schemas import (
    DecideRush,
    GrantRush,
    NewRushRequest,
    RushOutlook,
    RushRequestView,
)
from erp.scheduling.errors import ScheduleOutdated, ScheduleWrong, TryNotReady
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "rush_request_router"]

READ, WRITE = "rush.read", "rush.write"
Seller = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Decider = Annotated[Actor, Needs("rush.decide")]

rush_request_router = api_router(prefix="/v1/rush-requests", tag="rush-requests")
REQUEST = RecordPaths(rush_request_router, RUSH_REQUESTS, "rush request", READ, WRITE)


@rush_request_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, OrderNotConfirmed, RushRequestOpen),
)
async def rush_request_create(
    command: NewRushRequest, _by: Seller, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Ask for goods of a sales order sooner; where the policy decides, it is decided at once."""
    return await RUSH_REQUESTS.get(work, await service.ask(work, command))


list_route(REQUEST, "Rush requests, the newest first.")
get_route(REQUEST)


@rush_request_router.get("/{rush_request_id}/outlook", responses=refuses(NotFound))
async def rush_request_outlook(rush_request_id: UUID, _by: Reader, at: InReading) -> RushOutlook:
    """What granting would do now: the new day, and which orders come later by how much."""
    return await service.outlook(at, rush_request_id)


@rush_request_router.post(
    "/{rush_request_id}/grant",
    responses=refuses(
        *(NotFound, RushRequestDecided, OrderNotConfirmed, RushGainsNothing, RushDelaysTooLong),
        RushLeavesNoDay,
        *(TryNotReady, ScheduleOutdated, ScheduleWrong),
    ),
)
async def rush_request_grant(
    rush_request_id: UUID, command: GrantRush, _by: Decider, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Let the order go before others: it is promised the new day, those it delays a later one."""
    await service.grant(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


@rush_request_router.post(
    "/{rush_request_id}/refuse", responses=refuses(NotFound, RushRequestDecided)
)
async def rush_request_refuse(
    rush_request_id: UUID, command: DecideRush, _by: Decider, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Refuse it, and say why."""
    await service.refuse(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


@rush_request_router.post(
    "/{rush_request_id}/withdraw", responses=refuses(NotFound, RushRequestDecided)
)
async def rush_request_withdraw(
    rush_request_id: UUID, command: DecideRush, _by: Seller, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Ask for it no more."""
    await service.withdraw(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


LISTS = (
    add_export(
        rush_request_router,
        RecordSheet(
            name="rush_request", reads=RUSH_REQUESTS, read=READ, lines=("delays",), tagged=False
        ),
        "rush requests",
    ),
)
"""What leaves as files."""
