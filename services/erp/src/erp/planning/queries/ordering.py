"""Planned orders that become purchase or production orders: locked, judged and marked."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.sql import Sql

__all__ = [
    "OrderToBuy",
    "OrderToMake",
    "items_of",
    "lock_orders",
    "lock_orders_to_make",
    "mark_made",
    "mark_ordered",
    "ordered_since",
]


class OrderToBuy(NamedTuple):
    """A planned order that somebody sells."""

    id: UUID
    item_id: UUID
    sku: str
    quantity: Decimal
    due_on: date
    supplier_number: str
    lead_days: int
    supplier_id: UUID


class OrderToMake(NamedTuple):
    """A planned order that is made here."""

    id: UUID
    item_id: UUID
    quantity: Decimal
    start_on: date
    due_on: date


_LOCK = """select o.id, o.item_id, i.sku, o.start_quantity, o.due_on, u.number,
    o.lead_days, t.supplier_id
  from planned_order o join material_plan p on p.id = o.plan_id and p.is_current
  join planned_item t on t.plan_id = o.plan_id and t.item_id = o.item_id
  join item i on i.id = o.item_id join supplier u on u.id = t.supplier_id
  where o.id = any($1::uuid[]) and o.state = 'planned' and o.source = 'buy'
  order by o.id for update of o"""
_LOCK_TO_MAKE = """select o.id, o.item_id, o.quantity, o.release_on, o.due_on
  from planned_order o join material_plan p on p.id = o.plan_id and p.is_current
  where o.id = any($1::uuid[]) and o.state = 'planned' and o.source = 'make'
  order by o.id for update of o"""
_SINCE = """select i.sku from (
    select l.item_id from purchase_order_line l
      join purchase_order o on o.id = l.purchase_order_id
      join material_plan p on p.is_current and o.created_at >= p.read_at
     where l.item_id = any($1::uuid[])
       and not exists (select from planned_order r where r.order_line_id = l.id)
    union
    select o.item_id from production_order o
      join material_plan p on p.is_current and o.created_at >= p.read_at
     where o.item_id = any($1::uuid[]) and o.state <> 'cancelled'
       and not exists (select from planned_order r where r.production_order_id = o.id)) n
  join item i on i.id = n.item_id order by i.sku"""
_MARK = """update planned_order o set state = 'ordered', order_line_id = n.line_id
  from unnest($1::uuid[], $2::uuid[]) as n(id, line_id) where o.id = n.id"""
_MARK_MADE = """update planned_order o set state = 'ordered', production_order_id = n.made_id
  from unnest($1::uuid[], $2::uuid[]) as n(id, made_id) where o.id = n.id"""


async def items_of(sql: Sql, order_ids: Sequence[UUID]) -> list[UUID]:
    """The items of planned orders."""
    rows = await sql.fetch(
        "select distinct item_id from planned_order where id = any($1::uuid[])", order_ids
    )
    return [row[0] for row in rows]


async def lock_orders(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, OrderToBuy]:
    """Those of the current plan that may be bought, locked; their items are locked before."""
    return {row["id"]: OrderToBuy(*row.values()) for row in await sql.fetch(_LOCK, order_ids)}


async def lock_orders_to_make(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, OrderToMake]:
    """Those of the current plan that may be made, locked; their items are locked before."""
    rows = await sql.fetch(_LOCK_TO_MAKE, order_ids)
    return {row["id"]: OrderToMake(*row.values()) for row in rows}


async def ordered_since(sql: Sql, item_ids: Sequence[UUID]) -> list[str]:
    """SKUs of items of which something was bought or is made since, but by the plan."""
    return [row[0] for row in await sql.fetch(_SINCE, item_ids)]


async def mark_ordered(sql: Sql, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Note by which line each planned order was ordered."""
    await sql.execute(_MARK, [one for one, _ in pairs], [line for _, line in pairs])


async def mark_made(sql: Sql, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Note which production order each planned order became."""
    await sql.execute(_MARK_MADE, [one for one, _ in pairs], [made for _, made in pairs])
