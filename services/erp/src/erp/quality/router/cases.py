"""Paths of cases."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import Forbidden, MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.purchasing.errors import (
    LotNotOnReceipt,
    MoreThanOnReceipt,
    PurchaseOrderClosed,
    ReceiptReversed,
    ReceiptWithoutLines,
    SerialNotOnReceipt,
)
from erp.quality.errors import (
    ActionDone,
    ActionsOpen,
    CaseNotOpen,
    CaseTouched,
    GoodsNotBack,
    MoreThanUndisposed,
    NotAComplaint,
    NotInspected,
    NotReceived,
    QuantityUndisposed,
    SerialNotInCase,
)
from erp.quality.queries.cases import CASES
from erp.quality.schemas.cases import (
    FinishAction,
    NewAction,
    NewDisposition,
    NewNonconformance,
    NonconformanceView,
    SetCause,
)
from erp.quality.service import cases
from erp.quality.service.disposing import dispose
from erp.stock.errors import (
    DuplicateLotNumber,
    DuplicateSerial,
    GoodsGone,
    LotNotFollowing,
    LotShortOnDay,
    LotsNeeded,
    NoCostOnDay,
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
from erp.stock.withheld import InspectionPending, ReceiptWithheld, SerialWithheld
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "nonconformance_router"]

READ, WRITE = "quality.read", "quality.write"
Clerk = Annotated[Actor, Needs(WRITE)]
Decider = Annotated[Actor, Needs("quality.decide")]
_GOODS = (
    *(FractionOfUnit, TooLittleOnHand, GoodsGone, TooLittleInLot, UnknownLot, DuplicateLotNumber),
    *(SerialsNeeded, SerialsNotKept, DuplicateSerial, UnknownSerial, SerialNotInStock),
    *(SerialWithheld, NoPeriod, PeriodClosed),
)
_BOOKED = (
    *(ShortOnDay, NoCostOnDay, SerialMovedLater, LotShortOnDay, LotsNeeded, LotNotFollowing),
    *(ReceiptReversed, ReceiptWithoutLines, PurchaseOrderClosed, MoreThanOnReceipt),
    *(SerialNotOnReceipt, LotNotOnReceipt, InspectionPending, ReceiptWithheld, Forbidden),
)

nonconformance_router = api_router(prefix="/v1/nonconformances", tag="nonconformances")


@nonconformance_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(MissingReference, NotFound, InspectionPending, *_GOODS),
)
async def nonconformance_create(
    command: NewNonconformance, _by: Decider, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Open a case of goods that lie here, and withhold them."""
    return await CASES.get(work, await cases.open_case(work, command))


@nonconformance_router.post("/{nonconformance_id}/cause", responses=refuses(NotFound, CaseNotOpen))
async def nonconformance_set_cause(
    nonconformance_id: UUID, command: SetCause, _by: Clerk, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Say why it is so."""
    await cases.set_cause(work, nonconformance_id, command)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post(
    "/{nonconformance_id}/dispositions",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        *(NotFound, CaseNotOpen, MoreThanUndisposed, NotInspected, NotReceived),
        *(SerialNotInCase, GoodsNotBack, NotAComplaint),
        *_GOODS,
        *_BOOKED,
    ),
)
async def nonconformance_dispose(
    nonconformance_id: UUID, command: NewDisposition, _by: Decider, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Use, rework, scrap or send back goods of the case, and book it."""
    await dispose(work, nonconformance_id, command)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post(
    "/{nonconformance_id}/actions",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, CaseNotOpen),
)
async def nonconformance_add_action(
    nonconformance_id: UUID, command: NewAction, _by: Clerk, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Have somebody see to it that it does not happen again."""
    await cases.add_action(work, nonconformance_id, command)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post(
    "/{nonconformance_id}/finish-action",
    responses=refuses(NotFound, CaseNotOpen, MissingReference, ActionDone),
)
async def nonconformance_finish_action(
    nonconformance_id: UUID, command: FinishAction, _by: Clerk, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Say that an action is done."""
    await cases.finish_action(work, nonconformance_id, command)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post(
    "/{nonconformance_id}/close",
    responses=refuses(NotFound, CaseNotOpen, QuantityUndisposed, ActionsOpen),
)
async def nonconformance_close(
    nonconformance_id: UUID, _by: Decider, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Close a case of which all is disposed and done."""
    await cases.close_case(work, nonconformance_id)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post("/{nonconformance_id}/reopen", responses=refuses(NotFound, CaseNotOpen))
async def nonconformance_reopen(
    nonconformance_id: UUID, _by: Decider, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """Work on a closed case again."""
    await cases.reopen_case(work, nonconformance_id)
    return await CASES.get(work, nonconformance_id)


@nonconformance_router.post(
    "/{nonconformance_id}/cancel",
    responses=refuses(
        *(NotFound, CaseNotOpen, CaseTouched, TooLittleInLot, DuplicateLotNumber),
        *(LotNotFollowing, InspectionPending, NoPeriod, PeriodClosed),
    ),
)
async def nonconformance_cancel(
    nonconformance_id: UUID, _by: Decider, _once: OnlyOnce, work: InWork
) -> NonconformanceView:
    """It was none: nothing of it is disposed, no inspection rejected it; its goods are used."""
    await cases.cancel_case(work, nonconformance_id)
    return await CASES.get(work, nonconformance_id)


CASE = RecordPaths(nonconformance_router, CASES, "nonconformance", READ, WRITE)
list_route(CASE, "Cases of goods that do not conform, the newest first.")
get_route(CASE)
annotate(CASE)

LISTS = (
    add_export(
        nonconformance_router,
        RecordSheet(
            name="nonconformance",
            reads=CASES,
            read=READ,
            lines=("dispositions", "actions", "links"),
        ),
        "nonconformances",
    ),
)
"""What leaves as files."""
