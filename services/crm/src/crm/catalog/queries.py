"""Named reads and locks of products and prices."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from chassis.work.locking import any_of
from chassis.work.unit_of_work import Work
from crm import searched
from crm.catalog.models import ACTIVE, OWN, ProductPrice
from crm.catalog.rules.pricing import PricedProduct
from crm.catalog.schemas import (
    PriceListView,
    PriceQuery,
    ProductPriceView,
    ProductQuery,
    ProductView,
)
from records.links import linked_to, references
from values.money import UnitPrice
from values.prices import PriceStep

__all__ = [
    "Sql",
    "availability_versions",
    "is_account",
    "overlapping",
    "own_active_prices",
    "price_list_page",
    "price_list_view",
    "price_page",
    "price_view",
    "priced",
    "product_id_of_price",
    "product_meant",
    "product_page",
    "product_view",
    "products_with_codes",
    "store_availabilities",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

PRODUCT = f"""id, code, name, description, category, unit, unit_decimals, active, discontinued_on,
  master, version, created_at, updated_at,
  case when list_price is not null
    then jsonb_build_object('amount', list_price::text, 'currency', currency)
  end as list_price,
  (select jsonb_build_object('free', a.free::text, 'incoming', a.incoming::text,
      'told_at', a.updated_at) from product_availability a where a.product_id = product.id)
    as availability,
  {references("product")}"""

PRICE = f"""product_price.id, product_id, p.code as product_code, price_list, min_quantity,
  valid_from, valid_to, status, product_price.master, product_price.version,
  product_price.created_at, product_price.updated_at,
  jsonb_build_object('amount', amount::text, 'currency', product_price.currency) as price,
  {references("product_price")}"""

PRICE_LIST = f"""id, code, name, is_default, version, created_at, updated_at,
  {references("price_list")}"""

_AVAILABILITY_VERSIONS = """select p.id, coalesce(a.source_version, 0) as version,
    coalesce(a.source_history, 1) as history from product p
  left join product_availability a on a.product_id = p.id where p.id = any($1::uuid[])"""
_STORE_AVAILABILITIES = """insert into product_availability as a
    (product_id, source_version, source_history, free, incoming, updated_at)
  select n.*, $6
    from unnest($1::uuid[], $2::bigint[], $3::integer[], $4::numeric[], $5::numeric[])
      as n(id, version, history, free, incoming)
  order by n.id
  on conflict (product_id) do update set source_version = excluded.source_version,
    source_history = excluded.source_history,
    free = excluded.free, incoming = excluded.incoming, updated_at = excluded.updated_at
    where (a.source_history, a.source_version)
      < (excluded.source_history, excluded.source_version)"""

_PRICED = """select p.id as product_id, p.code, p.list_price, p.currency as list_currency,
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

_PRICES = "product_price join product p on p.id = product_id"


async def product_page(sql: Sql, query: ProductQuery, asked: PageQuery) -> Page[ProductView]:
    """One page of the products wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=PRODUCT,
        source="product",
        view=_product,
        sorts={
            "created_at": Sort("created_at", "timestamptz"),
            "updated_at": Sort("updated_at", "timestamptz"),
            "name": Sort("sort_key", "text"),
            "code": Sort("code", "text"),
        },
        default="-created_at",
        asked=asked,
        where=[
            *await containing(sql, query.q, searched.PRODUCTS),
            Filter("code = {}", query.code),
            Filter("category = {}", query.category),
            Filter("active = {}", query.active),
            Filter("master = {}", query.master),
            linked_to("product", query.external_system, query.external_id),
        ],
    )


async def price_page(sql: Sql, query: PriceQuery, asked: PageQuery) -> Page[ProductPriceView]:
    """One page of the prices wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=PRICE,
        source=_PRICES,
        view=_price,
        sorts={
            "created_at": Sort("product_price.created_at", "timestamptz"),
            "updated_at": Sort("product_price.updated_at", "timestamptz"),
        },
        default="-created_at",
        asked=asked,
        where=[
            Filter("product_id = {}", query.product_id),
            *await containing(sql, asked.q, searched.PRICES),
            Filter("price_list = {}", query.price_list),
            Filter("status = {}", query.status),
            linked_to("product_price", query.external_system, query.external_id),
        ],
        key="product_price.id",
    )


async def product_view(sql: Sql, product_id: UUID) -> ProductView | None:
    """The product as callers see it."""
    row = await sql.fetchrow(f"select {PRODUCT} from product where id = $1", product_id)
    return _product(row) if row else None


async def price_view(sql: Sql, price_id: UUID) -> ProductPriceView | None:
    """The price as callers see it."""
    row = await sql.fetchrow(f"select {PRICE} from {_PRICES} where product_price.id = $1", price_id)
    return _price(row) if row else None


async def price_list_page(sql: Sql, asked: PageQuery) -> Page[PriceListView]:
    """One page of price lists, the newest first."""
    return await fetch_page(
        sql,
        columns=PRICE_LIST,
        source="price_list",
        view=_price_list,
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        where=await containing(sql, asked.q, searched.PRICE_LISTS),
    )


async def price_list_view(sql: Sql, price_list_id: UUID) -> PriceListView | None:
    """The price list as callers see it."""
    row = await sql.fetchrow(f"select {PRICE_LIST} from price_list where id = $1", price_list_id)
    return _price_list(row) if row else None


def _price_list(row: Mapping[str, Any]) -> PriceListView:
    return PriceListView.model_validate(dict(row))


def _product(row: Mapping[str, Any]) -> ProductView:
    return ProductView.model_validate(dict(row))


def _price(row: Mapping[str, Any]) -> ProductPriceView:
    return ProductPriceView.model_validate(dict(row))


async def is_account(sql: Sql, account_id: UUID) -> bool:
    """Whether there is such an account."""
    found: bool = await sql.fetchval(
        "select exists (select from account where id = $1)", account_id
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


async def product_id_of_price(sql: Sql, price_id: UUID) -> UUID | None:
    """Whose price it is."""
    found: UUID | None = await sql.fetchval(
        "select product_id from product_price where id = $1", price_id
    )
    return found


async def own_active_prices(work: Work, product_ids: Collection[UUID]) -> list[ProductPrice]:
    """The prices of the products that we are master of and that were not withdrawn."""
    wanted = (
        select(ProductPrice)
        .where(
            ProductPrice.product_id == any_of(product_ids),
            ProductPrice.status == ACTIVE,
            ProductPrice.master == OWN,
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


async def store_availabilities(
    sql: Sql, stocks: Sequence[tuple[UUID, int, int, Decimal, Decimal]], *, now: datetime
) -> None:
    """Keep the newest word (version, history, free, incoming) of different products' stock."""
    if stocks:
        await sql.execute(_STORE_AVAILABILITIES, *zip(*stocks, strict=True), now)
