"""What counts on a day below an item, or above it: one read each, however deep it goes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from erp.production.rules.costing import CostedLine
from erp.production.rules.exploding import Bill, Line
from erp.production.states import BomKind
from erp.sql import Sql

__all__ = ["ItemInfo", "UsingBill", "bills_above", "bills_below", "items_of", "lines_below"]

_ACTIVE = "b.status = 'active' and daterange(b.effective_from, b.effective_to, '[]') @> $2::date"
_ON = "daterange(l.effective_from, l.effective_to, '[]') @> $2::date"
_CHOSEN = """(l.alternate_group = '' or row_number() over (
    partition by b.id, l.alternate_group order by l.priority, l.position) = 1) as chosen"""
_OF_LINE = """b.item_id as parent_id, b.id as bom_id, b.label, b.quantity as makes, b.kind,
  l.item_id, l.quantity, l.numerator, l.denominator, l.scrap, l.phantom, l.position"""
_BELOW = f"""with recursive reached(item_id) as (
    select unnest($1::uuid[])
    union
    select l.item_id from reached r join bill_of_material b on b.item_id = r.item_id and {_ACTIVE}
      join bill_of_material_line l on l.bill_of_material_id = b.id and {_ON})
  select * from (select {_OF_LINE}, {_CHOSEN} from reached r
    join bill_of_material b on b.item_id = r.item_id and {_ACTIVE}
    join bill_of_material_line l on l.bill_of_material_id = b.id and {_ON}) found
  where chosen order by bom_id, position limit $3"""
_ABOVE = f"""with recursive reached(item_id) as (
    select $1::uuid
    union
    select b.item_id from reached r join bill_of_material_line l on l.item_id = r.item_id and {_ON}
      join bill_of_material b on b.id = l.bill_of_material_id and {_ACTIVE})
  select * from (select {_OF_LINE}, {_CHOSEN} from bill_of_material b
    join bill_of_material_line l on l.bill_of_material_id = b.id and {_ON}
    where {_ACTIVE} and b.item_id in (select item_id from reached)) found
  where item_id in (select item_id from reached) order by bom_id, position limit $3"""


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """An item as it is named and counted."""

    id: UUID
    sku: str
    name: str
    unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class UsingBill:
    """A bill that names an item on some lines; `per_piece`: of those that count."""

    id: UUID
    label: str
    item_id: UUID
    component_id: UUID
    per_piece: Fraction


async def items_of(
    sql: Sql, *, sku: str | None = None, ids: Collection[UUID] = ()
) -> dict[UUID, ItemInfo]:
    """The item with the SKU, or the items with the ids."""
    rows = await sql.fetch(
        """select i.id, i.sku, i.name, i.unit, u.decimals from item i join unit u on u.code = i.unit
            where i.sku = $1 or i.id = any($2::uuid[])""",
        sku,
        list(ids),
    )
    return {row["id"]: ItemInfo(*row.values()) for row in rows}


async def bills_below(sql: Sql, item_id: UUID, *, on: date, most: int) -> dict[UUID, Bill] | None:
    """The bills that count on the day of the item and of all below it, by item.

    None: they have more lines than `most`.
    """
    rows = await sql.fetch(_BELOW, [item_id], on, most + 1)
    if len(rows) > most:
        return None
    lines: dict[UUID, list[Line]] = {}
    bills: dict[UUID, Bill] = {}
    for row in rows:
        lines.setdefault(row["parent_id"], []).append(
            Line.of(
                row["item_id"],
                row["quantity"],
                ratio=(row["numerator"], row["denominator"]),
                scrap=row["scrap"],
                makes=row["makes"],
                phantom=row["phantom"],
            )
        )
        own = lines[row["parent_id"]]
        bills[row["parent_id"]] = Bill(row["bom_id"], BomKind(row["kind"]), own)
    return bills


async def lines_below(
    sql: Sql, item_ids: Collection[UUID], *, on: date, most: int
) -> tuple[set[UUID], list[CostedLine]] | None:
    """The bills that count on the day, and their lines as costs are rolled up by them.

    None: they have more lines than `most`.
    """
    rows = await sql.fetch(_BELOW, list(item_ids), on, most + 1)
    if len(rows) > most:
        return None
    lines = [
        CostedLine(
            row["parent_id"],
            row["item_id"],
            row["quantity"],
            row["scrap"],
            row["makes"],
            row["numerator"],
            row["denominator"],
        )
        for row in rows
    ]
    return {row["bom_id"] for row in rows}, lines


async def bills_above(
    sql: Sql, item_id: UUID, *, on: date, most: int
) -> Sequence[UsingBill] | None:
    """The bills on the day that name the item, or what is made of it, at every level.

    None: they have more lines than `most`.
    """
    rows = await sql.fetch(_ABOVE, item_id, on, most + 1)
    if len(rows) > most:
        return None
    return [
        UsingBill(
            row["bom_id"],
            row["label"],
            row["parent_id"],
            row["item_id"],
            Line.of(
                row["item_id"],
                row["quantity"],
                ratio=(row["numerator"], row["denominator"]),
                scrap=row["scrap"],
                makes=row["makes"],
            ).per_piece
            if row["chosen"]
            else Fraction(0),
        )
        for row in rows
    ]
