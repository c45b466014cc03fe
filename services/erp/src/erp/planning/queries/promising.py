"""What a promise is made from: an item and all that goes into it, however deep."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from erp.sql import Sql

__all__ = ["needed_by_firm_orders", "parts_of", "wanted_item"]

_ITEM = """select i.id, i.sku, i.unit, u.decimals from item i join unit u on u.code = i.unit
  where i.sku = $1 and i.kind = 'goods'"""
_PARTS = """with recursive part(id) as (
    select $1::uuid
  union select l.item_id from part p
    join bill_of_material b on b.item_id = p.id and b.status = 'active'
    join bill_of_material_line l on l.bill_of_material_id = b.id)
  select i.id, i.sku from part p join item i on i.id = p.id"""
# Orders that are released demand their components of stock; those that are firm do not yet.
_FIRM = """select c.item_id, o.start_on, c.required - c.issued as quantity
  from production_order o join production_order_component c on c.production_order_id = o.id
  where o.state = 'firm' and c.item_id = any($1::uuid[]) and c.required > c.issued
    and not exists (select from demand d where d.order_line_id = c.id)
  order by o.id, c.position"""


async def wanted_item(sql: Sql, sku: str) -> Mapping[str, Any] | None:
    """The goods of the SKU: id, unit and its decimals; None: there are none."""
    return await sql.fetchrow(_ITEM, sku)


async def parts_of(sql: Sql, item_id: UUID) -> dict[UUID, str]:
    """The item and everything that goes into it by an active bill of any day: SKU by id."""
    return {row["id"]: row["sku"] for row in await sql.fetch(_PARTS, item_id)}


async def needed_by_firm_orders(
    sql: Sql, item_ids: Sequence[UUID]
) -> list[tuple[UUID, date, Decimal]]:
    """What firm production orders will need of the items, and when they begin."""
    rows = await sql.fetch(_FIRM, item_ids)
    return [(row["item_id"], row["start_on"], row["quantity"]) for row in rows]
