"""Paths of planning parameters, plans, planned orders and messages."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import LOCATED
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.parties.errors import PartyArchived
from erp.planning.errors import (
    DuplicateParameters,
    LotsOutOfOrder,
    NotPlannedToBuy,
    NotPlannedToMake,
    PlanOutdated,
    PromiseTooLarge,
)
from erp.planning.queries.plans import MESSAGES, ORDERS, PLANS
from erp.planning.schemas.parameters import (
    ChangePlanningParameter,
    NewPlanningParameter,
    UpsertPlanningParameter,
)
from erp.planning.schemas.plans import (
    MakePlanned,
    OrderPlanned,
    OrderReasons,
    OrdersOfPlan,
    PlanView,
    ProductionOfPlan,
)
from erp.planning.schemas.promises import EarliestPromise, EarliestPromiseQuery
from erp.planning.schemas.supply import SupplySuggestionQuery, SupplySuggestions
from erp.planning.service import plans, promising, supply
from erp.planning.service.parameters import PLANNING_PARAMETER
from erp.production.errors import ExplosionTooLarge
from erp.production_orders.errors import BillMissing, PhantomItem
from erp.purchasing.errors import NoSupplierPrice, NotBought
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.routes import RecordRoutes
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet, Reference

__all__ = [
    "LISTS",
    "message_router",
    "parameter",
    "parameter_router",
    "plan_router",
    "planned_order_router",
    "promise_router",
    "supply_router",
]

READ, WRITE = "planning.read", "planning.write"
Planner = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Seller = Annotated[Actor, Needs("stock.read")]
Buyer = Annotated[Actor, Needs("purchasing.write")]
Maker = Annotated[Actor, Needs("production_orders.write")]

parameter_router = api_router(prefix="/v1/planning-parameters", tag="planning-parameters")
parameter = RecordRoutes(
    parameter_router,
    PLANNING_PARAMETER,
    one="planning parameter",
    many="planning parameters",
    read=READ,
    write=WRITE,
    refuses=(FractionOfUnit, LotsOutOfOrder),
)
_NEW = (MissingReference, DuplicateParameters)
parameter.list("How items are planned, the newest first.")
parameter.create(NewPlanningParameter, "Say how an item is planned.", refuses=_NEW)
parameter.upsert(UpsertPlanningParameter, refuses=_NEW)
parameter.csv(references={"sku": Reference("item", codes=("sku",), take="sku")})
parameter.get()
parameter.history()
parameter.change(ChangePlanningParameter)
annotate(parameter.paths)

plan_router = api_router(prefix="/v1/material-plans", tag="material-plans")
PLAN = RecordPaths(plan_router, PLANS, "material plan", READ, WRITE)
list_route(PLAN, "Plans and how far they are, the newest first.")


@plan_router.post("", status_code=status.HTTP_202_ACCEPTED, responses=LOCATED)
async def material_plan_create(
    _by: Planner, _once: OnlyOnce, work: InWork, response: Response
) -> PlanView:
    """Have a plan made by a worker; the current one stays until all of the new one is stored."""
    plan = await plans.ask_for_plan(work)
    response.headers["Location"] = f"/v1/material-plans/{plan.id}"
    return plan


get_route(PLAN)

planned_order_router = api_router(prefix="/v1/planned-orders", tag="planned-orders")
ORDER = RecordPaths(planned_order_router, ORDERS, "planned order", READ, WRITE)
list_route(ORDER, "What the current plan wants bought or made, the first to begin first.")


@planned_order_router.post(
    "/order",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        NotPlannedToBuy, PlanOutdated, NoSupplierPrice, NotBought, PartyArchived, FractionOfUnit
    ),
)
async def planned_order_order(
    command: OrderPlanned, _by: Reader, _buyer: Buyer, _once: OnlyOnce, work: InWork
) -> OrdersOfPlan:
    """Order what is planned, one purchase order for each supplier."""
    return await plans.order_planned(work, command)


@planned_order_router.post(
    "/make",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        NotPlannedToMake,
        PlanOutdated,
        BillMissing,
        PhantomItem,
        ExplosionTooLarge,
        FractionOfUnit,
    ),
)
async def planned_order_make(
    command: MakePlanned, _by: Planner, _maker: Maker, _once: OnlyOnce, work: InWork
) -> ProductionOfPlan:
    """Make what is planned: firm production orders, which planning leaves alone."""
    return await plans.make_planned(work, command)


get_route(ORDER)


@planned_order_router.get("/{planned_order_id}/reasons", responses=refuses(NotFound))
async def planned_order_reasons(planned_order_id: UUID, _by: Reader, at: InReading) -> OrderReasons:
    """Why it is planned: up to the demands, down to the supplies, and the rules applied."""
    return await plans.explain(at, planned_order_id)


message_router = api_router(prefix="/v1/plan-messages", tag="plan-messages")
MESSAGE = RecordPaths(message_router, MESSAGES, "plan message", READ, WRITE)
list_route(MESSAGE, "What the current plan says should be done about what is ordered.")

supply_router = api_router(prefix="/v1/supply-suggestions", tag="supply-suggestions")


@supply_router.get("")
async def supply_suggestion_list(
    query: Annotated[SupplySuggestionQuery, Query()], _by: Reader, at: InReading
) -> SupplySuggestions:
    """What is to be made or bought now: the plan, and what orders lack beyond it, as one answer."""
    return await supply.supply_suggestions(at, query)


promise_router = api_router(prefix="/v1/earliest-promise", tag="earliest-promise")


@promise_router.get("", responses=refuses(NotFound, FractionOfUnit, PromiseTooLarge))
async def earliest_promise_get(
    asked: Annotated[EarliestPromiseQuery, Query()], _by: Seller, at: InReading
) -> EarliestPromise:
    """When so many of an item could be there: of goods, of receipts, or made and bought anew."""
    return await promising.earliest_promise(at, asked)


LISTS = (
    add_export(
        planned_order_router,
        RecordSheet(name="planned_order", reads=ORDERS, read=READ, tagged=False),
        "planned orders",
    ),
)
"""What leaves as files."""
