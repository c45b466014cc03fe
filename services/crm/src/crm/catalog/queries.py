"""Named reads and locks of products and prices."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.locking import any_of
from chassis.work.unit_of_work import Work
from crm import reach, searched
from crm.catalog.models import PriceList, Product, ProductAvailability, ProductPrice
from crm.catalog.rules.pricing import PricedProduct
from crm.catalog.schemas import (
    PriceListView,
    PriceQuery,
    ProductPriceView,
    ProductQuery,
    ProductView,
)
from crm.catalog.states import Master, PriceStatus
from crm.sql import Sql
from records.filters import among
from records.includes import Include
from records.links import linked_to
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters, sorts_of
from records.tagged import Tagged
from values.money import UnitPrice
from values.prices import PriceStep

__all__ = [
    "PRICES",
    "PRICE_LISTS",
    "PRODUCTS",
    "StockOf",
    "availability_versions",
    "is_account",
    "overlapping",
    "own_active_prices",
    "priced",
    "product_ids_of_prices",
    "product_meant",
    "products_with_codes",
    "store_availabilities",
]

_LIST_PRICE = """case when list_price is not null
    then jsonb_build_object('amount', list_price::text, 'currency', currency) end"""
_AVAILABILITY = """(select jsonb_build_object('free', a.free::text, 'incoming', a.incoming::text,
      'told_at', a.updated_at) from product_availability a where a.product_id = product.id)"""
_PRICE = "jsonb_build_object('amount', amount::text, 'currency', product_price.currency)"

_AVAILABILITY_VERSIONS = """select p.id, coalesce(a.source_version, 0) as version,
    coalesce(a.source_history, 1) as history from product p
  left join product_availability a on a.product_id = p.id where p.id = any($1::uuid[])"""
_IF_NEWER = """(product_id) do update set source_version = excluded.source_version,
    source_history = excluded.source_history,
    free = excluded.free, incoming = excluded.incoming, updated_at = excluded.updated_at
    where (product_availability.source_history, product_availability.source_version)
      < (excluded.source_history, excluded.source_version)"""

_PRICED = """select p.id as product_id, p.code, p.name, p.list_price, p.currency as list_currency,
    p.unit, p.unit_decimals, p.active, p.discontinued_on, l.code as price_list,
    own.price_list as account_list, s.price_list as listed_in,
    s.id, s.min_quantity, s.amount, s.currency, s.valid_from, s.valid_to
  from product p cross join lateral (select coalesce($2, (select d.code from price_list d
      where d.is_default and p.master = 'erp' order by d.updated_at desc, d.id desc limit 1),
    'standard') as code) l
  left join account own on own.id = $4 and $2::text is null
  left join product_price s on s.product_id = p.id and s.status = 'active'
    and (s.price_list = l.code or s.price_list = own.price_list)
  where p.id = any($1::uuid[]) or p.code = any($3::text[])"""

CLASHES = """daterange(valid_from, valid_to, '[]') && daterange({begin}, {end}, '[]')
  and (valid_to - valid_from is null) = ({end} - {begin} is null)
  and (valid_to - valid_from is null
    or daterange(valid_from, valid_to, '[]') = daterange({begin}, {end}, '[]')
    or not (daterange(valid_from, valid_to, '[]') @> daterange({begin}, {end}, '[]')
      or daterange(valid_from, valid_to, '[]') <@ daterange({begin}, {end}, '[]')))"""
"""Whether a price and another period leave open which holds."""


def _product_filters(_at: Reading, query: ProductQuery) -> list[Filter]:
    return [
        Filter("code = {}", query.code),
        Filter("category = {}", query.category),
        Filter("active = {}", query.active),
        among("master", query.master),
        linked_to("product", query.external_system, query.external_id),
    ]


def _price_filters(_at: Reading, query: PriceQuery) -> list[Filter]:
    return [
        *record_filters("product_price", query),
        Filter("product_id = {}", query.product_id),
        Filter("price_list = {}", query.price_list),
    ]


PRODUCTS = Reads(
    name="product",
    view=ProductView,
    columns=columns_of(
        ProductView, Product.__table__, list_price=_LIST_PRICE, availability=_AVAILABILITY
    ),
    source="product",
    visible=everybody,
    query=ProductQuery,
    filters=_product_filters,
    searched=searched.PRODUCTS,
    sorts={**BY_NAME, "code": Sort("code", "text")},
)
PRICES = Reads(
    name="product_price",
    view=ProductPriceView,
    columns=columns_of(
        ProductPriceView, ProductPrice.__table__, product_code="p.code", price=_PRICE
    ),
    source="product_price join product p on p.id = product_price.product_id",
    visible=everybody,
    query=PriceQuery,
    filters=_price_filters,
    searched=searched.PRICES,
    title="p.code",
    subtitle="p.name",
    sorts=sorts_of("product_price", named=False),
    includes={"product": Include(ProductView, "product_id")},
    key="product_price.id",
)
PRICE_LISTS = Reads(
    name="price_list",
    view=PriceListView,
    columns=columns_of(PriceListView, PriceList.__table__),
    source="price_list",
    visible=everybody,
    query=Tagged,
    searched=searched.PRICE_LISTS,
)


async def is_account(at: Reading, account_id: UUID) -> bool:
    """Whether there is such an account, and the actor may see it."""
    seen = reach.of_account(at, "read")
    conditions = "".join(f" and {one.condition.format('$2')}" for one in seen)
    found: bool = await at.sql.fetchval(
        f"select exists (select from account where id = $1{conditions})",
        account_id,
        *(one.value for one in seen),
    )
    return found


async def products_with_codes(sql: Sql, codes: Collection[str]) -> dict[str, UUID]:
    """The product that has each code; what nobody has is left out."""
    rows = await sql.fetch("select id, code from product where code = any($1::text[])", list(codes))
    return {row["code"]: row["id"] for row in rows}


async def product_meant(sql: Sql, code: str, product_id: UUID | None) -> UUID | None:
    """The product that has the id; else the one that has the code."""
    found: UUID | None = await sql.fetchval(
        "select id from product where id = $2 or code = $1 order by id = $2 desc limit 1",
        code,
        product_id,
    )
    return found


async def product_ids_of_prices(sql: Sql, price_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The products that prices belong to, by price; what there is not is left out."""
    rows = await sql.fetch(
        "select id, product_id from product_price where id = any($1::uuid[])", list(price_ids)
    )
    return {row["id"]: row["product_id"] for row in rows}


async def own_active_prices(work: Work, product_ids: Collection[UUID]) -> list[ProductPrice]:
    """The prices of the products that we are master of and that were not withdrawn."""
    wanted = (
        select(ProductPrice)
        .where(
            ProductPrice.product_id == any_of(product_ids),
            ProductPrice.status == PriceStatus.ACTIVE,
            ProductPrice.master == Master.OWN,
        )
        .order_by(ProductPrice.id)
    )
    return list((await work.session.execute(wanted)).scalars())


async def overlapping(
    sql: Sql, price: ProductPrice
) -> tuple[UUID, date | None, date | None] | None:
    """Another own price for the same that leaves open which is valid on a day: id and period.

    Of two with a first and a last day, one may lie within the other; with one that is open they
    never clash.
    """
    row = await sql.fetchrow(
        f"""select id, valid_from, valid_to from product_price
            where product_id = $1 and price_list = $2 and min_quantity = $3 and id <> $4
              and status = 'active' and master = 'own'
              and {CLASHES.format(begin="$5::date", end="$6::date")}
            order by valid_from nulls first limit 1""",
        price.product_id,
        price.price_list,
        price.min_quantity,
        price.id,
        price.valid_from,
        price.valid_to,
    )
    return (row["id"], row["valid_from"], row["valid_to"]) if row else None


async def priced(
    sql: Sql,
    product_ids: Collection[UUID],
    price_list: str | None,
    *,
    codes: Collection[str] = (),
    account_id: UUID | None = None,
) -> dict[UUID, PricedProduct]:
    """Products with their active prices in the list, as the pricing rule takes them.

    Where no list is named, that of the account holds, and besides the ERP's default one for what
    the ERP prices.
    """
    found: dict[UUID, PricedProduct] = {}
    for row in await sql.fetch(_PRICED, list(product_ids), price_list, list(codes), account_id):
        listed = row["list_price"]
        product = found.setdefault(
            row["product_id"],
            PricedProduct(
                id=row["product_id"],
                code=row["code"],
                name=row["name"],
                list_price=None if listed is None else UnitPrice(listed, row["list_currency"]),
                price_list=row["price_list"],
                unit=row["unit"],
                unit_decimals=row["unit_decimals"],
                active=row["active"],
                discontinued_on=row["discontinued_on"],
                account_list=row["account_list"],
            ),
        )
        if row["id"] is not None:
            product.steps.append(
                PriceStep(
                    id=row["id"],
                    min_quantity=row["min_quantity"],
                    price=UnitPrice(row["amount"], row["currency"]),
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    price_list=row["listed_in"],
                )
            )
    return found


async def availability_versions(
    sql: Sql, product_ids: Sequence[UUID]
) -> dict[UUID, asyncpg.Record]:
    """`version` and `history` of the newest word of products' stock; 0: there was none.

    What there is not is left out.
    """
    return {row["id"]: row for row in await sql.fetch(_AVAILABILITY_VERSIONS, product_ids)}


class StockOf(NamedTuple):
    """What the ERP says of a product's stock."""

    product_id: UUID
    source_version: int
    source_history: int
    free: Decimal
    incoming: Decimal


async def store_availabilities(sql: Sql, stocks: Sequence[StockOf], *, now: datetime) -> None:
    """Keep the newest word of different products' stock."""
    bulk = Bulk()
    in_order = sorted(stocks, key=attrgetter("product_id"))
    bulk.insert(ProductAvailability, in_order, *StockOf._fields, conflict=_IF_NEWER, updated_at=now)
    await bulk.execute(sql)
