"""Paths of supplier prices and of suggestions."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.paging import SearchAsked
from chassis.http.routing import house_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MissingReference,
    NotFound,
    RevisionRequired,
    StaleRevision,
)
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from erp.catalog.errors import FractionOfUnit
from erp.parties.errors import PartyArchived
from erp.purchasing.errors import (
    DuplicateSupplierPrice,
    NoSupplierPrice,
    NotBought,
    SuggestionNotOpen,
)
from erp.purchasing.queries import prices as price_queries
from erp.purchasing.queries import suggestions as suggestion_queries
from erp.purchasing.schemas import (
    ChangeSupplierPrice,
    NewSupplierPrice,
    OrdersPlaced,
    OrderSuggestions,
    Refreshed,
    RefreshSuggestions,
    SuggestionView,
    SupplierPriceView,
    UpsertSupplierPrice,
    UpsertSupplierPrices,
)
from erp.purchasing.service import ordering, pricing, suggesting
from erp.purchasing.states import SuggestionState
from records.senders import FromSystem, InBatch
from records.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["suggestion_router", "supplier_price_router"]

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


async def _price(
    response: Response, at: Reading, price_id: UUID, *, new: bool = False
) -> SupplierPriceView:
    """The price as the reply shows it, with its ETag."""
    view = await pricing.get_price(at.sql, price_id)
    reply_with(response, view, location=f"/v1/supplier-prices/{view.id}" if new else None)
    return view


@supplier_price_router.get("")
async def supplier_price_list(
    _by: Reader, asked: SearchAsked, at: InReading, supplier_id: UUID | None = None, sku: Sku = None
) -> Page[SupplierPriceView]:
    """What suppliers ask, the newest first."""
    return await price_queries.price_page(at.sql, asked, supplier_id=supplier_id, sku=sku)


@supplier_price_router.post("", status_code=status.HTTP_201_CREATED)
async def supplier_price_create(
    command: NewSupplierPrice, _by: Buyer, _once: OnlyOnce, work: InWork, response: Response
) -> SupplierPriceView:
    """Note what a supplier asks for an item."""
    price_id = await pricing.add_price(work, command)
    return await _price(response, work, price_id, new=True)


@supplier_price_router.post("/by-external/{system}/batch")
async def supplier_price_upsert_batch(
    asked: InBatch,
    command: UpsertSupplierPrices,
    _by: Buyer,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """Take over supplier prices as another system knows them; each is judged alone."""
    return await pricing.upsert_prices(work, asked, command.items)


@supplier_price_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def supplier_price_upsert(
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
async def supplier_price_get(
    price_id: UUID, _by: Reader, at: InReading, response: Response
) -> SupplierPriceView:
    """The supplier's price."""
    return await _price(response, at, price_id)


@supplier_price_router.patch("/{price_id}")
async def supplier_price_update(
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
async def purchase_suggestion_list(
    _by: Reader,
    asked: SearchAsked,
    at: InReading,
    state: SuggestionState | None = None,
    sku: Sku = None,
) -> Page[SuggestionView]:
    """What should be bought, the newest first."""
    return await suggestion_queries.suggestion_page(at.sql, asked, state=state, sku=sku)


@suggestion_router.post("/refresh")
async def purchase_suggestion_refresh(
    command: RefreshSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> Refreshed:
    """Look anew at what should be bought; twice changes nothing."""
    return await suggesting.refresh_suggestions(work, command)


@suggestion_router.post("/order", status_code=status.HTTP_201_CREATED)
async def purchase_suggestion_order(
    command: OrderSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> OrdersPlaced:
    """Order what is suggested, one order for each supplier."""
    return await ordering.order_suggestions(work, command)
