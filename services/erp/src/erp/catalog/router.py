"""Paths of units, item categories, items, price lists and prices."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
from chassis.http.dependencies import InReading, InWork, Language, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from chassis.storage.paging import Page
from erp.catalog.errors import (
    CategoryLoop,
    DuplicateCode,
    DuplicateSku,
    FixedCode,
    FractionOfUnit,
    ItemInUse,
    NoPrice,
    NotTrackable,
    OverlappingPrice,
    ReversedPeriod,
    TrackingFixed,
    UnitInUse,
    UnsuitableConversion,
)
from erp.catalog.queries.items import units
from erp.catalog.schemas import (
    ChangeCategory,
    ChangeItem,
    ChangePrice,
    ChangePriceList,
    NewCategory,
    NewItem,
    NewPrice,
    NewPriceList,
    NewUnit,
    PriceAsked,
    PriceFound,
    PriceListView,
    UnitView,
    UpsertCategory,
    UpsertItem,
    UpsertPrice,
)
from erp.catalog.service.categories import CATEGORY
from erp.catalog.service.items import ITEM
from erp.catalog.service.price_lists import PRICE_LIST, make_default
from erp.catalog.service.price_lookup import find_price
from erp.catalog.service.prices import PRICE
from erp.catalog.service.units import add_unit, get_unit
from erp.catalog.states import PriceStatus
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["category_router", "item_router", "price_list_router", "price_router", "unit_router"]

READ, WRITE = "catalog.read", "catalog.write"
Keeper = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]


async def _today(request: Request) -> date:
    """The business date of the request in the installation's zone."""
    return business_day(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(_today)]

unit_router = api_router(prefix="/v1/units", tag="units")


def _translated(request: Request, language: str, unit: UnitView) -> UnitView:
    """The unit with its name in the caller's language."""
    name = request.app.state.texts.text(unit.name, language)
    return unit.model_copy(update={"name": name})


@unit_router.get("")
async def unit_list(
    _by: Reader, at: InReading, language: Language, request: Request
) -> Page[UnitView]:
    """Every unit, by code, on one page."""
    known = await units(at.sql)
    return Page(items=[_translated(request, language, unit) for unit in known])


@unit_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(DuplicateCode))
async def unit_create(command: NewUnit, _by: Keeper, _once: OnlyOnce, work: InWork) -> UnitView:
    """Add a unit that is not among the usual ones."""
    return await get_unit(work.sql, await add_unit(work, command))


@unit_router.get("/{code}", responses=refuses(NotFound))
async def unit_get(
    code: str, _by: Reader, at: InReading, language: Language, request: Request
) -> UnitView:
    """The unit."""
    return _translated(request, language, await get_unit(at.sql, code))


category_router = api_router(prefix="/v1/item-categories", tag="item-categories")
category = RecordRoutes(
    category_router,
    CATEGORY,
    one="category",
    many="categories",
    read=READ,
    write=WRITE,
    refuses=(MissingReference,),
)
category.list("Categories; `sort` by name, created_at or updated_at.")
category.create(NewCategory, "Add a category.", refuses=(DuplicateCode,))
category.upsert(UpsertCategory, refuses=(DuplicateCode, FixedCode, CategoryLoop))
category.csv(
    key="code",
    references={"parent": Reference("item_category", codes=("code",), take="code")},
)
category.get()
category.history()
category.change(ChangeCategory, refuses=(CategoryLoop,))
annotate(category.paths)

item_router = api_router(prefix="/v1/items", tag="items")
item = RecordRoutes(
    item_router,
    ITEM,
    one="item",
    many="items",
    read=READ,
    write=WRITE,
    refuses=(DuplicateSku, MissingReference, UnsuitableConversion, NotTrackable),
)
_IN_USE = (UnitInUse, ItemInUse, TrackingFixed)
item.list("Items, the newest first; `sort` by created_at, updated_at or name.")
item.create(NewItem, "Add an item.")
item.upsert(UpsertItem, refuses=_IN_USE)
item.csv(
    key="sku",
    references={
        "unit": Reference("unit", codes=("code",), has_id=False),
        "category": Reference("item_category", codes=("code",), take="code"),
        "tax_code": Reference("tax_code", codes=("code",), has_id=False),
    },
)
item.get()
item.history()
item.change(ChangeItem, refuses=_IN_USE)
item.archive("Put the item away; its history stays.", "Use the item again.")
item.link()
item.unlink()
annotate(item.paths)

price_list_router = api_router(prefix="/v1/price-lists", tag="price-lists")
price_list = RecordRoutes(
    price_list_router, PRICE_LIST, one="price list", many="price lists", read=READ, write=WRITE
)
price_list.list("Price lists; `sort` by name, created_at or updated_at.")
price_list.create(NewPriceList, "Add a price list.", refuses=(DuplicateCode, CurrencyNotSupported))
price_list.csv(key="code")
price_list.get()
price_list.history()
price_list.change(ChangePriceList)


@price_list_router.post("/{price_list_id}/make-default", responses=refuses(NotFound))
async def price_list_make_default(
    price_list_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> PriceListView:
    """Use this list where none is named."""
    await make_default(work, price_list_id)
    return await price_list.reply(response, work, price_list_id)


annotate(price_list.paths)


price_router = api_router(prefix="/v1/prices", tag="prices")
price = RecordRoutes(
    price_router,
    PRICE,
    one="price",
    many="prices",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, OverlappingPrice, ReversedPeriod, FractionOfUnit),
)
price.list("Prices, the newest first; `sort` by created_at or updated_at.")


@price_router.get("/lookup", responses=refuses(NotFound, MissingReference, FractionOfUnit, NoPrice))
async def price_find(
    _by: Reader, asked: Annotated[PriceAsked, Query()], at: InReading, today: Today
) -> PriceFound:
    """The price that holds for an item, quantity and day, and what the quantity costs."""
    return await find_price(at.sql, asked, today=today)


price.create(NewPrice, "Add a price of an item to a list.", refuses=(MissingReference,))
price.upsert(UpsertPrice, refuses=(MissingReference,))
price.csv(
    references={
        "sku": Reference("item", codes=("sku",), take="sku"),
        "price_list": Reference("price_list", codes=("code",), take="code"),
    }
)
price.get()
price.history()
price.change(ChangePrice)
price.put("withdraw", {"status": PriceStatus.WITHDRAWN}, "Let the price hold no longer, on no day.")
price.link()
price.unlink()
annotate(price.paths)
