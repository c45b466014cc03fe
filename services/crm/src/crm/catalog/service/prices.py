"""Acts on prices. Each locks the product first, so that prices of one product stand in line."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeAlias
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from crm.catalog.errors import NoPrice, OverlappingPrice
from crm.catalog.models import ACTIVE, ERP_MASTER, OWN, STANDARD, WITHDRAWN, Product, ProductPrice
from crm.catalog.rules.pricing import PricedProduct
from crm.catalog.schemas import (
    AddPrice,
    ChangePrice,
    PriceAsked,
    ProductPriceView,
    QuotedPrice,
    UpsertPrice,
)
from crm.catalog.service.products import lock_product, product_meant
from crm.fields import Facts
from crm.ownership import ERP, ManagedByErp
from records.links import LinkExternal, link
from records.upserts import Sent, Upserted, require, upsert
from values.money import UnitPrice, UnitPriceChange, UnitPriceView
from values.prices import PriceStep
from values.units import minimum_of

__all__ = [
    "Offer",
    "add_price",
    "change_price",
    "link_price",
    "offered",
    "price_of",
    "price_on",
    "see_price",
    "upsert_price",
    "withdraw_price",
]

KIND = "product_price"

Offer: TypeAlias = PricedProduct
"""A product, and what is said of its price."""


async def see_price(sql: queries.Sql, price_id: UUID) -> ProductPriceView:
    """The price as callers see it. Raises NotFound."""
    seen = await queries.price_view(sql, price_id)
    if seen is None:
        raise NotFound(entity=KIND, id=price_id)
    return seen


async def price_of(
    sql: queries.Sql, product_id: UUID, asked: PriceAsked, *, today: date
) -> QuotedPrice:
    """What one unit costs: by the account's or the usual price list, else the list price.

    Raises NotFound, MissingReference (account), NoPrice.
    """
    if asked.account and not await queries.is_account(sql, asked.account):
        raise MissingReference(entity="account", reference=asked.account)
    known = await queries.priced(sql, [product_id], asked.price_list, account_id=asked.account)
    if product_id not in known:
        raise NotFound(entity="product", id=product_id)
    return _quoted(known[product_id], asked.quantity, on=asked.on or today)


async def offered(
    sql: queries.Sql, named: Collection[str], *, account_id: UUID | None = None
) -> dict[str, Offer]:
    """Products by the ids or codes they were named by, with the account's prices; asked at once.

    What no product is named is left out.
    """
    ids = {name: _as_id(name) for name in named}
    known = await queries.priced(
        sql, [one for one in ids.values() if one], None, codes=named, account_id=account_id
    )
    coded = {product.code: product for product in known.values()}
    found = {name: (one and known.get(one)) or coded.get(name) for name, one in ids.items()}
    return {name: product for name, product in found.items() if product}


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _quoted(product: Offer, quantity: Decimal, *, on: date) -> QuotedPrice:
    """What one unit costs in the quantity on the day, and why. Raises NoPrice."""
    price, step = _priced(product, quantity, on=on)
    return QuotedPrice(
        product_id=product.id,
        quantity=quantity,
        on=on,
        price=UnitPriceView.model_validate(price),
        source="price_list" if step else "list_price",
        price_list=step.price_list if step else None,
        price_id=step.id if step else None,
        min_quantity=step.min_quantity if step else None,
    )


def price_on(product: Offer, quantity: Decimal, *, on: date) -> UnitPrice:
    """What one unit costs in the quantity on the day. Raises NoPrice."""
    return _priced(product, quantity, on=on)[0]


def _priced(product: Offer, quantity: Decimal, *, on: date) -> tuple[UnitPrice, PriceStep | None]:
    step = product.step_for(quantity=quantity, on=on)
    price = step.price if step else product.list_price
    if price is None:
        raise NoPrice(product=product.code, price_list=product.price_list, quantity=quantity, on=on)
    return price, step


async def add_price(work: Work, command: AddPrice) -> UUID:
    """Say what a product costs.

    Raises MissingReference (product), OverlappingPrice, CurrencyNotSupported, ManagedByErp.
    """
    product = await lock_product(work, await product_meant(work.sql, command.product))
    return await _add(work, product, command.facts(), uuid7(), by=None)


async def change_price(work: Work, price_id: UUID, command: ChangePrice, *, revision: int) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, InvalidInput (period), OverlappingPrice,
    CurrencyNotSupported, ManagedByErp.
    """
    product, price = await _locked(work, price_id)
    price.check_revision(revision)
    await _change(work, product, price, command.facts(), by=None)


async def withdraw_price(work: Work, price_id: UUID) -> None:
    """Let the price apply no longer. Raises NotFound, ManagedByErp."""
    product, price = await _locked(work, price_id)
    await _change(work, product, price, {"status": WITHDRAWN}, by=None)


async def link_price(work: Work, price_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the price is. Raises NotFound, AlreadyLinked."""
    await see_price(work.sql, price_id)
    await link(work, KIND, price_id, command)


async def upsert_price(work: Work, system: str, external_id: str, command: UpsertPrice) -> Upserted:
    """Take over a price as another system knows it.

    Raises MissingReference (product), InvalidInput (a new one without product or price, a known
    one of another product), OverlappingPrice, CurrencyNotSupported, ManagedByErp.
    """
    facts = command.facts()
    meant = await product_meant(work.sql, command.product) if command.product else None
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add_sent, work, facts, meant, system),
        change=partial(_change_sent, work, facts, meant, system),
    )


async def _add_sent(
    work: Work, facts: Facts, product_id: UUID | None, system: str, price_id: UUID
) -> None:
    require({"product": product_id} | facts, "product", "price")
    if product_id:
        product = await lock_product(work, product_id)
        await _add(work, product, facts, price_id, by=system)


async def _change_sent(
    work: Work, facts: Facts, product_id: UUID | None, system: str, price_id: UUID
) -> bool:
    product, price = await _locked(work, price_id)
    if product_id not in {None, product.id}:
        told = "A price stays at its product. Withdraw it and add it to the other product."
        raise InvalidInput(errors=[FieldError("/product", "product_fixed", told)])
    return await _change(work, product, price, facts, by=system)


async def _locked(work: Work, price_id: UUID) -> tuple[Product, ProductPrice]:
    """The price and its product, nobody else's to change until the act ends."""
    product_id = await queries.product_id_of_price(work.sql, price_id)
    if product_id is None:
        raise NotFound(entity=KIND, id=price_id)
    product = await lock_product(work, product_id)
    return product, await lock(work, ProductPrice, price_id)


async def _add(
    work: Work, product: Product, facts: Facts, price_id: UUID, *, by: str | None
) -> UUID:
    if product.master == ERP_MASTER and by != ERP:
        raise ManagedByErp(fields="price", entity="product")
    price = ProductPrice(
        id=price_id,
        product_id=product.id,
        price_list=STANDARD,
        min_quantity=Decimal(0),
        status=ACTIVE,
        master=ERP_MASTER if by == ERP else OWN,
        created_at=work.now,
        updated_at=work.now,
    )
    await _take(work, product, price, facts)
    work.session.add(price)
    await work.flush()
    return price.id


async def _change(
    work: Work, product: Product, price: ProductPrice, facts: Facts, *, by: str | None
) -> bool:
    """Whether anything changed; then it is one version more. `by` is the sending system."""
    changed = await _take(work, product, price, facts)
    if not changed:
        return False
    if price.master == ERP_MASTER and by != ERP:
        raise ManagedByErp(fields=", ".join(changed), entity=KIND)
    price.touch(work.now)
    await work.flush()
    return True


async def _take(work: Work, product: Product, price: ProductPrice, facts: Facts) -> list[str]:
    """Take over the facts that differ, if the price may be so; names of those."""
    told = facts.get("price")
    if isinstance(told, UnitPriceChange):
        with errors_of_field("price"):
            told = told.onto(price.price)
        facts = facts | {"price": told}
    if told:
        require_supported_currency(work, told.currency)
    if "min_quantity" in facts and price.master == OWN:
        least = minimum_of(facts["min_quantity"], product.unit_decimals)
        facts = facts | {"min_quantity": least}
    changed = list(price.apply(facts))
    if price.valid_from and price.valid_to and price.valid_to < price.valid_from:
        message = "The period ends before it begins."
        raise InvalidInput(errors=[FieldError("/valid_to", "period_in_order", message)])
    if price.master == OWN and price.status == ACTIVE:
        await _must_not_overlap(work, price)
    return changed


async def _must_not_overlap(work: Work, price: ProductPrice) -> None:
    other = await queries.overlapping(work.sql, price)
    if other:
        existing_id, valid_from, valid_to = other
        raise OverlappingPrice(
            existing_id=existing_id, valid_from=valid_from or "-", valid_to=valid_to or "-"
        )
