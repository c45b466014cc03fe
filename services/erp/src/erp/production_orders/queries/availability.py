"""What is there, expected and wanted by others of the components of an order."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.sql import Sql

__all__ = ["AvailableItem", "available_items"]

_AVAILABLE = """with wanted as (
    select o.id as order_id, o.start_on, c.item_id, c.position, c.required - c.issued as required,
        coalesce(d.reserved, 0) as reserved
      from production_order o join production_order_component c on c.production_order_id = o.id
      left join demand d on d.order_line_id = c.id
     where o.id = any($1::uuid[]) and c.required > c.issued)
  select w.order_id, w.start_on, w.item_id, i.sku, w.required,
    coalesce(s.on_hand, 0) as on_hand, coalesce(s.free, 0) + w.reserved as free,
    coalesce(e.quantity, 0) as earlier,
    coalesce(e.reserved, 0) as earlier_reserved, coalesce(n.due, '{}') as due
  from wanted w join item i on i.id = w.item_id
  left join lateral (select sum(on_hand) as on_hand,
        sum(on_hand - reserved - restricted) as free
      from stock_level where item_id = w.item_id) s on true
  left join lateral (select sum(c.required - c.issued) as quantity, sum(d.reserved) as reserved
      from production_order_component c join production_order o on o.id = c.production_order_id
      left join demand d on d.order_line_id = c.id
     where c.item_id = w.item_id and c.required > c.issued
       and (o.state in ('released', 'started') or o.id = any($1::uuid[]))
       and (o.start_on, o.id) < (w.start_on, w.order_id)) e on true
  left join lateral (select array_agg((e.due_on, e.quantity, m.id is not null)
        order by e.due_on, m.id is not null) as due
      from incoming e left join production_order m on m.id = e.source_line_id
      where e.item_id = w.item_id) n on true
  order by w.order_id, w.position"""


class AvailableItem(NamedTuple):
    """A component that an order still needs, and what there is of it.

    `free` is what is reserved for nobody or for the order itself; `earlier_reserved` what of the
    need of earlier orders is reserved for them. `due`: receipts, and whether production makes them.
    """

    order_id: UUID
    start_on: date
    item_id: UUID
    sku: str
    required: Decimal
    on_hand: Decimal
    free: Decimal
    earlier: Decimal
    earlier_reserved: Decimal
    due: Sequence[tuple[date, Decimal, bool]]


async def available_items(sql: Sql, order_ids: Sequence[UUID]) -> list[AvailableItem]:
    """Of each order the components that are still to be issued.

    Earlier are the orders in work, and of those asked about each before the next one.
    """
    rows = await sql.fetch(_AVAILABLE, list(order_ids))
    return [AvailableItem(*row.values()) for row in rows]
