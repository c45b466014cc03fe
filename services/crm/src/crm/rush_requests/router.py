"""Paths of rush requests, and of the answers that a linked ERP sends."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from crm.rush_requests import service
from crm.rush_requests.errors import (
    OrderNotPlaced,
    RushRequestDecided,
    RushRequestOpen,
)
from crm.rush_requests.queries import RUSH_REQUESTS
from crm.rush_requests.schemas import (
    DecideRush,
    GrantRush,
    NewRushRequest,
    RushRequestView,
    UpsertRushAnswer,
)
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.senders import FromBoundSystem
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.upserts import UPSERTED_PART, reply_outcome
from values.external import ExternalId

__all__ = ["LISTS", "rush_answer_router", "rush_request_router"]

READ, WRITE = "orders.read", "orders.write"
Seller = Annotated[Actor, Needs(WRITE)]
Decider = Annotated[Actor, Needs("rush.decide")]
Bridge = Annotated[Actor, Needs("orders.sync")]

rush_request_router = api_router(prefix="/v1/rush-requests", tag="rush-requests")
rush_answer_router = api_router(prefix="/v1/rush-answers", tag="mirror")
REQUEST = RecordPaths(rush_request_router, RUSH_REQUESTS, "rush request", READ, WRITE)
_DECIDED = (NotFound, RushRequestDecided)


@rush_request_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(MissingReference, OrderNotPlaced, RushRequestOpen),
)
async def rush_request_create(
    command: NewRushRequest, _by: Seller, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Ask for goods of an order sooner."""
    return await RUSH_REQUESTS.get(work, await service.ask(work, command))


list_route(REQUEST, "Rush requests, the newest first.")
get_route(REQUEST)


@rush_request_router.post("/{rush_request_id}/grant", responses=refuses(*_DECIDED))
async def rush_request_grant(
    rush_request_id: UUID, command: GrantRush, _by: Decider, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Say that the goods come sooner, and what it costs."""
    await service.grant(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


@rush_request_router.post("/{rush_request_id}/refuse", responses=refuses(*_DECIDED))
async def rush_request_refuse(
    rush_request_id: UUID, command: DecideRush, _by: Decider, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Refuse it, and say why."""
    await service.refuse(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


@rush_request_router.post("/{rush_request_id}/withdraw", responses=refuses(*_DECIDED))
async def rush_request_withdraw(
    rush_request_id: UUID, command: DecideRush, _by: Seller, _once: OnlyOnce, work: InWork
) -> RushRequestView:
    """Ask for it no more."""
    await service.withdraw(work, rush_request_id, command)
    return await RUSH_REQUESTS.get(work, rush_request_id)


@rush_answer_router.put(
    "/by-external/{system}/{external_id}",
    responses=UPSERTED_PART | refuses(MissingReference, RushRequestDecided),
)
async def rush_answer_upsert(
    _by: Bridge,
    system: FromBoundSystem,
    external_id: ExternalId,
    command: UpsertRushAnswer,
    work: InWork,
    response: Response,
) -> RushRequestView:
    """What the ERP decided of one of our requests; `external_id` is the ERP's own request."""
    done = await service.store_answer(work, command)
    reply_outcome(response, done)
    return await RUSH_REQUESTS.get(work, done.id)


LISTS = (
    add_export(
        rush_request_router,
        RecordSheet(name="rush_request", reads=RUSH_REQUESTS, read=READ, tagged=False),
        "rush requests",
    ),
)
"""What leaves as files."""
