"""What a complaint is traced to: what left, and the receipts and orders that it came of (E65)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from erp.sql import Sql

__all__ = [
    "case_of_complaint",
    "order_of_number",
    "shipment_of_number",
    "shipped_goods",
    "sources_of_lots",
    "sources_of_serials",
    "suppliers_of_receipts",
]

_SHIPPED = """select m.source_id, s.number as shipment, o.id as order_id, o.customer_id, m.lot_id,
    l.number as lot, m.serial, sum(m.quantity) as quantity
  from sales_order o join sales_order_line ol on ol.order_id = o.id and ol.item_id = $2
  join stock_move m on m.order_line_id = ol.id
  join location t on t.id = m.to_location_id and t.kind = 'customer'
  join shipment s on s.id = m.source_id
  left join lot l on l.id = m.lot_id
  where o.id = $1 and ($3::uuid is null or s.id = $3) and ($4::text is null or l.number = $4)
    and (cardinality($5::text[]) = 0 or m.serial = any($5))
  group by m.source_id, s.number, o.id, o.customer_id, m.lot_id, l.number, m.serial
  order by s.number, l.number, m.serial"""
# `union` keeps each row once, so that a walk ends.
_REACHED = """reached (lot_id) as (
    select unnest($1::uuid[])
    union
    select e.from_lot_id from reached r join lot_genealogy e on e.to_lot_id = r.lot_id)"""
_CAME = """select distinct case when m.source_type = 'purchase_receipt' then 'purchase_receipt'
      else 'production_order' end as kind,
    coalesce(p.id, o.id) as id, coalesce(p.number, o.number) as number
  from {moves}
  join location f on f.id = m.from_location_id and f.kind in ('supplier', 'production')
  left join purchase_receipt p on p.id = m.source_id and m.source_type = 'purchase_receipt'
  left join production_step s on s.id = m.source_id and m.source_type = 'production_report'
  left join production_order o on o.id = s.production_order_id
  where p.id is not null or o.id is not null order by kind desc, number"""
_OF_LOTS = f"""with recursive {_REACHED}
  {_CAME.format(moves="reached r join stock_move m on m.lot_id = r.lot_id")}"""
_OF_SERIALS = _CAME.format(
    moves="""unnest($1::uuid[], $2::text[]) as n(item_id, serial)
  join stock_move m on m.item_id = n.item_id and m.serial = n.serial"""
)
_ORDERED = """with recursive orders (id) as (
    select unnest($1::uuid[])
    union
    select s.production_order_id from orders o
      join production_step t on t.production_order_id = o.id
      join stock_move u on u.source_id = t.id and u.serial is not null
      join location l on l.id = u.to_location_id and l.kind = 'production'
      join stock_move m on m.item_id = u.item_id and m.serial = u.serial
        and m.source_type = 'production_report'
      join production_step s on s.id = m.source_id)
  select u.item_id, u.serial, u.lot_id from orders o
    join production_step t on t.production_order_id = o.id
    join stock_move u on u.source_id = t.id and (u.serial is not null or u.lot_id is not null)
    join location l on l.id = u.to_location_id and l.kind = 'production'
   group by u.item_id, u.serial, u.lot_id"""


async def shipped_goods(
    sql: Sql,
    order_id: UUID,
    item_id: UUID,
    named: tuple[UUID | None, str | None, Sequence[str]],
) -> list[Any]:
    """What left of an item for an order; `named`: only with a shipment, a lot, serials."""
    shipment_id, lot, serials = named
    return list(await sql.fetch(_SHIPPED, order_id, item_id, shipment_id, lot, list(serials)))


async def sources_of_lots(sql: Sql, lot_ids: Sequence[UUID]) -> list[Any]:
    """The receipts and production orders that lots, and all that they came of, came with."""
    return list(await sql.fetch(_OF_LOTS, list(lot_ids)))


async def sources_of_serials(sql: Sql, item_id: UUID, serials: Sequence[str]) -> list[Any]:
    """The receipts and production orders that pieces came with, and what these orders took."""
    items = [item_id] * len(serials)
    found = list(await sql.fetch(_OF_SERIALS, items, list(serials)))
    orders = [row["id"] for row in found if row["kind"] == "production_order"]
    taken = await sql.fetch(_ORDERED, orders) if orders else []
    pieces = [row for row in taken if row["serial"]]
    lots = [row["lot_id"] for row in taken if row["lot_id"]]
    if lots:
        found += await sources_of_lots(sql, lots)
    if pieces:
        parts = [row["item_id"] for row in pieces], [row["serial"] for row in pieces]
        found += await sql.fetch(_OF_SERIALS, *parts)
    return found


async def suppliers_of_receipts(sql: Sql, receipt_ids: Sequence[UUID]) -> list[UUID]:
    """Whom the goods of receipts came from."""
    rows = await sql.fetch(
        """select distinct o.supplier_id from purchase_receipt r
             join purchase_order o on o.id = r.purchase_order_id
            where r.id = any($1::uuid[])""",
        list(receipt_ids),
    )
    return [row[0] for row in rows]


async def order_of_number(sql: Sql, number: str) -> UUID | None:
    """The sales order of the number; None: there is none."""
    found: UUID | None = await sql.fetchval("select id from sales_order where number = $1", number)
    return found


async def shipment_of_number(sql: Sql, number: str) -> Any:
    """Id and order of the shipment of the number; None: there is none."""
    return await sql.fetchrow("select id, order_id from shipment where number = $1", number)


async def case_of_complaint(sql: Sql, system: str, external_id: str) -> Any:
    """The case that a complaint was taken up as: id, number, item, order and quantity; or None."""
    return await sql.fetchrow(
        """select id, number, item_id, order_id, quantity from nonconformance
            where system = $1 and external_id = $2""",
        system,
        external_id,
    )
