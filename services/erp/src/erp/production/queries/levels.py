"""What items are directly made of on a day, phantoms passed through: many items in one read."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.production.rules.exploding import Bill, Line
from erp.production.states import BomKind
from erp.sql import Sql

__all__ = ["ByProductShare", "by_products_of", "direct_bills"]

_COUNTS = "{b}.status = 'active' and daterange({b}.effective_from, {b}.effective_to, '[]') @> r.day"
_LINE_COUNTS = "daterange(l.effective_from, l.effective_to, '[]') @> r.day"
_DIRECT = f"""with recursive reached(root, day, item_id) as (
    select item_id, day, item_id from unnest($1::uuid[], $2::date[]) w(item_id, day)
    union
    select r.root, r.day, l.item_id from reached r
      join bill_of_material b on b.item_id = r.item_id and {_COUNTS.format(b="b")}
      join bill_of_material_line l on l.bill_of_material_id = b.id and {_LINE_COUNTS}
      join bill_of_material p on p.item_id = l.item_id and {_COUNTS.format(b="p")}
        and coalesce(l.phantom, p.kind = 'phantom'))
  select * from (select r.root, r.day, b.item_id as parent_id, b.id as bom_id, b.kind,
      b.quantity as makes, l.item_id, l.quantity, l.numerator, l.denominator, l.scrap, l.phantom,
      l.position, (l.alternate_group = '' or row_number() over (
        partition by r.root, r.day, b.id, l.alternate_group order by l.priority, l.position) = 1)
        as chosen
    from reached r
    join bill_of_material b on b.item_id = r.item_id and {_COUNTS.format(b="b")}
    join bill_of_material_line l on l.bill_of_material_id = b.id and {_LINE_COUNTS}) found
  where chosen order by root, day, bom_id, position"""
_BY_PRODUCTS = """select p.bill_of_material_id, p.item_id, p.quantity, b.quantity as makes,
    p.cost_share
  from bill_of_material_by_product p join bill_of_material b on b.id = p.bill_of_material_id
  where b.id = any($1::uuid[]) order by p.bill_of_material_id, p.position"""


class ByProductShare(NamedTuple):
    """What comes out beside `makes` of an item, and which part of the cost it bears."""

    item_id: UUID
    quantity: Decimal
    makes: Decimal
    cost_share: Decimal


async def direct_bills(
    sql: Sql, wanted: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], dict[UUID, Bill]]:
    """Of each item and day: the bill that counts, and those of the phantoms below, by item."""
    rows = await sql.fetch(_DIRECT, [one for one, _ in wanted], [day for _, day in wanted])
    found: dict[tuple[UUID, date], dict[UUID, Bill]] = {}
    lines: dict[tuple[UUID, date, UUID], list[Line]] = {}
    for row in rows:
        root, day, parent = row["root"], row["day"], row["parent_id"]
        own = lines.setdefault((root, day, parent), [])
        ratio = row["numerator"], row["denominator"]
        own.append(
            Line.of(
                row["item_id"],
                row["quantity"],
                ratio=ratio,
                scrap=row["scrap"],
                makes=row["makes"],
                phantom=row["phantom"],
            )
        )
        bills = found.setdefault((root, day), {})
        bills[parent] = Bill(row["bom_id"], BomKind(row["kind"]), own)
    return found


async def by_products_of(sql: Sql, bom_ids: Collection[UUID]) -> dict[UUID, list[ByProductShare]]:
    """What comes out beside the items of the bills, by bill."""
    found: dict[UUID, list[ByProductShare]] = {}
    for bom_id, *values in await sql.fetch(_BY_PRODUCTS, list(bom_ids)):
        found.setdefault(bom_id, []).append(ByProductShare(*values))
    return found
