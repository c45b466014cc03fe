"""Paths of purchasing."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.paging import Page, PageAsked
from chassis.http.problems import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MissingReference,
    NotFound,
    RevisionRequired,
    StaleRevision,
)
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from chassis.storage.work import Reading
from erp.catalog.errors import FractionOfUnit
from erp.fields import ExternalId
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.payables.errors import DuplicateBill
from erp.payables.schemas import BillView
from erp.purchasing.errors import (
    DuplicateSupplierPrice,
    MoreThanOrdered,
    MoreThanReceived,
    NoSupplierPrice,
    NotALine,
    NotBought,
    NothingToBill,
    PurchaseOrderClosed,
    SuggestionNotOpen,
)
from erp.purchasing.queries import orders as order_queries
from erp.purchasing.queries import prices as price_queries
from erp.purchasing.queries import receipts as receipt_queries
from erp.purchasing.queries import suggestions as suggestion_queries
from erp.purchasing.schemas import (
    BillReceived,
    ChangeSupplierPrice,
    NewPurchaseOrder,
    NewSupplierPrice,
    OrdersMade,
    OrderSuggestions,
    PurchaseOrderQuery,
    PurchaseOrderView,
    PurchaseReceiptView,
    ReceiptQuery,
    ReceiptsMade,
    ReceiptView,
    ReceiveAll,
    ReceiveOrder,
    Refreshed,
    RefreshSuggestions,
    SuggestionState,
    SuggestionView,
    SupplierPriceView,
    UpsertSupplierPrice,
    UpsertSupplierPrices,
)
from erp.purchasing.service import billing, ordering, pricing, receiving, suggesting
from erp.stock.errors import (
    DuplicateSerial,
    NotStocked,
    SerialExists,
    SerialsNeeded,
    SerialsNotKept,
)
from erp.upserts import UPSERT_PROBLEMS, UPSERTED, FromSystem, InBatch, reply_outcome

__all__ = [
    "purchase_order_router",
    "purchase_receipt_router",
    "suggestion_router",
    "supplier_price_router",
]

Buyer = Annotated[Actor, Needs("purchasing.write")]
Reader = Annotated[Actor, Needs("purchasing.read")]
Sku = Annotated[str | None, Query(max_length=64)]

_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight, NotFound)

supplier_price_router = house_router(
    prefix="/v1/supplier-prices",
    tag="supplier-prices",
    problems=(
        *_KEYED,
        *UPSERT_PROBLEMS,
        StaleRevision,
        RevisionRequired,
        MissingReference,
        CurrencyNotSupported,
        DuplicateSupplierPrice,
        FractionOfUnit,
        NotBought,
        PartyArchived,
    ),
)
suggestion_router = house_router(
    prefix="/v1/purchase-suggestions",
    tag="purchase-suggestions",
    problems=(
        *_KEYED,
        MissingReference,
        SuggestionNotOpen,
        NoSupplierPrice,
        NotBought,
        PartyArchived,
    ),
)
purchase_order_router = house_router(
    prefix="/v1/purchase-orders",
    tag="purchase-orders",
    problems=(
        *_KEYED,
        MissingReference,
        CurrencyNotSupported,
        FractionOfUnit,
        NotStocked,
        SerialsNeeded,
        SerialsNotKept,
        DuplicateSerial,
        SerialExists,
        NoSupplierPrice,
        NotBought,
        PartyArchived,
        PurchaseOrderClosed,
        MoreThanOrdered,
        MoreThanReceived,
        NotALine,
        NothingToBill,
        DuplicateBill,
        NoPeriod,
        PeriodClosed,
    ),
)

purchase_receipt_router = house_router(
    prefix="/v1/purchase-receipts", tag="purchase-receipts", problems=(NotFound,)
)


async def _price(
    response: Response, at: Reading, price_id: UUID, *, new: bool = False
) -> SupplierPriceView:
    """The price as the reply shows it, with its ETag."""
    seen = await pricing.see_price(at.sql, price_id)
    reply_with(response, seen, location=f"/v1/supplier-prices/{seen.id}" if new else None)
    return seen


@supplier_price_router.get("")
async def list_prices(
    _by: Reader, asked: PageAsked, at: InReading, supplier_id: UUID | None = None, sku: Sku = None
) -> Page[SupplierPriceView]:
    """What suppliers ask, the newest first."""
    return await price_queries.price_page(at.sql, asked, supplier_id=supplier_id, sku=sku)


@supplier_price_router.post("", status_code=status.HTTP_201_CREATED)
async def add_price(
    command: NewSupplierPrice, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> SupplierPriceView:
    """Note what a supplier asks for an item."""
    price_id = await pricing.add_price(work, command)
    return await _price(response, work, price_id, new=True)


@supplier_price_router.post("/by-external/{system}/batch")
async def upsert_prices(
    asked: InBatch,
    command: UpsertSupplierPrices,
    _by: Buyer,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """Take over supplier prices as another system knows them; each is judged alone."""
    return await pricing.upsert_prices(work, asked, command.items)


@supplier_price_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def upsert_price(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertSupplierPrice,
    _by: Buyer,
    work: InWork,
    response: Response,
) -> SupplierPriceView:
    """Take over a supplier's price as another system knows it; only a newer version changes it."""
    done = await pricing.upsert_price(work, system, external_id, command)
    reply_outcome(response, done)
    return await _price(response, work, done.id, new=done.outcome == "created")


@supplier_price_router.get("/{price_id}")
async def see_price(
    price_id: UUID, _by: Reader, at: InReading, response: Response
) -> SupplierPriceView:
    """The supplier's price."""
    return await _price(response, at, price_id)


@supplier_price_router.patch("/{price_id}")
async def change_price(
    price_id: UUID,
    command: ChangeSupplierPrice,
    revision: IfMatch,
    _by: Buyer,
    work: InWork,
    response: Response,
) -> SupplierPriceView:
    """Change the fields given; the others stay."""
    await pricing.change_price(work, price_id, command, revision=revision)
    return await _price(response, work, price_id)


@suggestion_router.get("")
async def list_suggestions(
    _by: Reader,
    asked: PageAsked,
    at: InReading,
    state: SuggestionState | None = None,
    sku: Sku = None,
) -> Page[SuggestionView]:
    """What should be bought, the newest first."""
    return await suggestion_queries.suggestion_page(at.sql, asked, state=state, sku=sku)


@suggestion_router.post("/refresh")
async def refresh_suggestions(
    command: RefreshSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> Refreshed:
    """Look anew at what should be bought; twice changes nothing."""
    return await suggesting.refresh_asked(work, command)


@suggestion_router.post("/order", status_code=status.HTTP_201_CREATED)
async def order_suggestions(
    command: OrderSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> OrdersMade:
    """Order what is suggested, one order for each supplier."""
    return await ordering.order_suggestions(work, command)


@purchase_order_router.get("")
async def list_orders(
    _by: Reader,
    wanted: Annotated[PurchaseOrderQuery, Query()],
    asked: PageAsked,
    at: InReading,
    request: Request,
) -> Page[PurchaseOrderView]:
    """Purchase orders with their lines, the newest first."""
    currency = request.app.state.settings.currency
    return await order_queries.order_page(at.sql, wanted, asked, currency=currency)


@purchase_order_router.post("", status_code=status.HTTP_201_CREATED)
async def order_goods(
    command: NewPurchaseOrder, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> PurchaseOrderView:
    """Order goods from a supplier."""
    order = await ordering.order_goods(work, command)
    reply_with(response, order, location=f"/v1/purchase-orders/{order.id}")
    return order


@purchase_order_router.post("/receive-all", status_code=status.HTTP_201_CREATED)
async def receive_all(
    command: ReceiveAll, _by: Buyer, _once: OnlyOnce, work: InWork
) -> ReceiptsMade:
    """Take in everything that is still expected of orders, all or none."""
    return await receiving.receive_all(work, command)


@purchase_order_router.get("/{order_id}")
async def see_order(
    order_id: UUID, _by: Reader, at: InReading, request: Request, response: Response
) -> PurchaseOrderView:
    """The order with its lines."""
    currency = request.app.state.settings.currency
    seen = await ordering.see_order(at.sql, order_id, currency=currency)
    reply_with(response, seen)
    return seen


@purchase_order_router.post("/{order_id}/close")
async def close_order(
    order_id: UUID, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> PurchaseOrderView:
    """Expect nothing more of the order; what is still waited for is suggested anew."""
    order = await ordering.close_order(work, order_id)
    reply_with(response, order)
    return order


@purchase_order_router.post("/{order_id}/receipts", status_code=status.HTTP_201_CREATED)
async def receive_order(
    order_id: UUID, command: ReceiveOrder, _by: Buyer, _once: OnlyOnce, work: InWork
) -> ReceiptView:
    """Take goods of the order in; without lines, all that is still expected."""
    return await receiving.receive_order(work, order_id, command)


@purchase_order_router.post("/{order_id}/bills", status_code=status.HTTP_201_CREATED)
async def bill_received(
    order_id: UUID, command: BillReceived, _by: Buyer, _once: OnlyOnce, work: InWork
) -> BillView:
    """Enter the supplier's bill; without lines, of all that came and is not billed yet."""
    return await billing.bill_received(work, order_id, command)


@purchase_receipt_router.get("")
async def list_receipts(
    _by: Reader, wanted: Annotated[ReceiptQuery, Query()], asked: PageAsked, at: InReading
) -> Page[PurchaseReceiptView]:
    """Receipts of purchase orders with what came, the newest first."""
    return await receipt_queries.receipt_page(at.sql, wanted, asked)


@purchase_receipt_router.get("/{receipt_id}")
async def see_receipt(receipt_id: UUID, _by: Reader, at: InReading) -> PurchaseReceiptView:
    """The receipt."""
    return await receiving.see_receipt(at.sql, receipt_id)
