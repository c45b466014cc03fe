"""Paths of purchase orders."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import (
    IfMatch,
    InWork,
    Needs,
    OnlyOnce,
    OnlyOnceUnlessDry,
)
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.payables.errors import DuplicateBill
from erp.payables.schemas import BillView
from erp.purchasing.errors import (
    LessThanReceived,
    MoreThanOrdered,
    MoreThanReceived,
    MoreThanSentBack,
    NoSupplierPrice,
    NotALine,
    NotBought,
    NothingToBill,
    NothingToCreditBack,
    PurchaseChangeNotApproved,
    PurchaseOrderClosed,
    PurchaseOrderPending,
)
from erp.purchasing.queries.orders import ORDER_FIELDS, ORDERS
from erp.purchasing.schemas.orders import (
    BillPurchaseOrder,
    ChangePurchaseOrder,
    CreditPurchaseOrder,
    NewPurchaseOrder,
    PurchaseOrderView,
    SentPurchaseOrders,
)
from erp.purchasing.schemas.receipts import ReceiptsBooked, ReceiptView, ReceiveAll, ReceiveOrder
from erp.purchasing.service import billing, changing, closing, crediting, ordering, receiving, sent
from erp.stock.errors import (
    DuplicateLot,
    DuplicateSerial,
    LotDiffers,
    LotExpiresFirst,
    LotsNeeded,
    LotsNotKept,
    NotStocked,
    SerialExists,
    SerialMovedLater,
    SerialsNeeded,
    SerialsNotKept,
)
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.senders import InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "purchase_order_router"]

READ, WRITE = "purchasing.read", "purchasing.write"
Buyer = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]


purchase_order_router = api_router(prefix="/v1/purchase-orders", tag="purchase-orders")

_CONTENT = (
    MissingReference,
    CurrencyNotSupported,
    FractionOfUnit,
    NotStocked,
    NoSupplierPrice,
    NotBought,
    PartyArchived,
)
"""What the content of an order may be refused for."""
_RECEIVED = (
    NotFound,
    PurchaseOrderClosed,
    PurchaseOrderPending,
    MoreThanOrdered,
    NotALine,
    FractionOfUnit,
    SerialsNeeded,
    SerialsNotKept,
    DuplicateSerial,
    SerialExists,
    SerialMovedLater,
    LotsNeeded,
    LotsNotKept,
    DuplicateLot,
    LotDiffers,
    LotExpiresFirst,
    NoPeriod,
    PeriodClosed,
)
_BILLED = (
    NotFound,
    PurchaseOrderPending,
    NotALine,
    DuplicateBill,
    CurrencyNotSupported,
    FractionOfUnit,
    NoPeriod,
    PeriodClosed,
)


@purchase_order_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(*_CONTENT))
async def purchase_order_create(
    command: NewPurchaseOrder, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> PurchaseOrderView:
    """Order goods from a supplier."""
    order = await ordering.order_goods(work, command)
    reply_with(response, order, location=f"/v1/purchase-orders/{order.id}")
    return order


@purchase_order_router.post("/by-external/{system}/batch")
async def purchase_order_upsert_batch(
    asked: InBatch, command: SentPurchaseOrders, _by: Buyer, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Order goods as another system tells it, each order once; each item is judged alone."""
    return await sent.upsert_orders(work, asked, command.items)


@purchase_order_router.post(
    "/receive-all", status_code=status.HTTP_201_CREATED, responses=refuses(*_RECEIVED)
)
async def purchase_order_receive_batch(
    command: ReceiveAll, _by: Buyer, _once: OnlyOnce, work: InWork
) -> ReceiptsBooked:
    """Take in everything that is still expected of orders, all or none."""
    return await receiving.receive_all(work, command)


@purchase_order_router.put(
    "/{order_id}/content",
    responses=refuses(
        NotFound,
        *_CONTENT,
        NotALine,
        LessThanReceived,
        PurchaseOrderClosed,
        PurchaseChangeNotApproved,
    ),
)
async def purchase_order_update(
    order_id: UUID,
    command: ChangePurchaseOrder,
    revision: IfMatch,
    _by: Buyer,
    work: InWork,
    response: Response,
) -> PurchaseOrderView:
    """Order other lines, quantities, prices or days; less than came is refused."""
    order = await changing.change_order(work, order_id, command, revision=revision)
    reply_with(response, order)
    return order


@purchase_order_router.post("/{order_id}/close", responses=refuses(NotFound, PurchaseOrderClosed))
async def purchase_order_close(
    order_id: UUID, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> PurchaseOrderView:
    """Expect nothing more of the order; what is still waited for is suggested anew."""
    order = await closing.close_order(work, order_id)
    reply_with(response, order)
    return order


@purchase_order_router.post(
    "/{order_id}/receipts", status_code=status.HTTP_201_CREATED, responses=refuses(*_RECEIVED)
)
async def purchase_order_receive(
    order_id: UUID, command: ReceiveOrder, _by: Buyer, _once: OnlyOnce, work: InWork
) -> ReceiptView:
    """Take goods of the order in; without lines, all that is still expected."""
    return await receiving.receive_order(work, order_id, command)


@purchase_order_router.post(
    "/{order_id}/bills",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_BILLED, NothingToBill, MoreThanReceived),
)
async def purchase_order_bill(
    order_id: UUID,
    command: BillPurchaseOrder,
    _by: Buyer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> BillView:
    """Enter the supplier's bill; without lines, of all that came and is not billed yet."""
    bill = await billing.bill_order(work, order_id, command)
    reply_with(response, bill, location=f"/v1/bills/{bill.id}")
    return bill


@purchase_order_router.post(
    "/{order_id}/credit-notes",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_BILLED, NothingToCreditBack, MoreThanSentBack, MissingReference),
)
async def purchase_order_credit(
    order_id: UUID,
    command: CreditPurchaseOrder,
    _by: Buyer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> BillView:
    """Enter the supplier's credit note of goods that were billed and went back."""
    note = await crediting.credit_order(work, order_id, command)
    reply_with(response, note, location=f"/v1/bills/{note.id}")
    return note


ORDER = RecordPaths(purchase_order_router, ORDERS, "order", READ, WRITE, documents=ORDER_FIELDS)
list_route(ORDER, "Purchase orders with their lines, the newest first.")
get_route(ORDER, "The order with its lines.")
annotate(ORDER)

LISTS = (
    add_export(
        purchase_order_router,
        RecordSheet(name="purchase_order", reads=ORDERS, read=READ, lines=("lines",)),
        "purchase orders",
    ),
)
"""What leaves as files; the lines of a document are rows."""
