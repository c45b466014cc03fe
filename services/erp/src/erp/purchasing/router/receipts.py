"""Paths of receipts, and of what went back."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.purchasing.errors import (
    LotNotOnReceipt,
    MoreThanOnReceipt,
    MoreThanOrdered,
    NotALine,
    NotAReturn,
    NothingToSendBack,
    PurchaseOrderClosed,
    ReceiptBilled,
    ReceiptReversed,
    ReceiptSentBack,
    ReceiptWithoutLines,
    ReturnCredited,
    ReturnOfCase,
    ReturnReversed,
    SerialNotOnReceipt,
)
from erp.purchasing.queries.receipts import RECEIPT_FIELDS, RECEIPTS, RETURN_FIELDS, RETURNS
from erp.purchasing.schemas.receipts import (
    PurchaseReturnView,
    ReturnToSupplier,
    ReverseReceipt,
    ReverseReturn,
)
from erp.purchasing.service import returning, reversing
from erp.stock.errors import (
    DuplicateLot,
    DuplicateSerial,
    GoodsGone,
    LotShortOnDay,
    LotsNeeded,
    LotsNotKept,
    NoCostOnDay,
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
from erp.stock.withheld import InspectionPending, ReceiptWithheld, SerialWithheld
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "purchase_receipt_router", "purchase_return_router"]

READ, WRITE = "purchasing.read", "purchasing.write"
Buyer = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]


purchase_receipt_router = api_router(prefix="/v1/purchase-receipts", tag="purchase-receipts")
purchase_return_router = api_router(prefix="/v1/purchase-returns", tag="purchase-returns")

_SENT_BACK = (
    NotFound,
    ReceiptReversed,
    ReceiptWithoutLines,
    InspectionPending,
    ReceiptWithheld,
    SerialWithheld,
    GoodsGone,
    ShortOnDay,
    NoCostOnDay,
    SerialNotInStock,
    SerialMovedLater,
    LotsNeeded,
    UnknownLot,
    TooLittleInLot,
    TooLittleOnHand,
    LotShortOnDay,
    NoPeriod,
    PeriodClosed,
)


@purchase_receipt_router.post(
    "/{receipt_id}/returns",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        *_SENT_BACK,
        PurchaseOrderClosed,
        NotALine,
        NothingToSendBack,
        MoreThanOnReceipt,
        FractionOfUnit,
        SerialNotOnReceipt,
        SerialsNeeded,
        SerialsNotKept,
        DuplicateSerial,
        UnknownSerial,
        LotNotOnReceipt,
        LotsNotKept,
        DuplicateLot,
    ),
)
async def purchase_receipt_return(
    receipt_id: UUID, command: ReturnToSupplier, _by: Buyer, _once: OnlyOnce, work: InWork
) -> PurchaseReturnView:
    """Send goods back to the supplier; without lines, all that did not go back yet."""
    return await returning.return_goods(work, receipt_id, command)


@purchase_receipt_router.post(
    "/{receipt_id}/reverse",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_SENT_BACK, ReceiptBilled, ReceiptSentBack),
)
async def purchase_receipt_reverse(
    receipt_id: UUID, command: ReverseReceipt, _by: Buyer, _once: OnlyOnce, work: InWork
) -> PurchaseReturnView:
    """Take a mistaken receipt back whole, while its goods are here and not billed."""
    return await returning.reverse_receipt(work, receipt_id, command)


@purchase_return_router.post(
    "/{return_id}/reverse",
    responses=refuses(
        NotFound,
        NotAReturn,
        ReturnReversed,
        ReturnOfCase,
        ReturnCredited,
        MoreThanOrdered,
        SerialExists,
        SerialMovedLater,
        NoPeriod,
        PeriodClosed,
    ),
)
async def purchase_return_reverse(
    return_id: UUID, command: ReverseReturn, _by: Buyer, _once: OnlyOnce, work: InWork
) -> PurchaseReturnView:
    """Take a return to the supplier back: the goods are here, while nothing of it is credited."""
    return await reversing.reverse_return(work, return_id, command)


RECEIPT = RecordPaths(
    purchase_receipt_router, RECEIPTS, "receipt", READ, WRITE, documents=RECEIPT_FIELDS
)
list_route(RECEIPT, "Receipts of purchase orders with what came, the newest first.")
get_route(RECEIPT)
annotate(RECEIPT)

RETURN = RecordPaths(
    purchase_return_router, RETURNS, "return", READ, WRITE, documents=RETURN_FIELDS
)
list_route(RETURN, "What went back to suppliers, and receipts taken back, the newest first.")
get_route(RETURN, "What went back.")
annotate(RETURN)

LISTS = (
    add_export(
        purchase_receipt_router,
        RecordSheet(name="purchase_receipt", reads=RECEIPTS, read=READ, lines=("lines",)),
        "receipts",
    ),
    add_export(
        purchase_return_router,
        RecordSheet(name="purchase_return", reads=RETURNS, read=READ, lines=("lines",)),
        "returns",
    ),
)
"""What leaves as files; the lines of a document are rows."""
