"""Paths of products and prices."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from chassis.storage.external import AlreadyLinked
from crm.catalog.errors import DuplicateCode, NoPrice, OverlappingPrice
from crm.catalog.schemas import (
    AddPrice,
    AddProduct,
    ChangePrice,
    ChangeProduct,
    PriceAsked,
    ProductView,
    QuotedPrice,
    UpsertPrice,
    UpsertPriceList,
    UpsertProduct,
)
from crm.catalog.service import pricing, products
from crm.catalog.service.price_lists import PRICE_LIST
from crm.catalog.service.prices import PRICE
from crm.catalog.service.products import PRODUCT
from crm.catalog.states import PriceStatus
from crm.ownership import ManagedByErp
from identity.systems import SystemReserved
from records.annotations import annotate
from records.links import ExternalRef, LinkExternal
from records.routes import RecordRoutes
from records.senders import FromSystem
from records.sheets.kinds import Reference
from values.external import ExternalId

__all__ = ["price_list_router", "price_router", "product_router"]

READ, WRITE = "catalog.read", "catalog.write"
Manager = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]

price_list_router = api_router(prefix="/v1/price-lists", tag="price-lists")
price_list = RecordRoutes(
    price_list_router, PRICE_LIST, one="price list", many="price lists", read=READ, write=WRITE
)
price_list.list("The ERP's price lists, the newest first.")
price_list.upsert_one(UpsertPriceList)
price_list.csv(key="code")
price_list.get()
price_list.history()
annotate(price_list.paths)

product_router = api_router(prefix="/v1/products", tag="products")
product = RecordRoutes(
    product_router,
    PRODUCT,
    one="product",
    many="products",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, DuplicateCode),
)
product.list("Products, the newest first; `sort` by created_at, updated_at, name or code.")
product.create(AddProduct, "Begin to sell something.")
product.upsert(UpsertProduct, refuses=(ManagedByErp,))
product.csv(key="code", put_away={"active": False})
product.get()
product.history()


@product_router.get("/{product_id}/price", responses=refuses(NotFound, MissingReference, NoPrice))
async def product_price_find(
    product_id: UUID, asked: Annotated[PriceAsked, Query()], _by: Reader, at: InReading
) -> QuotedPrice:
    """What one unit costs for that quantity on that day."""
    return await pricing.price_of(at, product_id, asked)


product.change(ChangeProduct, refuses=(ManagedByErp,))


@product_router.post(
    "/{product_id}/external-refs",
    responses=refuses(NotFound, AlreadyLinked, SystemReserved),
)
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
    return await product.reply(response, work, product_id)


@product_router.delete(
    "/{product_id}/external-refs/{system}/{external_id}", responses=refuses(NotFound)
)
async def product_unlink(
    product_id: UUID,
    system: FromSystem,
    external_id: ExternalId,
    _by: Manager,
    work: InWork,
    response: Response,
) -> ProductView:
    """Forget that it is that record of another system; of what the ERP had, we are master again."""
    gone = ExternalRef(system=system, external_id=external_id)
    await products.unlink_product(work, product_id, gone)
    return await product.reply(response, work, product_id)


annotate(product.paths)


price_router = api_router(prefix="/v1/product-prices", tag="product-prices")
price = RecordRoutes(
    price_router,
    PRICE,
    one="price",
    many="prices",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, OverlappingPrice, ManagedByErp),
)
price.list("Prices, the newest first; `sort` by created_at or updated_at.")
price.create(AddPrice, "Say what a product costs.", refuses=(MissingReference,))
price.upsert(UpsertPrice, refuses=(MissingReference,))
price.csv(
    renamed={"product_code": "product"},
    references={"product": Reference("product", codes=("code",), take="code")},
)
price.get()
price.history()
price.change(ChangePrice)
price.put(
    "withdraw",
    {"status": PriceStatus.WITHDRAWN},
    "Let the price apply no longer.",
    refuses=(ManagedByErp,),
)
price.link()
price.unlink()
annotate(price.paths)
