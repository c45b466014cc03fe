"""Paths of price lists and prices."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
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
from chassis.storage.external import AlreadyLinked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from erp.catalog.errors import (
    DuplicateCode,
    FractionOfUnit,
    NoPrice,
    OverlappingPrice,
    ReversedPeriod,
)
from erp.catalog.models import Price
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import (
    ChangePrice,
    ChangePriceList,
    NewPrice,
    NewPriceList,
    PriceAsked,
    PriceFound,
    PriceListView,
    PriceQuery,
    PriceView,
    UpsertPrice,
    UpsertPrices,
)
from erp.catalog.service import price_lists, prices
from records.batches import upsert_each
from records.links import LinkExternal
from records.senders import FromSystem, InBatch
from records.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["price_list_router", "price_router"]

Keeper = Annotated[Actor, Needs("catalog.write")]
Reader = Annotated[Actor, Needs("catalog.read")]

_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight, NotFound)
_CHANGED = (*_KEYED, StaleRevision, RevisionRequired, CurrencyNotSupported)

price_list_router = house_router(
    prefix="/v1/price-lists", tag="price-lists", problems=(*_CHANGED, DuplicateCode)
)
price_router = house_router(
    prefix="/v1/prices",
    tag="prices",
    problems=(
        *_CHANGED,
        *UPSERT_PROBLEMS,
        NoPrice,
        AlreadyLinked,
        MissingReference,
        OverlappingPrice,
        ReversedPeriod,
        FractionOfUnit,
    ),
)


async def _today(request: Request) -> date:
    """The business date of the request in the installation's zone."""
    return business_day(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(_today)]


async def _price_list(
    response: Response, at: Reading, price_list_id: UUID, *, new: bool = False
) -> PriceListView:
    """The price list as the reply shows it, with its ETag."""
    seen = await price_lists.see_price_list(at.sql, price_list_id)
    reply_with(response, seen, location=f"/v1/price-lists/{seen.id}" if new else None)
    return seen


async def _price(
    response: Response, at: Reading, price_id: UUID, *, new: bool = False
) -> PriceView:
    """The price as the reply shows it, with its ETag."""
    seen = await prices.see_price(at.sql, price_id)
    reply_with(response, seen, location=f"/v1/prices/{seen.id}" if new else None)
    return seen


@price_list_router.get("")
async def price_list_list(_by: Reader, asked: SearchAsked, at: InReading) -> Page[PriceListView]:
    """Price lists; `sort` by name, created_at or updated_at."""
    return await queries.price_list_page(at.sql, asked)


@price_list_router.post("", status_code=status.HTTP_201_CREATED)
async def price_list_create(
    command: NewPriceList, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> PriceListView:
    """Add a price list."""
    price_list_id = await price_lists.add_price_list(work, command)
    return await _price_list(response, work, price_list_id, new=True)


@price_list_router.get("/{price_list_id}")
async def price_list_get(
    price_list_id: UUID, _by: Reader, at: InReading, response: Response
) -> PriceListView:
    """The price list."""
    return await _price_list(response, at, price_list_id)


@price_list_router.patch("/{price_list_id}")
async def price_list_update(
    price_list_id: UUID,
    command: ChangePriceList,
    revision: IfMatch,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> PriceListView:
    """Change the fields given; the others stay."""
    await price_lists.change_price_list(work, price_list_id, command, revision=revision)
    return await _price_list(response, work, price_list_id)


@price_list_router.post("/{price_list_id}/make-default")
async def price_list_make_default(
    price_list_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> PriceListView:
    """Use this list where none is named."""
    await price_lists.make_default(work, price_list_id)
    return await _price_list(response, work, price_list_id)


@price_router.get("")
async def price_list(
    _by: Reader, wanted: Annotated[PriceQuery, Query()], asked: SearchAsked, at: InReading
) -> Page[PriceView]:
    """Prices, the newest first; `sort` by created_at or updated_at."""
    return await queries.price_page(at.sql, wanted, asked)


@price_router.get("/lookup")
async def price_find(
    _by: Reader, asked: Annotated[PriceAsked, Query()], at: InReading, today: Today
) -> PriceFound:
    """The price that holds for an item, quantity and day, and what the quantity costs."""
    return await prices.find_price(at.sql, asked, today=today)


@price_router.post("", status_code=status.HTTP_201_CREATED)
async def price_create(
    command: NewPrice, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> PriceView:
    """Add a price of an item to a list."""
    price_id = await prices.add_price(work, command)
    return await _price(response, work, price_id, new=True)


@price_router.post("/by-external/{system}/batch")
async def price_upsert_batch(
    asked: InBatch, command: UpsertPrices, _by: Keeper, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over prices as another system knows them; each is judged alone."""
    return await upsert_each(work, asked, Price, command.items, prices.upsert_price)


@price_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def price_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertPrice,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> PriceView:
    """Take over a price as another system knows it; only a newer version changes it."""
    done = await prices.upsert_price(work, system, external_id, command)
    reply_outcome(response, done)
    return await _price(response, work, done.id, new=done.outcome == "created")


@price_router.get("/{price_id}")
async def price_get(price_id: UUID, _by: Reader, at: InReading, response: Response) -> PriceView:
    """The price."""
    return await _price(response, at, price_id)


@price_router.patch("/{price_id}")
async def price_update(
    price_id: UUID,
    command: ChangePrice,
    revision: IfMatch,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> PriceView:
    """Change the fields given; the others stay."""
    await prices.change_price(work, price_id, command, revision=revision)
    return await _price(response, work, price_id)


@price_router.post("/{price_id}/withdraw")
async def price_withdraw(
    price_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> PriceView:
    """Let the price hold no longer, on no day."""
    await prices.withdraw_price(work, price_id)
    return await _price(response, work, price_id)


@price_router.post("/{price_id}/external-refs")
async def price_link(
    price_id: UUID,
    command: LinkExternal,
    _by: Keeper,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PriceView:
    """Say which record of another system the price is."""
    await prices.link_price(work, price_id, command)
    return await _price(response, work, price_id)
