"""Named reads and locks of the catalog."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.loading import loaded
from chassis.storage.searching import Searched, containing
from chassis.storage.work import Work
from erp.catalog.models import Price, PriceList, Unit
from erp.catalog.rules.pricing import PriceStep
from erp.catalog.rules.units import Ratio
from erp.catalog.schemas import (
    CategoryView,
    ItemQuery,
    ItemView,
    PriceListView,
    PriceQuery,
    PriceView,
    UnitView,
)
from erp.links import linked_to, references
from erp.money import UnitPrice

Sql: TypeAlias = "asyncpg.Connection[Any]"
Row = Mapping[str, Any]

CATEGORY = f"""item_category.id, item_category.code, item_category.name, parent.code as parent,
  item_category.version, item_category.created_at, item_category.updated_at,
  {references("item_category")}"""
CATEGORIES = "item_category left join item_category parent on parent.id = item_category.parent_id"

ITEM = f"""item.id, item.sku, item.name, item.description, item_category.code as category,
  item.kind, item.tracking, item.unit, item.barcode, item.sold, item.bought,
  item.discontinued_on, item.tax_code, item.status, item.version, item.created_at, item.updated_at,
  (select coalesce(jsonb_agg(jsonb_build_object('unit', u.unit, 'numerator', u.numerator,
      'denominator', u.denominator) order by u.unit), '[]')
    from item_unit u where u.item_id = item.id) as conversions,
  (select d.decimals from unit d where d.code = item.unit) as unit_decimals,
  {references("item")}"""
ITEMS = "item left join item_category on item_category.id = item.category_id"

PRICE_LIST = "id, code, name, currency, is_default, version, created_at, updated_at"

PRICE = f"""price.id, price.item_id, item.sku, price_list.code as price_list, price.min_quantity,
  price.valid_from, price.valid_to, price.status, price.version, price.created_at,
  price.updated_at,
  jsonb_build_object('amount', price.amount::text, 'currency', price_list.currency) as price,
  {references("price")}"""
PRICES = """price join item on item.id = price.item_id
  join price_list on price_list.id = price.price_list_id"""


CLASHES = """daterange(valid_from, valid_to, '[]') && daterange({begin}, {end}, '[]')
  and (valid_to - valid_from is null) = ({end} - {begin} is null)
  and (valid_to - valid_from is null
    or daterange(valid_from, valid_to, '[]') = daterange({begin}, {end}, '[]')
    or not (daterange(valid_from, valid_to, '[]') @> daterange({begin}, {end}, '[]')
      or daterange(valid_from, valid_to, '[]') <@ daterange({begin}, {end}, '[]')))"""
"""Whether a price and another period leave open which holds."""


def _sorts(table: str, *, named: bool = True) -> dict[str, Sort]:
    times = {name: Sort(f"{table}.{name}", "timestamptz") for name in ("created_at", "updated_at")}
    return times | ({"name": Sort(f"{table}.sort_key", "text")} if named else {})


async def units(sql: Sql) -> list[UnitView]:
    """Every unit, by code."""
    rows = await sql.fetch("select code, name, decimals from unit order by code")
    return [UnitView.model_validate(dict(row)) for row in rows]


async def unit(sql: Sql, code: str) -> Unit | None:
    """The unit with the code."""
    row = await sql.fetchrow("select code, name, decimals from unit where code = $1", code)
    return loaded(Unit, row) if row else None


async def whole_units(sql: Sql, codes: Collection[str]) -> set[str]:
    """Those of the units that are counted in whole numbers."""
    rows = await sql.fetch(
        "select code from unit where code = any($1::text[]) and decimals = 0", list(codes)
    )
    return {row["code"] for row in rows}


async def add_unit(sql: Sql, code: str, name: str, decimals: int) -> bool:
    """Whether the unit is new; a known code is left as it is."""
    added: bool | None = await sql.fetchval(
        """insert into unit (code, name, decimals) values ($1, $2, $3)
            on conflict do nothing returning true""",
        code,
        name,
        decimals,
    )
    return bool(added)


async def unknown_units(sql: Sql, codes: Sequence[str]) -> list[str]:
    """Those of the codes that no unit has."""
    rows = await sql.fetch(
        """select code from unnest($1::text[]) as asked(code)
            where not exists (select from unit where unit.code = asked.code) order by code""",
        list(codes),
    )
    return [row["code"] for row in rows]


async def category_page(sql: Sql, asked: PageQuery) -> Page[CategoryView]:
    """One page of the categories, by name."""
    return await fetch_page(
        sql,
        columns=CATEGORY,
        source=CATEGORIES,
        view=_category,
        sorts=_sorts("item_category"),
        default="name",
        asked=asked,
        key="item_category.id",
    )


async def category_view(sql: Sql, category_id: UUID) -> CategoryView | None:
    """The category as callers see it."""
    row = await sql.fetchrow(
        f"select {CATEGORY} from {CATEGORIES} where item_category.id = $1", category_id
    )
    return _category(row) if row else None


def _category(row: Row) -> CategoryView:
    return CategoryView.model_validate(dict(row))


async def category_ids(sql: Sql, codes: Sequence[str]) -> dict[str, UUID]:
    """Ids of categories by code; what there is not is left out."""
    rows = await sql.fetch("select id, code from item_category where code = any($1::text[])", codes)
    return {row["code"]: row["id"] for row in rows}


async def named(
    sql: Sql, category_ids: Collection[UUID], units: Collection[str]
) -> tuple[dict[UUID | None, str], dict[str, int]]:
    """Codes of categories by id, and the decimals of units by code, asked at once."""
    rows = await sql.fetch(
        """select id, code, null as decimals from item_category where id = any($1::uuid[])
            union all select null, code, decimals from unit where code = any($2::text[])""",
        list(category_ids),
        list(units),
    )
    codes: dict[UUID | None, str] = {row["id"]: row["code"] for row in rows if row["id"]}
    return codes, {row["code"]: row["decimals"] for row in rows if row["id"] is None}


async def lies_within(sql: Sql, *, inner: UUID, outer: UUID) -> bool:
    """Whether the inner category is the outer one or lies within it at any depth."""
    found: bool = await sql.fetchval(
        """with recursive above as (
             select id, parent_id from item_category where id = $1
             union select c.id, c.parent_id from item_category c join above a on c.id = a.parent_id)
           select exists (select from above where id = $2)""",
        inner,
        outer,
    )
    return found


async def item_page(sql: Sql, query: ItemQuery, asked: PageQuery) -> Page[ItemView]:
    """One page of the items wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=ITEM,
        source=ITEMS,
        view=_item,
        sorts=_sorts("item"),
        default="-created_at",
        asked=asked,
        key="item.id",
        where=[
            Filter("item.status = {}", query.status),
            *await containing(sql, query.q, Searched("item.search")),
            Filter("item.sku = {}", query.sku),
            Filter("item.barcode = {} and item.barcode <> ''", query.barcode),
            Filter(
                "item.category_id = (select id from item_category where code = {})", query.category
            ),
            linked_to("item", query.external_system, query.external_id),
        ],
    )


async def item_view(sql: Sql, item_id: UUID) -> ItemView | None:
    """The item as callers see it."""
    row = await sql.fetchrow(f"select {ITEM} from {ITEMS} where item.id = $1", item_id)
    return _item(row) if row else None


def _item(row: Row) -> ItemView:
    return ItemView.model_validate(dict(row))


async def counted_item(sql: Sql, sku: str | None, item_id: UUID | None) -> Row | None:
    """Id and decimals of the item with the SKU; where none is named, of that with the id."""
    by_sku, by_id = "item.sku = $1 and $2::uuid is null", "item.id = $2 and $1::text is null"
    return await sql.fetchrow(
        f"""select item.id, unit.decimals from item join unit on unit.code = item.unit
             where {by_sku if sku else by_id}""",
        sku,
        None if sku else item_id,
    )


async def item_ids(sql: Sql, skus: Sequence[str]) -> dict[str, UUID]:
    """Ids of items by SKU; what there is not is left out."""
    rows = await sql.fetch("select id, sku from item where sku = any($1::text[])", skus)
    return {row["sku"]: row["id"] for row in rows}


async def priced_items(sql: Sql, item_ids: Collection[UUID]) -> list[UUID]:
    """Those of the items that have, or had, a price."""
    rows = await sql.fetch(
        """select i.id from unnest($1::uuid[]) as i(id)
            where exists (select from price where item_id = i.id)""",
        item_ids,
    )
    return [row["id"] for row in rows]


async def price_list_page(sql: Sql, asked: PageQuery) -> Page[PriceListView]:
    """One page of the price lists, by name."""
    return await fetch_page(
        sql,
        columns=PRICE_LIST,
        source="price_list",
        view=_price_list,
        sorts=_sorts("price_list"),
        default="name",
        asked=asked,
    )


async def price_list_view(sql: Sql, price_list_id: UUID) -> PriceListView | None:
    """The price list as callers see it."""
    row = await sql.fetchrow(f"select {PRICE_LIST} from price_list where id = $1", price_list_id)
    return _price_list(row) if row else None


def _price_list(row: Row) -> PriceListView:
    return PriceListView.model_validate(dict(row))


async def price_list(sql: Sql, code: str | None) -> PriceListView | None:
    """The price list with the code; the default one where none is named."""
    by_code, default = "where code = $1", "where is_default and $1::text is null"
    row = await sql.fetchrow(
        f"select {PRICE_LIST} from price_list {by_code if code else default}", code
    )
    return _price_list(row) if row else None


async def price_lists_for_update(work: Work, price_list_id: UUID) -> list[PriceList]:
    """The list and the default one, their rows locked in key order."""
    wanted = select(PriceList).where((PriceList.id == price_list_id) | PriceList.is_default)
    found = await work.session.execute(_locking(wanted.order_by(PriceList.id)))
    return list(found.scalars())


async def price_page(sql: Sql, query: PriceQuery, asked: PageQuery) -> Page[PriceView]:
    """One page of the prices wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=PRICE,
        source=PRICES,
        view=_price,
        sorts=_sorts("price", named=False),
        default="-created_at",
        asked=asked,
        key="price.id",
        where=[
            Filter("price.item_id = {}", query.item_id),
            Filter("price.item_id = (select id from item where sku = {})", query.sku),
            Filter(
                "price.price_list_id = (select id from price_list where code = {})",
                query.price_list,
            ),
            Filter("price.status = {}", query.status),
            Filter("daterange(price.valid_from, price.valid_to, '[]') @> {}::date", query.valid_on),
            linked_to("price", query.external_system, query.external_id),
        ],
    )


async def price_view(sql: Sql, price_id: UUID) -> PriceView | None:
    """The price as callers see it."""
    row = await sql.fetchrow(f"select {PRICE} from {PRICES} where price.id = $1", price_id)
    return _price(row) if row else None


def _price(row: Row) -> PriceView:
    return PriceView.model_validate(dict(row))


async def overlapping_price(sql: Sql, price: Price) -> UUID | None:
    """Another active price from the same quantity on that leaves open which holds on a day.

    Of two with a first and a last day, one may lie within the other; with one that is open they
    never clash.
    """
    found: UUID | None = await sql.fetchval(
        f"""select id from price
            where item_id = $1 and price_list_id = $2 and min_quantity = $3
              and status = 'active' and id <> $6
              and {CLASHES.format(begin="$4::date", end="$5::date")}
            order by id limit 1""",
        price.item_id,
        price.price_list_id,
        price.min_quantity,
        price.valid_from,
        price.valid_to,
        price.id,
    )
    return found


async def names_of(sql: Sql, prices: Sequence[Price]) -> dict[UUID, Row]:
    """Of each price's item and list: sku, unit with its decimals, price_list, currency."""
    rows = await sql.fetch(
        """select priced.id, item.sku, item.unit, unit.decimals, price_list.code as price_list,
                  price_list.currency
             from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as priced(id, item_id, list_id)
             join item on item.id = priced.item_id join unit on unit.code = item.unit
             join price_list on price_list.id = priced.list_id""",
        [price.id for price in prices],
        [price.item_id for price in prices],
        [price.price_list_id for price in prices],
    )
    return {row["id"]: row for row in rows}


async def priced_item(sql: Sql, sku: str, unit: str | None) -> Row | None:
    """The item's id, own unit with its decimals, and the ratio of another unit to it."""
    return await sql.fetchrow(
        """select item.id, item.unit, own.decimals, other.numerator, other.denominator
             from item join unit own on own.code = item.unit
             left join item_unit other on other.item_id = item.id and other.unit = $2
            where item.sku = $1""",
        sku,
        unit,
    )


async def price_steps(
    sql: Sql, item_ids: Sequence[UUID], listed: PriceListView, *, between: tuple[date, date]
) -> defaultdict[UUID, list[PriceStep]]:
    """The active prices of each item in the list that hold on one of the days, first and last."""
    rows = await sql.fetch(
        """select item_id, id, min_quantity, valid_from, valid_to, amount from price
            where item_id = any($1::uuid[]) and price_list_id = $2 and status = 'active'
              and daterange(valid_from, valid_to, '[]') && daterange($3::date, $4::date, '[]')""",
        item_ids,
        listed.id,
        *between,
    )
    found = defaultdict[UUID, list[PriceStep]](list)
    for row in rows:
        found[row["item_id"]].append(
            PriceStep(
                id=row["id"],
                min_quantity=row["min_quantity"],
                price=UnitPrice(row["amount"], listed.currency),
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            )
        )
    return found


def ratio_of(row: Row) -> Ratio | None:
    """The ratio of the other unit, where the item has one."""
    return Ratio(row["numerator"], row["denominator"]) if row["numerator"] else None


def _locking(wanted: Any) -> Any:
    return wanted.with_for_update(key_share=True).execution_options(populate_existing=True)
