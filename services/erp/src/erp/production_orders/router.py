"""Paths of production orders."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import Forbidden, MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.production.errors import ExplosionTooLarge
from erp.production_orders.errors import (
    BillMissing,
    ByProductBySerial,
    MaterialShort,
    NoOperation,
    NothingReported,
    NotIssued,
    OrderBegun,
    OrderFixed,
    OverReported,
    PhantomItem,
    ReworkHasPieces,
    SerialNotIssued,
    ShortFinish,
    WrongProductionState,
)
from erp.production_orders.schemas.acts import (
    CloseProductionOrders,
    FinishProductionOrder,
    IssueMaterial,
    MaterialAvailability,
    ProductionCosts,
    ProductionOrdersChanged,
    ReleaseProductionOrder,
    ReleaseProductionOrders,
    ReportProduction,
    ReportProductions,
)
from erp.production_orders.schemas.changes import EngineeringChange, EngineeringChangeAsked
from erp.production_orders.schemas.orders import (
    ChangeProductionOrder,
    NewProductionOrder,
    ProductionOrderView,
    ProductionSteps,
    UpsertProductionOrder,
)
from erp.production_orders.service import finishing, many, material, orders, releasing, reporting
from erp.production_orders.service.available import availability_of
from erp.production_orders.service.changes import engineering_change
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.stock.errors import (
    DuplicateLot,
    DuplicateSerial,
    LotDiffers,
    LotExpiresFirst,
    LotNotUsable,
    LotShortOnDay,
    LotsNeeded,
    LotsNotKept,
    NoCostOnDay,
    NotStocked,
    SerialExists,
    SerialMovedLater,
    SerialNotInStock,
    SerialsNeeded,
    SerialsNotKept,
    ShortOnDay,
    TooLittleInLot,
    TooLittleOnHand,
    UnknownLot,
    UnknownSerial,
)
from erp.stock.withheld import SerialWithheld
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["production_order", "production_order_router"]

READ, WRITE, REPORT = "production_orders.read", "production_orders.write", "production.report"
Planner = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Reporter = Annotated[Actor, Needs(REPORT)]
CostReader = Annotated[Actor, Needs("production_orders.costs")]
BillReader = Annotated[Actor, Needs("boms.read")]
_BEGUN = (
    NotFound,
    WrongProductionState,
    BillMissing,
    PhantomItem,
    ByProductBySerial,
    ExplosionTooLarge,
)
_SERIALS = (
    *(SerialsNotKept, SerialsNeeded, DuplicateSerial, UnknownSerial, SerialNotInStock),
    *(SerialMovedLater, SerialExists, SerialWithheld),
)
_LOTS = (
    *(LotsNotKept, LotsNeeded, DuplicateLot, UnknownLot, TooLittleInLot, LotNotUsable),
    *(LotShortOnDay, LotDiffers, LotExpiresFirst),
)
_DAYS = (NoPeriod, PeriodClosed, Forbidden)
_MOVED = (NotFound, WrongProductionState, NotStocked, FractionOfUnit, TooLittleOnHand)
_MOVED_ON = (*_MOVED, ShortOnDay, NoCostOnDay, *_SERIALS, *_LOTS, *_DAYS)
_REPORTED = (*_MOVED_ON, NoOperation, NothingReported, OverReported, ShortFinish)

production_order_router = api_router(prefix="/v1/production-orders", tag="production-orders")
production_order = RecordRoutes(
    production_order_router,
    PRODUCTION_ORDER,
    one="production order",
    many="production orders",
    read=READ,
    write=WRITE,
    refuses=(MissingReference, NotStocked, FractionOfUnit),
)
production_order.list(
    "Production orders, the newest first; `sort` by created_at, updated_at, number, start_on or "
    "due_on."
)
production_order.create(NewProductionOrder, "Plan to make so many of an item.")
production_order.upsert(UpsertProductionOrder, refuses=(OrderFixed,))
production_order.csv(references={"sku": Reference("item", codes=("sku",), take="sku")})


@production_order_router.post("/release-batch", responses=refuses(*_BEGUN, MaterialShort))
async def production_order_release_batch(
    command: ReleaseProductionOrders, _by: Planner, _once: OnlyOnce, work: InWork
) -> ProductionOrdersChanged:
    """Let work on many orders begin, all or none."""
    return await many.release_all(work, command)


@production_order_router.post("/report-batch", responses=refuses(*_REPORTED))
async def production_order_report_batch(
    command: ReportProductions, _by: Reporter, _once: OnlyOnce, work: InWork
) -> ProductionOrdersChanged:
    """Say what was made of many orders, all or none."""
    return await many.report_all(work, command)


@production_order_router.post(
    "/close-batch", responses=refuses(NotFound, WrongProductionState, *_DAYS)
)
async def production_order_close_batch(
    command: CloseProductionOrders, _by: Planner, _once: OnlyOnce, work: InWork
) -> ProductionOrdersChanged:
    """Book the variances of many orders that are done, all or none."""
    return await many.close_all(work, command)


@production_order_router.get("/engineering-change", responses=refuses(NotFound))
async def production_order_engineering_change_get(
    _by: Reader,
    _bills: BillReader,
    asked: Annotated[EngineeringChangeAsked, Query()],
    at: InReading,
) -> EngineeringChange:
    """What a revision of a bill of material affects: open orders, stock, what uses the item."""
    return await engineering_change(at, asked.bill_of_material_id)


production_order.get()
production_order.history()
production_order.change(ChangeProductionOrder, refuses=(OrderFixed,))


@production_order_router.get("/{production_order_id}/availability", responses=refuses(NotFound))
async def production_order_availability_get(
    production_order_id: UUID, _by: Reader, at: InReading
) -> MaterialAvailability:
    """Whether the material of a firm order is there when it begins, and why not."""
    return await availability_of(at, production_order_id)


@production_order_router.get("/{production_order_id}/costs", responses=refuses(NotFound))
async def production_order_costs_get(
    production_order_id: UUID, _by: CostReader, at: InReading
) -> ProductionCosts:
    """What went into the order, what came out, and what is still in it."""
    return await orders.costs_of(at, production_order_id)


@production_order_router.get("/{production_order_id}/steps", responses=refuses(NotFound))
async def production_order_steps_get(
    production_order_id: UUID, _by: Reader, at: InReading
) -> ProductionSteps:
    """What was booked on the order, the first one first."""
    return await orders.steps_of(at, production_order_id)


@production_order_router.post("/{production_order_id}/firm", responses=refuses(*_BEGUN))
async def production_order_firm(
    production_order_id: UUID, _by: Planner, _once: OnlyOnce, work: InWork, response: Response
) -> ProductionOrderView:
    """Let planning leave the order alone; it keeps bill, routing and rates from now on."""
    await releasing.firm(work, production_order_id)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/release", responses=refuses(*_BEGUN, MaterialShort)
)
async def production_order_release(
    production_order_id: UUID,
    command: ReleaseProductionOrder,
    _by: Planner,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductionOrderView:
    """Let work on the order begin."""
    required = command.require_material
    await releasing.release(work, [production_order_id], require_material=required)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/issue", responses=refuses(*_MOVED_ON, MissingReference)
)
async def production_order_issue(
    production_order_id: UUID,
    command: IssueMaterial,
    _by: Reporter,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductionOrderView:
    """Take material from stock for the order."""
    await material.issue_material(work, production_order_id, command)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/return-material",
    responses=refuses(*_MOVED_ON, MissingReference, NotIssued, SerialNotIssued),
)
async def production_order_return_material(
    production_order_id: UUID,
    command: IssueMaterial,
    _by: Reporter,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductionOrderView:
    """Bring material back into stock at what it cost the order."""
    await material.return_material(work, production_order_id, command)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post("/{production_order_id}/report", responses=refuses(*_REPORTED))
async def production_order_report(
    production_order_id: UUID,
    command: ReportProduction,
    _by: Reporter,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductionOrderView:
    """Say what was made: good, scrap, rework, minutes, of an operation or the whole order."""
    await reporting.report(work, production_order_id, command)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/finish",
    responses=refuses(NotFound, WrongProductionState, ShortFinish),
)
async def production_order_finish(
    production_order_id: UUID,
    command: FinishProductionOrder,
    _by: Planner,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductionOrderView:
    """Report no more on the order."""
    await finishing.finish(work, production_order_id, command)
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/close", responses=refuses(NotFound, WrongProductionState, *_DAYS)
)
async def production_order_close(
    production_order_id: UUID, _by: Planner, _once: OnlyOnce, work: InWork, response: Response
) -> ProductionOrderView:
    """Book what is left of its work in progress as variance."""
    await finishing.close(work, [production_order_id])
    return await production_order.reply(response, work, production_order_id)


@production_order_router.post(
    "/{production_order_id}/cancel",
    responses=refuses(NotFound, WrongProductionState, OrderBegun, ReworkHasPieces),
)
async def production_order_cancel(
    production_order_id: UUID, _by: Planner, _once: OnlyOnce, work: InWork, response: Response
) -> ProductionOrderView:
    """Make nothing of the order, on which nothing was booked."""
    await releasing.cancel(work, production_order_id)
    return await production_order.reply(response, work, production_order_id)


production_order.link()
production_order.unlink()
annotate(production_order.paths)
