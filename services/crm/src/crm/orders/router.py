"""Paths of orders, and of the copies that a linked ERP sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import (
    IfMatch,
    InWork,
    Language,
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
from chassis.storage.reading import Reading
from chassis.storage.source_versions import VersionTooFar
from chassis.texts import Texts
from crm.accounts.errors import AccountArchived
from crm.orders import queries
from crm.orders.errors import (
    AccountFixed,
    FractionOfUnit,
    OrderCancelled,
    PriceMissing,
    ProductNotSold,
    UnknownLine,
)
from crm.orders.rules.reasons import DEFAULT_REASON, REASONS
from crm.orders.schemas import (
    ChangeOrder,
    OrderView,
    PlaceOrder,
    UpsertAvailabilities,
    UpsertAvailability,
    UpsertDebt,
    UpsertDebts,
    UpsertFulfilment,
    UpsertFulfilments,
    UpsertOrder,
    UpsertOrders,
    UpsertRefusal,
    UpsertReply,
)
from crm.orders.service import erp_copies, orders
from crm.orders.service.copy_batches import (
    AVAILABILITIES,
    DEBTS,
    FULFILMENTS,
    Stored,
    store_each,
    store_one,
)
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import Explain, get_route, list_route
from records.senders import FromBoundSystem, FromSystem, InBatch, InBoundBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.upserts import UPSERTED, UPSERTED_PART, Upserted, reply_outcome
from values.external import ExternalId

__all__ = ["LISTS", "erp_copy_router", "order_router"]

READ, WRITE = "orders.read", "orders.write"
Seller = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Bridge = Annotated[Actor, Needs("orders.sync")]

order_router = api_router(prefix="/v1/orders", tag="orders")
erp_copy_router = api_router(prefix="/v1", tag="mirror")

_CONTENT = (
    MissingReference,
    AccountArchived,
    ProductNotSold,
    FractionOfUnit,
    PriceMissing,
    CurrencyNotSupported,
)
"""What an order may be refused for, whoever sends it."""
_COPY = UPSERTED_PART | refuses(VersionTooFar, NotFound, MissingReference)
_COPY_OF_AMOUNTS = UPSERTED_PART | refuses(
    VersionTooFar, NotFound, MissingReference, CurrencyNotSupported
)


@dataclass(frozen=True)
class OrderReply:
    """The reply to a reader of orders: refusals are explained in the reader's language."""

    response: Response
    texts: Texts
    language: str

    def translate(self, order: OrderView) -> OrderView:
        """The order with its refusal explained."""
        refused = order.refusal
        if refused is None:
            return order
        template = self.texts.text(REASONS.get(refused.code, DEFAULT_REASON), self.language)
        text = template.format(code=refused.code, about=refused.about).strip()
        return order.model_copy(update={"refusal": refused.model_copy(update={"text": text})})


async def order_reply(request: Request, response: Response, language: Language) -> OrderReply:
    """The reply to this request, and the caller's language."""
    return OrderReply(response, request.app.state.texts, language)


InReply = Annotated[OrderReply, Depends(order_reply)]


async def explained(reply: InReply) -> Explain:
    """What explains the refusals of orders to this caller."""

    async def translated(_at: Reading, views: Sequence[OrderView]) -> Sequence[OrderView]:
        return [reply.translate(one) for one in views]

    return translated


Explained = Annotated[Explain, Depends(explained)]


async def _order(reply: OrderReply, at: Reading, order_id: UUID) -> OrderView:
    """The order as the reply shows it, with its ETag."""
    view = await queries.ORDERS.get(at, order_id)
    reply_with(reply.response, view)
    return reply.translate(view)


@order_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(*_CONTENT))
async def order_create(
    command: PlaceOrder, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> OrderView:
    """Place a customer's order."""
    view = await orders.place_order(work, command)
    reply_with(response, view, location=f"/v1/orders/{view.id}")
    return view


@order_router.post("/by-external/{system}/batch")
async def order_upsert_batch(
    asked: InBatch, command: UpsertOrders, _by: Seller, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over orders as another system knows them; each is judged alone."""
    return await orders.upsert_orders(work, asked, command.items)


@order_router.put(
    "/by-external/{system}/{external_id}",
    responses=UPSERTED | refuses(VersionTooFar, NotFound, *_CONTENT, AccountFixed, OrderCancelled),
)
async def order_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertOrder,
    _by: Seller,
    work: InWork,
    reply: InReply,
) -> OrderView:
    """Take over an order as another system knows it; only a newer version changes it."""
    done = await orders.upsert_order(work, system, external_id, command)
    reply_outcome(reply.response, done)
    return await _order(reply, work, done.id)


@order_router.patch(
    "/{order_id}",
    responses=refuses(NotFound, *_CONTENT, UnknownLine, OrderCancelled),
)
async def order_update(
    order_id: UUID,
    command: ChangeOrder,
    _by: Seller,
    revision: IfMatch,
    work: InWork,
    reply: InReply,
) -> OrderView:
    """Change what the customer wants."""
    await orders.change_order(work, order_id, command, revision=revision)
    return await _order(reply, work, order_id)


@order_router.post("/{order_id}/cancel", responses=refuses(NotFound))
async def order_cancel(
    order_id: UUID,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    reply: InReply,
) -> OrderView:
    """The customer wants it no longer."""
    await orders.cancel_order(work, order_id)
    return await _order(reply, work, order_id)


ORDER = RecordPaths(
    order_router, queries.ORDERS, "order", READ, WRITE, documents=queries.ORDER_FIELDS
)
list_route(ORDER, "Customers' orders, the newest first.", explain=Explained)
get_route(ORDER, "The order, and how the ERP says it stands.", explain=Explained)
annotate(ORDER)


def _upsert_reply(response: Response, stored: Stored, reply_id: UUID | None = None) -> UpsertReply:
    """The reply to what was stored, with the outcome in the header."""
    outcome, record = stored
    reply_outcome(response, Upserted(outcome, record.id))
    return UpsertReply(id=reply_id or record.id, version=record.version, revision=record.revision)


@erp_copy_router.post("/order-fulfilments/by-external/{system}/batch")
async def order_fulfilment_upsert_batch(
    _by: Bridge,
    asked: InBoundBatch,
    command: UpsertFulfilments,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """How the ERP says our orders stand; each is judged alone."""
    return await store_each(work, asked, FULFILMENTS, command.items)


@erp_copy_router.put(
    "/order-fulfilments/by-external/{system}/{external_id}", responses=_COPY_OF_AMOUNTS
)
async def order_fulfilment_upsert(
    _by: Bridge,
    system: FromBoundSystem,
    external_id: ExternalId,
    command: UpsertFulfilment,
    work: InWork,
    response: Response,
) -> UpsertReply:
    """How the ERP says one of our orders stands; `external_id` is the ERP's own order."""
    return _upsert_reply(response, await store_one(work, FULFILMENTS, command))


@erp_copy_router.put(
    "/order-refusals/by-external/{system}/{external_id}",
    responses=refuses(NotFound, MissingReference),
)
async def order_refusal_upsert(
    _by: Bridge,
    system: FromBoundSystem,
    external_id: ExternalId,
    command: UpsertRefusal,
    work: InWork,
) -> UpsertReply:
    """The ERP would not take one of our orders as it was sent; `external_id` is that order."""
    order = await erp_copies.store_refusal(work, command)
    return UpsertReply(id=order.id, version=order.version, revision=order.revision)


@erp_copy_router.post("/product-availabilities/by-external/{system}/batch")
async def product_availability_upsert_batch(
    _by: Bridge,
    asked: InBoundBatch,
    command: UpsertAvailabilities,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """What the ERP has available of products, and expects; each is judged alone."""
    return await store_each(work, asked, AVAILABILITIES, command.items)


@erp_copy_router.put("/product-availabilities/by-external/{system}/{external_id}", responses=_COPY)
async def product_availability_upsert(
    _by: Bridge,
    system: FromBoundSystem,
    external_id: ExternalId,
    command: UpsertAvailability,
    work: InWork,
    response: Response,
) -> UpsertReply:
    """What the ERP has available of a product, and expects; `external_id` is its item."""
    return _upsert_reply(response, await store_one(work, AVAILABILITIES, command))


@erp_copy_router.post("/account-debts/by-external/{system}/batch")
async def account_debt_upsert_batch(
    _by: Bridge,
    asked: InBoundBatch,
    command: UpsertDebts,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """What the ERP says customers owe; each is judged alone."""
    return await store_each(work, asked, DEBTS, command.items)


@erp_copy_router.put(
    "/account-debts/by-external/{system}/{external_id}", responses=_COPY_OF_AMOUNTS
)
async def account_debt_upsert(
    _by: Bridge,
    system: FromBoundSystem,
    external_id: UUID,
    command: UpsertDebt,
    work: InWork,
    response: Response,
) -> UpsertReply:
    """What the ERP says a customer owes; `external_id` is the document that changed it."""
    return _upsert_reply(response, await store_one(work, DEBTS, command), external_id)


LISTS = (
    add_export(
        order_router,
        RecordSheet(name="order", reads=queries.ORDERS, read=READ, lines=("lines",)),
        "orders",
    ),
)
"""What leaves as files; the lines of an order are rows."""
