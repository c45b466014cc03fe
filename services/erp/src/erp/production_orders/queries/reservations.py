"""What orders have reserved, and what they are still to reserve, of their components."""

from collections.abc import Collection, Sequence
from uuid import UUID

from erp.sql import Sql
from erp.stock.lines import DemandLine

__all__ = ["items_of_orders", "lines_to_reserve", "once_reserved", "reserved_lines"]

_TO_RESERVE = """select c.id, c.production_order_id, c.item_id, c.required - c.issued as quantity,
    o.start_on as needed_on, o.start_on as promised_on
  from production_order_component c join production_order o on o.id = c.production_order_id
  join item i on i.id = c.item_id and i.kind = 'goods'
  where o.id = any($1::uuid[]) and c.required > c.issued
    and not exists (select from demand d where d.order_line_id = c.id)
  order by o.start_on, o.id, c.position"""


async def lines_to_reserve(sql: Sql, order_ids: Collection[UUID]) -> list[DemandLine]:
    """What the orders need and did not get, whoever begins first."""
    rows = await sql.fetch(_TO_RESERVE, list(order_ids))
    return [DemandLine(*row.values()) for row in rows]


async def reserved_lines(sql: Sql, order_ids: Collection[UUID]) -> list[UUID]:
    """The components of the orders for which something is reserved or waited for."""
    rows = await sql.fetch(
        """select order_line_id from demand
            where order_id = any($1::uuid[]) and wanted > shipped""",
        list(order_ids),
    )
    return [row[0] for row in rows]


async def once_reserved(sql: Sql, component_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the components that were ever reserved."""
    rows = await sql.fetch(
        "select order_line_id from demand where order_line_id = any($1::uuid[])", component_ids
    )
    return [row[0] for row in rows]


async def items_of_orders(sql: Sql, order_ids: Collection[UUID]) -> set[UUID]:
    """The goods that the orders are made of."""
    rows = await sql.fetch(
        """select distinct c.item_id from production_order_component c
             join item i on i.id = c.item_id and i.kind = 'goods'
            where c.production_order_id = any($1::uuid[])""",
        list(order_ids),
    )
    return {row[0] for row in rows}
