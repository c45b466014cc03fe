"""Paths of routings."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.routings import service
from erp.routings.errors import (
    DuplicateOperation,
    DuplicateRouting,
    NoCalendar,
    NoOperations,
    NotAbleTo,
    OverlappingRouting,
    ReversedRoutingDays,
    RoutingFixed,
)
from erp.routings.schemas import (
    ChangeRouting,
    NewRouting,
    ReviseRouting,
    RoutingView,
    UpsertRouting,
)
from erp.routings.service import ROUTING
from erp.routings.states import RoutingStatus
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["routing", "routing_router"]

READ, WRITE = "routings.read", "routings.write"
Planner = Annotated[Actor, Needs(WRITE)]
_CONTENT = (MissingReference, DuplicateOperation, DuplicateRouting, ReversedRoutingDays)
_BEGUN = (NoOperations, NoCalendar, NotAbleTo, OverlappingRouting, MissingReference)

routing_router = api_router(prefix="/v1/routings", tag="routings")
routing = RecordRoutes(
    routing_router,
    ROUTING,
    one="routing",
    many="routings",
    read=READ,
    write=WRITE,
    refuses=_CONTENT,
)
routing.list("Routings, the newest first; `sort` by created_at or updated_at.")
routing.create(NewRouting, "Draft a routing of an item.")
routing.upsert(UpsertRouting, refuses=(RoutingFixed, *_BEGUN))
routing.csv(
    references={"sku": Reference("item", codes=("sku",), take="sku")},
    states={RoutingStatus.DRAFT.value: {"status": RoutingStatus.DRAFT}},
)
routing.get()
routing.history()
routing.change(ChangeRouting, refuses=(RoutingFixed, *_BEGUN))
routing.put(
    "activate",
    {"status": RoutingStatus.ACTIVE},
    "Let the routing count on its days; its operations stay from now on.",
    refuses=_BEGUN,
)
routing.archive(
    "Put the routing away: it counts on no day.",
    "Let the routing count on its days again.",
    refuses=_BEGUN,
)


@routing_router.post(
    "/{routing_id}/revise",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, *_CONTENT),
)
async def routing_revise(
    routing_id: UUID,
    command: ReviseRouting,
    _by: Planner,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> RoutingView:
    """Draft a new routing that is like this one."""
    new_id = await service.revise(work, routing_id, command)
    return await routing.reply(response, work, new_id, new=True)


routing.link()
routing.unlink()
annotate(routing.paths)
