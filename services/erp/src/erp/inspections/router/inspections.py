"""Paths of inspections."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.inspections.errors import (
    MoreThanPending,
    MoreThanToShip,
    NoPlan,
    NoSuchSample,
    NotBeforeShipment,
    NothingPending,
    PendingChanged,
    ResultsMissing,
    SampleFailed,
    SerialNotPending,
)
from erp.inspections.queries.inspections import INSPECTIONS
from erp.inspections.schemas.inspections import (
    EnterResults,
    InspectionView,
    NewInspection,
    NewVerdict,
)
from erp.inspections.service.deciding import decide, enter_results
from erp.inspections.service.shipping import cancel_inspection, inspect_line
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.stock.errors import (
    DuplicateLotNumber,
    GoodsGone,
    SerialNotInStock,
    TooLittleInLot,
    TooLittleOnHand,
    UnknownLot,
    UnknownSerial,
)
from erp.stock.withheld import SerialWithheld
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "inspection_router"]

READ, WRITE = "inspections.read", "inspections.write"
Inspector = Annotated[Actor, Needs(WRITE)]

inspection_router = api_router(prefix="/v1/inspections", tag="inspections")


@inspection_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(MissingReference, NoPlan, UnknownLot, FractionOfUnit, MoreThanToShip),
)
async def inspection_create(
    command: NewInspection, _by: Inspector, _once: OnlyOnce, work: InWork
) -> InspectionView:
    """Inspect goods of an order's line before they leave."""
    return await INSPECTIONS.get(work, await inspect_line(work, command))


@inspection_router.post(
    "/{inspection_id}/results", responses=refuses(NotFound, NothingPending, NoSuchSample)
)
async def inspection_enter_results(
    inspection_id: UUID, command: EnterResults, _by: Inspector, _once: OnlyOnce, work: InWork
) -> InspectionView:
    """Enter what was found of pieces of the sample."""
    await enter_results(work, inspection_id, command)
    return await INSPECTIONS.get(work, inspection_id)


@inspection_router.post(
    "/{inspection_id}/verdicts",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        *(NotFound, FractionOfUnit, PendingChanged, MoreThanPending, SerialNotPending),
        *(ResultsMissing, SampleFailed, TooLittleInLot, DuplicateLotNumber, GoodsGone),
        *(TooLittleOnHand, UnknownSerial, SerialNotInStock, SerialWithheld),
        *(NoPeriod, PeriodClosed),
    ),
)
async def inspection_decide(
    inspection_id: UUID, command: NewVerdict, _by: Inspector, _once: OnlyOnce, work: InWork
) -> InspectionView:
    """Accept and reject goods; what is accepted may be used, for what is rejected a case opens."""
    await decide(work, inspection_id, command)
    return await INSPECTIONS.get(work, inspection_id)


@inspection_router.post(
    "/{inspection_id}/cancel", responses=refuses(NotFound, NothingPending, NotBeforeShipment)
)
async def inspection_cancel(
    inspection_id: UUID, _by: Inspector, _once: OnlyOnce, work: InWork
) -> InspectionView:
    """End an inspection before shipment: what is pending is not decided about."""
    await cancel_inspection(work, inspection_id)
    return await INSPECTIONS.get(work, inspection_id)


INSPECTION = RecordPaths(inspection_router, INSPECTIONS, "inspection", READ, WRITE)
list_route(INSPECTION, "Inspections with results and verdicts, the newest first.")
get_route(INSPECTION)
annotate(INSPECTION)

LISTS = (
    add_export(
        inspection_router,
        RecordSheet(name="inspection", reads=INSPECTIONS, read=READ, lines=("results", "verdicts")),
        "inspections",
    ),
)
"""What leaves as files."""
