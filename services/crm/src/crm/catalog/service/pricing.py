"""What products cost: asked by callers, and by orders."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from chassis.problems.standard import MissingReference, NotFound
from chassis.storage.reading import Reading
from crm.catalog import queries
from crm.catalog.errors import NoPrice
from crm.catalog.rules.pricing import PricedProduct, as_id
from crm.catalog.schemas import PriceAsked, QuotedPrice
from crm.sql import Sql
from values.money import UnitPrice, UnitPriceView
from values.prices import PriceStep

__all__ = ["Offer", "offered", "price_of", "price_on"]

Offer: TypeAlias = PricedProduct
"""A product, and what is said of its price."""


async def price_of(at: Reading, product_id: UUID, asked: PriceAsked) -> QuotedPrice:
    """What one unit costs: by the account's or the usual price list, else the list price.

    Raises NotFound, MissingReference (account), NoPrice.
    """
    if asked.account and not await queries.is_account(at, asked.account):
        raise MissingReference(entity="account", reference=asked.account)
    known = await queries.priced(at.sql, [product_id], asked.price_list, account_id=asked.account)
    if product_id not in known:
        raise NotFound(entity="product", id=product_id)
    product, on = known[product_id], asked.on or at.today()
    price, step = _priced(product, asked.quantity, on=on)
    return QuotedPrice(
        product_id=product.id,
        quantity=asked.quantity,
        on=on,
        price=UnitPriceView.model_validate(price),
        source="price_list" if step else "list_price",
        price_list=step.price_list if step else None,
        price_id=step.id if step else None,
        min_quantity=step.min_quantity if step else None,
    )


async def offered(
    sql: Sql, named: Collection[str], *, account_id: UUID | None = None
) -> dict[str, Offer]:
    """Products by the ids or codes they were named by, with the account's prices; asked at once.

    What no product is named is left out.
    """
    ids = {name: as_id(name) for name in named}
    known = await queries.priced(
        sql, [one for one in ids.values() if one], None, codes=named, account_id=account_id
    )
    coded = {product.code: product for product in known.values()}
    found = {name: (one and known.get(one)) or coded.get(name) for name, one in ids.items()}
    return {name: product for name, product in found.items() if product}


def price_on(product: Offer, quantity: Decimal, *, on: date) -> UnitPrice:
    """What one unit costs in the quantity on the day. Raises NoPrice."""
    return _priced(product, quantity, on=on)[0]


def _priced(product: Offer, quantity: Decimal, *, on: date) -> tuple[UnitPrice, PriceStep | None]:
    step = product.step_for(quantity=quantity, on=on)
    price = step.price if step else product.list_price
    if price is None:
        raise NoPrice(product=product.code, price_list=product.price_list, quantity=quantity, on=on)
    return price, step
