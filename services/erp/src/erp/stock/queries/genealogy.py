"""Which lots came of which, and with which documents their goods came and went."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.models.lots import LotEdge, LotStock
from erp.stock.states import Direction, LotEdgeKind

__all__ = [
    "NewEdge",
    "StepOfOrder",
    "add_edges",
    "add_production_edges",
    "customers_of_lots",
    "documents_of_lots",
    "foreign_location",
    "foreign_stock",
    "lots_in_steps",
    "reached_lots",
]

_COLUMNS = ("id", "from_lot_id", "to_lot_id", "quantity", "kind", "source_id", "effective_on")
# `union` keeps each row once, so that a lot that lies within its own ancestors ends the walk.
_REACHED = """with recursive reached (lot_id) as (
    select $1::uuid
    union
    select e.{next} from reached r join lot_genealogy e on e.{here} = r.lot_id)
  select l.id as lot_id, l.item_id, i.sku, l.number, l.owner, l.owner_id, l.supplier_id,
      l.supplier_lot, l.quality, l.expires_on, coalesce(s.on_hand, 0) as on_hand,
      coalesce(s.reserved, 0) as reserved,
      (select coalesce(jsonb_agg(jsonb_build_object('lot_id', e.{next}, 'kind', e.kind,
          'quantity', trim_scale(e.quantity)::text, 'source_id', e.source_id,
          'effective_on', e.effective_on) order by e.recorded_at, e.id), '[]')
        from lot_genealogy e where e.{here} = l.id) as edges
    from reached r join lot l on l.id = r.lot_id join item i on i.id = l.item_id
    left join lateral (select sum(on_hand) as on_hand, sum(reserved) as reserved
      from lot_stock where lot_id = l.id) s on true
   order by l.created_at, l.id"""
_DOCUMENTS = """select m.lot_id, m.source_type as kind, m.source_id as id, m.effective_on,
    case when t.kind in ('internal', 'foreign') then m.quantity else -m.quantity end as quantity,
    o.id as order_id, o.number as order_number, c.id as customer_id, c.number as customer_number,
    c.name as customer_name, r.id as repair_order_id, r.number as repair_order_number
  from (select lot_id, source_type, source_id, effective_on, order_line_id, to_location_id,
        sum(quantity) as quantity, min(recorded_at) as recorded_at
      from stock_move where lot_id = any($1::uuid[])
      group by lot_id, source_type, source_id, effective_on, order_line_id, to_location_id) m
  join location t on t.id = m.to_location_id
  left join sales_order_line ol on ol.id = m.order_line_id
  left join sales_order o on o.id = ol.order_id
  left join repair_step rs on rs.id = m.source_id
  left join repair_order b on b.dispatch_id = m.source_id
  left join repair_order r on r.id = coalesce(rs.repair_order_id, b.id,
    case when m.source_type = 'repair_receipt' then m.source_id end)
  left join customer c on c.id = coalesce(o.customer_id, r.customer_id)
  order by m.recorded_at, m.source_id, m.lot_id limit $2"""

_IN_STEPS = """select m.item_id, l.number,
    sum(case t.kind when 'production' then m.quantity else -m.quantity end) as quantity
  from stock_move m join lot l on l.id = m.lot_id join location t on t.id = m.to_location_id
  where m.source_id = any($1::uuid[])
    and (t.kind = 'production' or m.source_type = 'production_return')
  group by m.item_id, l.number"""
_MADE_OF = """with step as (
    select * from unnest($1::uuid[], $2::uuid[], $3::boolean[]) as s (order_id, id, is_own)),
  moved as (
    select s.order_id, s.is_own, m.lot_id, m.source_type, m.quantity, t.kind = 'production' as taken
      from step s join stock_move m on m.source_id = s.id and m.lot_id is not null
      join location t on t.id = m.to_location_id),
  used as (
    select order_id, lot_id, sum(case when taken then quantity else -quantity end) as quantity
      from moved where taken or source_type = 'production_return'
     group by order_id, lot_id having sum(case when taken then quantity else -quantity end) > 0),
  made as (
    select distinct order_id, lot_id from moved
     where is_own and not taken and source_type = 'production_report')
  select u.lot_id as from_lot_id, m.lot_id as to_lot_id, u.quantity, u.order_id as source_id
    from used u join made m on m.order_id = u.order_id and m.lot_id <> u.lot_id
   where not exists (select from lot_genealogy g where g.from_lot_id = u.lot_id
     and g.to_lot_id = m.lot_id and g.source_id = u.order_id)
   order by u.order_id, u.lot_id, m.lot_id"""
_CUSTOMERS = """with went as (
    select o.customer_id, o.number as order_number, null as repair_number,
        case when t.kind in ('internal', 'foreign') then -m.quantity else m.quantity end as quantity
      from stock_move m join location t on t.id = m.to_location_id
      join sales_order_line ol on ol.id = m.order_line_id
      join sales_order o on o.id = ol.order_id
     where m.lot_id = any($1::uuid[])
    union all
    select r.customer_id, null, r.number,
        case when t.kind = 'internal' then -m.quantity else m.quantity end
      from stock_move m join location t on t.id = m.to_location_id
      join repair_step s on s.id = m.source_id and s.kind in ('use', 'return')
      join repair_order r on r.id = s.repair_order_id and r.customer_id is not null
     where m.lot_id = any($1::uuid[]))
  select c.id as customer_id, c.number, c.name, sum(w.quantity) as quantity,
      array_remove(array_agg(distinct w.order_number order by w.order_number), null)
        as order_numbers,
      array_remove(array_agg(distinct w.repair_number order by w.repair_number), null)
        as repair_numbers
    from went w join customer c on c.id = w.customer_id
   group by c.id having sum(w.quantity) > 0 order by c.number"""


class NewEdge(NamedTuple):
    """So many of a lot become goods of another."""

    from_lot_id: UUID
    to_lot_id: UUID
    quantity: Any


async def add_edges(work: Work, edges: Sequence[NewEdge], **facts: Any) -> None:
    """Store edges; `facts`: kind, source_id and effective_on of all of them."""
    shared = facts | {"recorded_at": work.now, "actor": work.actor.reference}
    rows = [LotEdge(id=uuid7(), **edge._asdict(), **shared) for edge in edges]
    write = Bulk()
    write.insert(LotEdge, rows, *_COLUMNS, "recorded_at", "actor")
    await write.execute(work.sql)


class StepOfOrder(NamedTuple):
    """A step that moved goods for a production order; not its own: of one that it reworks."""

    order_id: UUID
    step_id: UUID
    is_own: bool


async def lots_in_steps(sql: Sql, step_ids: Sequence[UUID]) -> dict[tuple[UUID, str], Any]:
    """What steps of production took of lots and did not bring back, by item and number."""
    rows = await sql.fetch(_IN_STEPS, list(step_ids))
    return {(row["item_id"], row["number"]): row["quantity"] for row in rows}


async def add_production_edges(work: Work, steps: Sequence[StepOfOrder], *, on: date) -> None:
    """Store the edges that orders lack between the lots they took and those they made.

    An edge's quantity is what the order had taken of the lot when it was stored.
    """
    found = await work.sql.fetch(
        _MADE_OF,
        [one.order_id for one in steps],
        [one.step_id for one in steps],
        [one.is_own for one in steps],
    )
    shared = {"recorded_at": work.now, "actor": work.actor.reference, "effective_on": on}
    rows = [
        LotEdge(id=uuid7(), **dict(row), kind=LotEdgeKind.PRODUCTION, **shared) for row in found
    ]
    write = Bulk()
    write.insert(LotEdge, rows, *_COLUMNS, "recorded_at", "actor")
    await write.execute(work.sql)


async def reached_lots(sql: Sql, lot_id: UUID, direction: Direction) -> list[Mapping[str, Any]]:
    """The lot, and every one that it came of, or that came of it, with the edges to the next."""
    ends = {"here": "from_lot_id", "next": "to_lot_id"}
    if direction == Direction.BACKWARD:
        ends = {"here": "to_lot_id", "next": "from_lot_id"}
    return [dict(row) for row in await sql.fetch(_REACHED.format(**ends), lot_id)]


async def documents_of_lots(
    sql: Sql, lot_ids: Sequence[UUID], *, limit: int
) -> list[Mapping[str, Any]]:
    """With which documents goods of lots came (above zero) and went, the first one first."""
    return [dict(row) for row in await sql.fetch(_DOCUMENTS, lot_ids, limit)]


async def customers_of_lots(sql: Sql, lot_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Every customer to whom more of the lots went than came back, by number."""
    return [dict(row) for row in await sql.fetch(_CUSTOMERS, lot_ids)]


async def foreign_location(sql: Sql) -> UUID:
    """The place where goods of others lie."""
    found: UUID = await sql.fetchval("select id from location where kind = 'foreign'")
    return found


async def foreign_stock(sql: Sql, lot_ids: Sequence[UUID], *, on: date) -> dict[UUID, LotStock]:
    """What lies of lots of others, also of those of which nothing ever lay here."""
    rows = await sql.fetch(
        """select l.id as lot_id, f.id as location_id, l.item_id, l.owner, l.quality,
              l.usable_until, coalesce(s.on_hand, 0) as on_hand, 0 as reserved,
              null::date as reserved_on, coalesce(s.received_on, $2) as received_on
             from lot l join location f on f.kind = 'foreign'
             left join lot_stock s on s.lot_id = l.id and s.location_id = f.id
            where l.id = any($1::uuid[])""",
        lot_ids,
        on,
    )
    return {row["lot_id"]: LotStock(**dict(row)) for row in rows}
