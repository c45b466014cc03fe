"""Paths of repair orders."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.receivables.errors import InvoiceDateOrder
from erp.repairs.errors import (
    AlreadyInvoiced,
    LineInUse,
    MoreThanPlanned,
    MoreThanUsed,
    NoSuchRepairLine,
    NothingCharged,
    PieceHere,
    PieceNotHere,
    PriceAgreed,
    WrongRepairState,
)
from erp.repairs.queries.orders import REPAIR_ORDERS
from erp.repairs.schemas.orders import (
    AddRepairLines,
    AnswerQuote,
    BookHours,
    Diagnose,
    FinishRepair,
    NewRepairOrder,
    PieceMoved,
    RecoverParts,
    RemoveRepairLine,
    RepairDay,
    UseParts,
)
from erp.repairs.schemas.views import RepairOrderView
from erp.repairs.service import acts, booking, orders, pieces
from erp.repairs.service.invoicing import invoice
from erp.stock.errors import (
    DuplicateLot,
    DuplicateLotNumber,
    DuplicateSerial,
    GoodsGone,
    LotDiffers,
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
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "repair_order_router"]

READ, WRITE = "repairs.read", "repairs.write"
Clerk = Annotated[Actor, Needs(WRITE)]
Biller = Annotated[Actor, Needs("repairs.invoice")]
_STATE = (NotFound, WrongRepairState)
_NAMED = (
    *(NotStocked, FractionOfUnit, SerialsNeeded, SerialsNotKept, DuplicateSerial, LotsNeeded),
    *(LotsNotKept, DuplicateLot),
)
_LINES = (MissingReference, CurrencyNotSupported, NotStocked, FractionOfUnit)
_WITHHELD = (
    *(GoodsGone, SerialsNeeded, SerialsNotKept, UnknownSerial, SerialNotInStock),
    *(SerialWithheld, TooLittleOnHand),
)
_MOVED = (
    *(*_NAMED, SerialExists, SerialMovedLater, TooLittleInLot, DuplicateLotNumber),
    *(NoPeriod, PeriodClosed),
)
_PARTS = (
    *(*_STATE, *_MOVED, NoSuchRepairLine, ShortOnDay, NoCostOnDay, LotShortOnDay, UnknownLot),
    *(UnknownSerial, SerialNotInStock, SerialWithheld, LotNotUsable, LotDiffers, TooLittleOnHand),
)

repair_order_router = api_router(prefix="/v1/repair-orders", tag="repair-orders")


@repair_order_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_LINES, PartyArchived, *_NAMED),
)
async def repair_order_create(
    command: NewRepairOrder, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Take up a repair of a customer's piece, or of one of ours."""
    return await REPAIR_ORDERS.get(work, await orders.take_up(work, command))


@repair_order_router.post(
    "/{repair_order_id}/lines",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_STATE, *_LINES, PriceAgreed),
)
async def repair_order_add_lines(
    repair_order_id: UUID, command: AddRepairLines, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Add parts and labour; of an order in work the parts are reserved at once."""
    await orders.add_lines(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/remove-line", responses=refuses(*_STATE, NoSuchRepairLine, LineInUse)
)
async def repair_order_remove_line(
    repair_order_id: UUID, command: RemoveRepairLine, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Take a line away on which nothing was booked."""
    await orders.remove_line(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/receive", responses=refuses(*_STATE, PieceHere, PieceNotHere, *_MOVED)
)
async def repair_order_receive(
    repair_order_id: UUID, command: PieceMoved, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Take the customer's piece in: it lies here, and has no value."""
    await pieces.receive(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/diagnose", responses=refuses(*_STATE))
async def repair_order_diagnose(
    repair_order_id: UUID, command: Diagnose, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Say what is wrong with the piece, and why."""
    await orders.diagnose(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/quote", responses=refuses(*_STATE))
async def repair_order_quote(
    repair_order_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Offer the customer what is planned, at the prices of the lines."""
    await acts.quote(work, repair_order_id)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/answer", responses=refuses(*_STATE, *_WITHHELD))
async def repair_order_answer(
    repair_order_id: UUID, command: AnswerQuote, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Keep what the customer says to the quote; accepted, the repair is confirmed."""
    await acts.answer_quote(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/confirm", responses=refuses(*_STATE, *_WITHHELD))
async def repair_order_confirm(
    repair_order_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Let the repair be done; its parts are reserved, or waited for."""
    await acts.confirm(work, repair_order_id)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/use-parts", responses=refuses(*_PARTS, MoreThanPlanned)
)
async def repair_order_use_parts(
    repair_order_id: UUID, command: UseParts, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Take parts from stock into the piece; they cost us what they were worth."""
    await booking.use_parts(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/return-parts", responses=refuses(*_PARTS, MoreThanUsed)
)
async def repair_order_return_parts(
    repair_order_id: UUID, command: UseParts, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Bring back parts that were not needed after all."""
    await booking.return_parts(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/recover-parts", responses=refuses(*_PARTS, MissingReference)
)
async def repair_order_recover_parts(
    repair_order_id: UUID, command: RecoverParts, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Lay parts that were taken out of the piece into stock, at no value."""
    await booking.recover_parts(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/book-hours",
    responses=refuses(*_STATE, NoSuchRepairLine, MoreThanPlanned, NoPeriod, PeriodClosed),
)
async def repair_order_book_hours(
    repair_order_id: UUID, command: BookHours, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Book hours of labour, at the rates of the work centre."""
    await booking.book_hours(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/finish", responses=refuses(*_STATE))
async def repair_order_finish(
    repair_order_id: UUID, command: FinishRepair, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Say what came of it; what is still reserved is free for others."""
    await acts.finish(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/invoice",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        *(*_STATE, AlreadyInvoiced, NothingCharged, InvoiceDateOrder, NoPeriod, PeriodClosed)
    ),
)
async def repair_order_invoice(
    repair_order_id: UUID, command: RepairDay, _by: Biller, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Invoice what the customer pays, once."""
    await invoice(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post(
    "/{repair_order_id}/send-back", responses=refuses(*_STATE, PieceNotHere, *_MOVED)
)
async def repair_order_send_back(
    repair_order_id: UUID, command: PieceMoved, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Give the piece back to the customer; an order that is done is closed by it."""
    await pieces.send_back(work, repair_order_id, command)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/close", responses=refuses(*_STATE, PieceHere))
async def repair_order_close(
    repair_order_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """End the order of a piece of ours, which may be used again, or of one that never came."""
    await acts.close(work, repair_order_id)
    return await REPAIR_ORDERS.get(work, repair_order_id)


@repair_order_router.post("/{repair_order_id}/cancel", responses=refuses(*_STATE))
async def repair_order_cancel(
    repair_order_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork
) -> RepairOrderView:
    """Do nothing to the piece, as long as no work began."""
    await acts.cancel(work, repair_order_id)
    return await REPAIR_ORDERS.get(work, repair_order_id)


REPAIR_ORDER = RecordPaths(repair_order_router, REPAIR_ORDERS, "repair_order", READ, WRITE)
list_route(REPAIR_ORDER, "Repair orders, the newest first.")
get_route(REPAIR_ORDER)
annotate(REPAIR_ORDER)

LISTS = (
    add_export(
        repair_order_router,
        RecordSheet(name="repair_order", reads=REPAIR_ORDERS, read=READ, lines=("lines", "steps")),
        "repair orders",
    ),
)
"""What leaves as files."""
