"""Named reads of units, categories and items."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.storage.loading import loaded
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from erp import searched
from erp.catalog.models import Unit
from erp.catalog.schemas import CategoryView, ItemQuery, ItemView, UnitView
from records.links import linked_to, references

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


def sorts(table: str, *, named: bool = True) -> dict[str, Sort]:
    """What lists of the table may be sorted by."""
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
        where=await containing(sql, asked.q, searched.CATEGORIES),
        view=_category,
        sorts=sorts("item_category"),
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
        sorts=sorts("item"),
        default="-created_at",
        asked=asked,
        key="item.id",
        where=[
            Filter("item.status = {}", query.status),
            *await containing(sql, query.q, searched.ITEMS),
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
