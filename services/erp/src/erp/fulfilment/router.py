"""Paths of sales orders."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import LOCATED, reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.reading import Reading
from chassis.storage.source_versions import VersionTooFar
from erp.catalog.errors import FractionOfUnit
from erp.fulfilment.errors import (
    ChangeRefused,
    GoodsCameBack,
    GoodsHaveLeft,
    MoreThanLeft,
    NothingToInvoice,
    NothingToShip,
    NotReservedYet,
    NotShippedYet,
    OrderClosed,
    OrderInvoiced,
    OrderNotConfirmed,
    PriceMissing,
    ShipmentInvoiced,
    ShipmentReversed,
    UnknownLine,
)
from erp.fulfilment.models import Order
from erp.fulfilment.queries import reading, shipments
from erp.fulfilment.schemas import (
    ChangeOrder,
    Invoiced,
    InvoiceOrder,
    NewOrder,
    OrderView,
    ReturnGoods,
    ReverseShipment,
    ShipmentView,
    ShipOrder,
    Shipped,
    UpsertOrder,
    UpsertOrders,
)
from erp.fulfilment.service.billing import invoice_order
from erp.fulfilment.service.changing import cancel_order, change_order
from erp.fulfilment.service.orders import IN_BULK, confirm_order, place_order, take_order
from erp.fulfilment.service.reversing import reverse_shipment
from erp.fulfilment.service.shipping import return_goods, ship_order
from erp.inspections.errors import InspectionNeeded, PieceNotAccepted
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.receivables.errors import DebtWrittenOff, InvoiceDateOrder
from erp.stock.errors import (
    DuplicateLot,
    DuplicateSerial,
    GoodsGone,
    LotNotUsable,
    LotNotWithCustomer,
    LotShortOnDay,
    LotsNeeded,
    LotsNotKept,
    NoCostOnDay,
    NotReserved,
    NotShipped,
    SerialMovedLater,
    SerialNotInStock,
    SerialNotWithCustomer,
    SerialsNeeded,
    SerialsNotKept,
    ShortOnDay,
    TooLittleInLot,
    TooLittleOnHand,
    UnknownLot,
    UnknownSerial,
)
from erp.stock.refusals import SoftReservationEnded, SoftReservationNotFor
from erp.stock.withheld import SerialWithheld
from records.annotations import annotate
from records.batches import upsert_each
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.senders import FromSystem, InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.upserts import UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["LISTS", "order_router", "shipment_router"]

READ, WRITE, SHIP = "sales.read", "sales.write", "stock.write"
Seller = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Storekeeper = Annotated[Actor, Needs(SHIP)]
Accountant = Annotated[Actor, Needs("receivables.write")]

order_router = api_router(prefix="/v1/sales-orders", tag="sales-orders")

shipment_router = api_router(prefix="/v1/shipments", tag="shipments")

_CONTENT = (MissingReference, CurrencyNotSupported, FractionOfUnit, PriceMissing)
"""What the content of an order may be refused for."""
_SERIALS = (
    SerialsNeeded,
    SerialsNotKept,
    DuplicateSerial,
    UnknownSerial,
    SerialMovedLater,
    LotsNeeded,
    LotsNotKept,
    DuplicateLot,
)
_LOTS_LEAVE = (UnknownLot, TooLittleInLot, LotNotUsable, LotShortOnDay, TooLittleOnHand)
_BOOKED = (NoPeriod, PeriodClosed)
_SOFT = (SoftReservationEnded, SoftReservationNotFor)


async def _order(response: Response, at: Reading, order_id: UUID) -> OrderView:
    """The order as the reply shows it, with its ETag."""
    seen = await reading.ORDERS.get(at, order_id)
    reply_with(response, seen)
    return seen


@order_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_CONTENT, PartyArchived, *_SOFT),
)
async def sales_order_create(
    command: NewOrder, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> OrderView:
    """Take an order; unless it is a draft it is decided at once."""
    seen = await place_order(work, command)
    reply_with(response, seen, location=f"/v1/sales-orders/{seen.id}")
    return seen


@order_router.post("/by-external/{system}/batch")
async def sales_order_upsert_batch(
    asked: InBatch, command: UpsertOrders, _by: Seller, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Accept orders as another system knows them; each is judged alone."""
    items, in_bulk = command.items, IN_BULK
    return await upsert_each(work, asked, Order, items, take_order, in_bulk=in_bulk)


@order_router.put(
    "/by-external/{system}/{external_id}",
    responses=UPSERTED | refuses(VersionTooFar, MissingReference, CurrencyNotSupported),
)
async def sales_order_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertOrder,
    _by: Seller,
    work: InWork,
    response: Response,
) -> OrderView:
    """Accept an order as another system knows it, then decide it; a refusal is a state."""
    done = await take_order(work, system, external_id, command)
    reply_outcome(response, done)
    return await _order(response, work, done.id)


@order_router.post("/{order_id}/confirm", responses=refuses(NotFound, OrderClosed, *_SOFT))
async def sales_order_confirm(
    order_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> OrderView:
    """Decide a draft: confirmed, held for credit, or rejected."""
    seen = await confirm_order(work, order_id)
    reply_with(response, seen)
    return seen


@order_router.post(
    "/{order_id}/cancel", responses=refuses(NotFound, OrderInvoiced, GoodsHaveLeft, OrderClosed)
)
async def sales_order_cancel(
    order_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> OrderView:
    """Cancel before anything has gone out; reservation and demand are free at once."""
    await cancel_order(work, order_id)
    return await _order(response, work, order_id)


@order_router.put(
    "/{order_id}/content",
    responses=refuses(NotFound, *_CONTENT, UnknownLine, ChangeRefused, *_SOFT),
)
async def sales_order_update(
    order_id: UUID,
    command: ChangeOrder,
    revision: IfMatch,
    _by: Seller,
    work: InWork,
    response: Response,
) -> OrderView:
    """Order other lines or quantities; what cannot be changed any more is refused."""
    await change_order(work, order_id, command, revision=revision)
    return await _order(response, work, order_id)


@order_router.post(
    "/{order_id}/shipments",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        NotFound,
        OrderNotConfirmed,
        UnknownLine,
        NothingToShip,
        NotReservedYet,
        NotReserved,
        InspectionNeeded,
        PieceNotAccepted,
        MoreThanLeft,
        FractionOfUnit,
        *_SERIALS,
        SerialNotInStock,
        SerialWithheld,
        *_LOTS_LEAVE,
        ShortOnDay,
        NoCostOnDay,
        *_BOOKED,
    ),
)
async def sales_order_ship(
    order_id: UUID, command: ShipOrder, _by: Storekeeper, _once: OnlyOnce, work: InWork
) -> Shipped:
    """Ship what is reserved, or the quantities named."""
    return await ship_order(work, order_id, command)


@order_router.post(
    "/{order_id}/returns",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        NotFound,
        OrderNotConfirmed,
        UnknownLine,
        NotShipped,
        MoreThanLeft,
        FractionOfUnit,
        *_SERIALS,
        SerialNotWithCustomer,
        LotNotWithCustomer,
        DebtWrittenOff,
        InvoiceDateOrder,
        *_BOOKED,
    ),
)
async def sales_order_return(
    order_id: UUID, command: ReturnGoods, _by: Storekeeper, _once: OnlyOnce, work: InWork
) -> Shipped:
    """Take goods back at the cost they left; what is invoiced and not credited is credited."""
    return await return_goods(work, order_id, command)


@order_router.post(
    "/{order_id}/invoices",
    status_code=status.HTTP_201_CREATED,
    responses=LOCATED
    | refuses(
        NotFound,
        OrderNotConfirmed,
        UnknownLine,
        NothingToInvoice,
        NotShippedYet,
        MoreThanLeft,
        FractionOfUnit,
        MissingReference,
        InvoiceDateOrder,
        *_BOOKED,
    ),
)
async def sales_order_invoice(
    order_id: UUID,
    command: InvoiceOrder,
    _by: Accountant,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> Invoiced:
    """Invoice what was shipped and not invoiced, or before delivery; all of it, or these lines."""
    done = await invoice_order(work, order_id, command)
    response.headers["Location"] = f"/v1/invoices/{done.invoice_id}"
    return done


@shipment_router.post(
    "/{shipment_id}/reverse",
    responses=refuses(
        NotFound,
        ShipmentReversed,
        ShipmentInvoiced,
        GoodsCameBack,
        GoodsGone,
        ShortOnDay,
        NoCostOnDay,
        SerialNotInStock,
        SerialWithheld,
        SerialNotWithCustomer,
        SerialMovedLater,
        TooLittleInLot,
        LotShortOnDay,
        *_BOOKED,
    ),
)
async def shipment_reverse(
    shipment_id: UUID, command: ReverseShipment, _by: Storekeeper, _once: OnlyOnce, work: InWork
) -> ShipmentView:
    """Take a mistaken shipment or return back whole: goods, books and lines are as before it."""
    return await reverse_shipment(work, shipment_id, command)


ORDER = RecordPaths(
    order_router, reading.ORDERS, "order", READ, WRITE, documents=reading.ORDER_FIELDS
)
list_route(ORDER, "Sales orders, the newest first.")
get_route(ORDER)
annotate(ORDER)

SHIPMENT = RecordPaths(
    shipment_router,
    shipments.SHIPMENTS,
    "shipment",
    READ,
    SHIP,
    documents=shipments.SHIPMENT_FIELDS,
)
list_route(SHIPMENT, "Shipments and returns with their lines, the newest first.")
get_route(SHIPMENT, "The shipment or return.")
annotate(SHIPMENT)

LISTS = (
    add_export(
        order_router,
        RecordSheet(name="sales_order", reads=reading.ORDERS, read=READ, lines=("lines",)),
        "sales orders",
    ),
    add_export(
        shipment_router,
        RecordSheet(name="shipment", reads=shipments.SHIPMENTS, read=READ, lines=("lines",)),
        "shipments",
    ),
)
"""What leaves as files; the lines of a document are rows."""
