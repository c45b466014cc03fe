"""Named reads of units, categories and items."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.models import Item, ItemCategory
from erp.catalog.schemas import CategoryView, ItemQuery, ItemView, UnitView
from erp.sql import Sql
from records.includes import Include
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of
from records.tagged import Tagged

_CONVERSIONS = """(select coalesce(jsonb_agg(jsonb_build_object('unit', u.unit,
    'numerator', u.numerator, 'denominator', u.denominator) order by u.unit), '[]')
  from item_unit u where u.item_id = item.id)"""


def _filters(_at: Reading, query: ItemQuery) -> list[Filter]:
    """The conditions that the query puts on items."""
    return [
        *record_filters("item", query),
        Filter("item.sku = {}", query.sku),
        Filter("item.barcode = {} and item.barcode <> ''", query.barcode),
        Filter("item.category_id = (select id from item_category where code = {})", query.category),
    ]


CATEGORIES = Reads(
    name="item_category",
    view=CategoryView,
    columns=columns_of(CategoryView, ItemCategory.__table__, parent="parent.code"),
    source="item_category left join item_category parent on parent.id = item_category.parent_id",
    key="item_category.id",
    visible=everybody,
    query=Tagged,
    searched=searched.CATEGORIES,
    sorts=sorts_of("item_category", texts=("code",)),
    default_sort="name",
)
ITEMS = Reads(
    name="item",
    view=ItemView,
    columns=columns_of(
        ItemView,
        Item.__table__,
        category="item_category.code",
        conversions=_CONVERSIONS,
        unit_decimals="(select d.decimals from unit d where d.code = item.unit)",
    ),
    source="item left join item_category on item_category.id = item.category_id",
    key="item.id",
    visible=everybody,
    query=ItemQuery,
    filters=_filters,
    searched=searched.ITEMS,
    sorts=sorts_of("item", texts=("sku",)),
    includes={"category": Include(CategoryView, "category", by="code")},
)


async def units(sql: Sql) -> list[UnitView]:
    """Every unit, by code."""
    rows = await sql.fetch("select code, name, decimals from unit order by code")
    return [UnitView.model_validate(dict(row)) for row in rows]


async def unit(sql: Sql, code: str) -> UnitView | None:
    """The unit with the code."""
    row = await sql.fetchrow("select code, name, decimals from unit where code = $1", code)
    return UnitView.model_validate(dict(row)) if row else None


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


async def ids_by_code(sql: Sql, table: str, codes: Sequence[str]) -> dict[str, UUID]:
    """Ids of the table's records by code; what there is not is left out."""
    rows = await sql.fetch(f"select id, code from {table} where code = any($1::text[])", codes)
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
