"""Paths of products and prices."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked, SearchAsked
from chassis.http.routing import house_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidCursor,
    MissingReference,
    NotFound,
    RevisionRequired,
    RowBusy,
    StaleRevision,
)
from chassis.storage.external import AlreadyLinked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from crm.catalog import queries
from crm.catalog.errors import DuplicateCode, NoPrice, OverlappingPrice
from crm.catalog.models import Product, ProductPrice
from crm.catalog.schemas import (
    AddPrice,
    AddProduct,
    ChangePrice,
    ChangeProduct,
    PriceAsked,
    PriceListView,
    PriceQuery,
    ProductPriceView,
    ProductQuery,
    ProductView,
    QuotedPrice,
    UpsertPrice,
    UpsertPriceList,
    UpsertPrices,
    UpsertProduct,
    UpsertProducts,
)
from crm.catalog.service import price_lists, prices, products
from crm.ownership import ManagedByErp
from records.batches import upsert_each
from records.links import LinkExternal
from records.senders import FromSystem, InBatch
from records.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["price_list_router", "price_router", "product_router"]

Manager = Annotated[Actor, Needs("catalog.write")]
Reader = Annotated[Actor, Needs("catalog.read")]

_PROBLEMS = (
    *UPSERT_PROBLEMS,
    NotFound,
    MissingReference,
    AlreadyLinked,
    ManagedByErp,
    StaleRevision,
    RevisionRequired,
    InvalidCursor,
    CurrencyNotSupported,
    RowBusy,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInFlight,
)

product_router = house_router(
    prefix="/v1/products", tag="products", problems=(*_PROBLEMS, DuplicateCode, NoPrice)
)
price_router = house_router(
    prefix="/v1/product-prices", tag="product-prices", problems=(*_PROBLEMS, OverlappingPrice)
)
price_list_router = house_router(prefix="/v1/price-lists", tag="price-lists", problems=_PROBLEMS)


async def today_here(request: Request) -> date:
    """The business date in the installation's zone."""
    return business_day(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today_here)]


async def _product(
    response: Response, at: Reading, product_id: UUID, *, new: bool = False
) -> ProductView:
    """The product as the reply shows it, with its ETag."""
    seen = await products.see_product(at.sql, product_id)
    reply_with(response, seen, location=f"/v1/products/{seen.id}" if new else None)
    return seen


async def _price(
    response: Response, at: Reading, price_id: UUID, *, new: bool = False
) -> ProductPriceView:
    """The price as the reply shows it, with its ETag."""
    seen = await prices.see_price(at.sql, price_id)
    reply_with(response, seen, location=f"/v1/product-prices/{seen.id}" if new else None)
    return seen


async def _price_list(response: Response, at: Reading, price_list_id: UUID) -> PriceListView:
    """The price list as the reply shows it, with its ETag."""
    seen = await price_lists.see_price_list(at.sql, price_list_id)
    reply_with(response, seen)
    return seen


@price_list_router.get("")
async def price_list_list(_by: Reader, asked: SearchAsked, at: InReading) -> Page[PriceListView]:
    """The ERP's price lists, the newest first."""
    return await queries.price_list_page(at.sql, asked)


@price_list_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def price_list_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertPriceList,
    _by: Manager,
    work: InWork,
    response: Response,
) -> PriceListView:
    """Take over a price list as the ERP knows it; only a newer version changes it."""
    done = await price_lists.upsert_price_list(work, system, external_id, command)
    reply_outcome(response, done)
    return await _price_list(response, work, done.id)


@price_list_router.get("/{price_list_id}")
async def price_list_get(
    price_list_id: UUID, _by: Reader, at: InReading, response: Response
) -> PriceListView:
    """The price list."""
    return await _price_list(response, at, price_list_id)


@product_router.get("")
async def product_list(
    wanted: Annotated[ProductQuery, Query()], _by: Reader, asked: PageAsked, at: InReading
) -> Page[ProductView]:
    """Products, the newest first; `sort` by created_at, updated_at, name or code."""
    return await queries.product_page(at.sql, wanted, asked)


@product_router.post("", status_code=status.HTTP_201_CREATED)
async def product_create(
    command: AddProduct, _by: Manager, _once: OnlyOnce, work: InWork, response: Response
) -> ProductView:
    """Begin to sell something."""
    return await _product(response, work, await products.add_product(work, command), new=True)


@product_router.post("/by-external/{system}/batch")
async def product_upsert_batch(
    asked: InBatch, command: UpsertProducts, _by: Manager, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over products as another system knows them; each is judged alone."""
    sent, in_bulk = command.items, products.IN_BULK
    return await upsert_each(work, asked, Product, sent, products.upsert_product, in_bulk=in_bulk)


@product_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def product_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertProduct,
    _by: Manager,
    work: InWork,
    response: Response,
) -> ProductView:
    """Take over a product as another system knows it; only a newer version changes it."""
    done = await products.upsert_product(work, system, external_id, command)
    reply_outcome(response, done)
    return await _product(response, work, done.id, new=done.outcome == "created")


@product_router.get("/{product_id}")
async def product_get(
    product_id: UUID, _by: Reader, at: InReading, response: Response
) -> ProductView:
    """The product."""
    return await _product(response, at, product_id)


@product_router.get("/{product_id}/price")
async def product_price_find(
    product_id: UUID,
    asked: Annotated[PriceAsked, Query()],
    _by: Reader,
    today: Today,
    at: InReading,
) -> QuotedPrice:
    """What one unit costs for that quantity on that day."""
    return await prices.price_of(at.sql, product_id, asked, today=today)


@product_router.patch("/{product_id}")
async def product_update(
    product_id: UUID,
    command: ChangeProduct,
    _by: Manager,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> ProductView:
    """Change the fields given; the others stay."""
    await products.change_product(work, product_id, command, revision=revision)
    return await _product(response, work, product_id)


@product_router.post("/{product_id}/external-refs")
async def product_link(
    product_id: UUID,
    command: LinkExternal,
    _by: Manager,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductView:
    """Say which record of another system it is; the ERP becomes master of what it has."""
    await products.link_product(work, product_id, command)
    return await _product(response, work, product_id)


@price_router.get("")
async def product_price_list(
    wanted: Annotated[PriceQuery, Query()], _by: Reader, asked: SearchAsked, at: InReading
) -> Page[ProductPriceView]:
    """Prices, the newest first; `sort` by created_at or updated_at."""
    return await queries.price_page(at.sql, wanted, asked)


@price_router.post("", status_code=status.HTTP_201_CREATED)
async def product_price_create(
    command: AddPrice, _by: Manager, _once: OnlyOnce, work: InWork, response: Response
) -> ProductPriceView:
    """Say what a product costs."""
    return await _price(response, work, await prices.add_price(work, command), new=True)


@price_router.post("/by-external/{system}/batch")
async def product_price_upsert_batch(
    asked: InBatch, command: UpsertPrices, _by: Manager, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over prices as another system knows them; each is judged alone."""
    return await upsert_each(work, asked, ProductPrice, command.items, prices.upsert_price)


@price_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def product_price_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertPrice,
    _by: Manager,
    work: InWork,
    response: Response,
) -> ProductPriceView:
    """Take over a price as another system knows it; only a newer version changes it."""
    done = await prices.upsert_price(work, system, external_id, command)
    reply_outcome(response, done)
    return await _price(response, work, done.id, new=done.outcome == "created")


@price_router.get("/{price_id}")
async def product_price_get(
    price_id: UUID, _by: Reader, at: InReading, response: Response
) -> ProductPriceView:
    """The price."""
    return await _price(response, at, price_id)


@price_router.patch("/{price_id}")
async def product_price_update(
    price_id: UUID,
    command: ChangePrice,
    _by: Manager,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> ProductPriceView:
    """Change the fields given; the others stay."""
    await prices.change_price(work, price_id, command, revision=revision)
    return await _price(response, work, price_id)


@price_router.post("/{price_id}/withdraw")
async def product_price_withdraw(
    price_id: UUID, _by: Manager, _once: OnlyOnce, work: InWork, response: Response
) -> ProductPriceView:
    """Let the price apply no longer."""
    await prices.withdraw_price(work, price_id)
    return await _price(response, work, price_id)


@price_router.post("/{price_id}/external-refs")
async def product_price_link(
    price_id: UUID,
    command: LinkExternal,
    _by: Manager,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ProductPriceView:
    """Say which record of another system the price is."""
    await prices.link_price(work, price_id, command)
    return await _price(response, work, price_id)
