"""Reads of bills of material, and the set-based writes of what belongs to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.production.models import BillOfMaterial, BomByProduct, BomLine, ByProduct, Component
from erp.production.schemas.boms import BillOfMaterialQuery, BillOfMaterialView
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of

__all__ = [
    "BOMS",
    "CountedItem",
    "bills_in_the_way",
    "components_below",
    "load_parts",
    "lock_items",
    "names_item",
    "replace_parts",
    "skus_of",
]

_LINES = """(select coalesce(jsonb_agg(jsonb_build_object('sku', c.sku,
      'quantity', trim_scale(l.quantity)::text, 'unit', l.unit,
      'scrap', trim_scale(l.scrap)::text, 'effective_from', l.effective_from,
      'effective_to', l.effective_to, 'alternate_group', l.alternate_group,
      'priority', l.priority, 'phantom', l.phantom) order by l.position), '[]')
    from bill_of_material_line l join item c on c.id = l.item_id
    where l.bill_of_material_id = bill_of_material.id)"""
_BY_PRODUCTS = """(select coalesce(jsonb_agg(jsonb_build_object('sku', c.sku,
      'quantity', trim_scale(p.quantity)::text, 'cost_share', trim_scale(p.cost_share)::text)
      order by p.position), '[]')
    from bill_of_material_by_product p join item c on c.id = p.item_id
    where p.bill_of_material_id = bill_of_material.id)"""
_COUNTS = "daterange(bill_of_material.effective_from, bill_of_material.effective_to, '[]')"


def _filters(_at: Reading, query: BillOfMaterialQuery) -> list[Filter]:
    """The conditions that the query puts on bills of material."""
    names = """exists (select from bill_of_material_line l join item c on c.id = l.item_id
      where l.bill_of_material_id = bill_of_material.id and c.sku = {})"""
    return [
        Filter("bill_of_material.item_id = {}", query.item_id),
        Filter("bill_of_material.item_id = (select id from item where sku = {})", query.sku),
        Filter(names, query.component_sku),
        *record_filters("bill_of_material", query),
        among("bill_of_material.kind", query.kind),
        Filter(f"{_COUNTS} @> {{}}::date", query.effective_on),
        Filter("bill_of_material.label = {}", query.label),
    ]


BOMS = Reads(
    name="bill_of_material",
    view=BillOfMaterialView,
    columns=columns_of(
        BillOfMaterialView,
        BillOfMaterial.__table__,
        sku="i.sku",
        lines=_LINES,
        by_products=_BY_PRODUCTS,
    ),
    source="bill_of_material join item i on i.id = bill_of_material.item_id",
    key="bill_of_material.id",
    visible=everybody,
    query=BillOfMaterialQuery,
    filters=_filters,
    searched=searched.BOMS,
    title="i.sku || ' ' || bill_of_material.label",
    subtitle="i.name",
    sorts=sorts_of("bill_of_material", named=False),
    includes={"item": Include(ItemView, "item_id")},
)


@dataclass(frozen=True, slots=True)
class CountedItem:
    """An item and how it is counted: unit -> its ratio to the own one, and the unit's decimals."""

    id: UUID
    unit: str
    units: Mapping[str, tuple[int, int, int]]


async def lock_items(
    sql: Sql, skus: Collection[str], item_ids: Collection[UUID]
) -> dict[str, CountedItem]:
    """The items by SKU; what there is not is left out.

    Their units stay as they are until the act ends: who changes one waits for it.
    """
    rows = await sql.fetch(
        """select id from item where sku = any($1::text[]) or id = any($2::uuid[])
            order by id for share""",
        list(skus),
        list(item_ids),
    )
    # Read once they are locked, as they are by then.
    rows = await sql.fetch(
        """select i.id, i.sku, i.unit, coalesce((select jsonb_agg(jsonb_build_array(
              u.unit, u.numerator, u.denominator, d.decimals))
             from (select i.unit, 1::bigint as numerator, 1::bigint as denominator
               union all select o.unit, o.numerator, o.denominator from item_unit o
                where o.item_id = i.id) u join unit d on d.code = u.unit), '[]') as units
             from item i where i.id = any($1::uuid[])""",
        [row["id"] for row in rows],
    )
    return {
        row["sku"]: CountedItem(row["id"], row["unit"], {unit: tuple(of) for unit, *of in row[3]})
        for row in rows
    }


async def skus_of(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, str]:
    """The SKUs of items."""
    rows = await sql.fetch(
        "select id, sku from item where id = any($1::uuid[])", list(set(item_ids))
    )
    return {row["id"]: row["sku"] for row in rows}


_LINE = tuple(one.name for one in fields(Component))
_BY_PRODUCT = tuple(one.name for one in fields(ByProduct))
_PARTS = f"""select id,
    array(select ({", ".join(f"l.{one}" for one in _LINE)}) from bill_of_material_line l
      where l.bill_of_material_id = bill_of_material.id order by l.position) as lines,
    array(select ({", ".join(f"p.{one}" for one in _BY_PRODUCT)})
      from bill_of_material_by_product p
      where p.bill_of_material_id = bill_of_material.id order by p.position) as by_products
  from bill_of_material where id = any($1::uuid[])"""


async def load_parts(sql: Sql, boms: Mapping[UUID, BillOfMaterial]) -> None:
    """Give the bills their components and by-products, of all at once."""
    for row in await sql.fetch(_PARTS, list(boms)):
        bom = boms[row["id"]]
        bom.lines = [Component(*values) for values in row["lines"]]
        bom.by_products = [ByProduct(*values) for values in row["by_products"]]


_TABLES: Mapping[str, tuple[type[Any], Sequence[str]]] = {
    "lines": (BomLine, _LINE),
    "by_products": (BomByProduct, _BY_PRODUCT),
}


async def replace_parts(sql: Sql, field: str, boms: Sequence[BillOfMaterial]) -> None:
    """Store what belongs to the bills by that field, in place of what was there."""
    if not boms:
        return
    entity, columns = _TABLES[field]
    await sql.execute(
        f"delete from {entity.__tablename__} where bill_of_material_id = any($1::uuid[])",
        [bom.id for bom in boms],
    )
    rows = [
        entity(
            id=uuid7(),
            bill_of_material_id=bom.id,
            position=position,
            **{name: getattr(one, name) for name in columns},
        )
        for bom in boms
        for position, one in enumerate(getattr(bom, field), 1)
    ]
    bulk = Bulk()
    bulk.insert(entity, rows, "id", "bill_of_material_id", "position", *columns)
    await bulk.execute(sql)


async def components_below(
    sql: Sql, item_ids: Collection[UUID], *, without: Collection[UUID]
) -> dict[UUID, set[UUID]]:
    """What the items are made of at every depth by bills that are not archived: item -> components.

    Whatever the day and whichever alternate. `without`: bills that are left out.
    """
    rows = await sql.fetch(
        """with recursive below(item_id) as (
             select unnest($1::uuid[])
             union
             select l.item_id from below
               join bill_of_material b on b.item_id = below.item_id and b.status <> 'archived'
                 and b.id <> all($2::uuid[])
               join bill_of_material_line l on l.bill_of_material_id = b.id)
           select distinct b.item_id, l.item_id as component_id from below
             join bill_of_material b on b.item_id = below.item_id and b.status <> 'archived'
               and b.id <> all($2::uuid[])
             join bill_of_material_line l on l.bill_of_material_id = b.id""",
        list(item_ids),
        list(without),
    )
    found: dict[UUID, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["item_id"], set()).add(row["component_id"])
    return found


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Another revision of the item: of the same label, or active on one of the days."""

    bom_id: UUID
    existing_id: UUID
    label: str
    overlaps: bool


async def bills_in_the_way(sql: Sql, boms: Sequence[BillOfMaterial]) -> list[InTheWay]:
    """Other revisions that a label, or a day of an active revision, is taken by.

    The bills themselves count as they are to be.
    """
    rows = await sql.fetch(
        """with wanted as (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[],
               $6::date[]) as n(id, item_id, label, status, effective_from, effective_to)),
           others as (
             select id, item_id, label, status, effective_from, effective_to from wanted
             union all
             select b.id, b.item_id, b.label, b.status, b.effective_from, b.effective_to
               from bill_of_material b
              where b.item_id = any($2::uuid[]) and b.id <> all($1::uuid[]))
           select w.id, o.id as existing_id, o.label, o.label <> w.label as is_overlap
             from wanted w join others o on o.item_id = w.item_id and o.id <> w.id
              and (o.label = w.label or o.status = 'active' and w.status = 'active'
                and daterange(o.effective_from, o.effective_to, '[]')
                  && daterange(w.effective_from, w.effective_to, '[]'))
            order by is_overlap, w.id desc, o.id""",
        [bom.id for bom in boms],
        [bom.item_id for bom in boms],
        [bom.label for bom in boms],
        [bom.status for bom in boms],
        [bom.effective_from for bom in boms],
        [bom.effective_to for bom in boms],
    )
    return [InTheWay(*row.values()) for row in rows]


async def names_item(sql: Sql, item_id: UUID) -> bool:
    """Whether the item is made by a bill, or is named by one."""
    found: bool = await sql.fetchval(
        """select exists (select from bill_of_material where item_id = $1)
            or exists (select from bill_of_material_line where item_id = $1)
            or exists (select from bill_of_material_by_product where item_id = $1)""",
        item_id,
    )
    return found
