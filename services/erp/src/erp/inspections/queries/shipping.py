"""Reads and writes of what was accepted before it leaves, by line, lot and piece."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.sql import Sql

__all__ = [
    "AcceptedLot",
    "accepted_of_lines",
    "accepted_pieces",
    "line_to_inspect",
    "use_accepted",
]

_ACCEPTED = """with locked as (
    select n.id, n.order_line_id, n.lot_id, n.accepted - n.shipped as free from inspection n
     where n.order_line_id = any($1::uuid[]) order by n.id for no key update)
  select k.order_line_id, k.lot_id, l.number as lot, sum(k.free) as free,
      coalesce((select sum(s.on_hand) from lot_stock s where s.lot_id = k.lot_id), 0) as lies
    from locked k left join lot l on l.id = k.lot_id
   group by k.order_line_id, k.lot_id, l.number order by min(k.id::text)"""
# A piece that left and came back was inspected again, or it is not accepted any more.
_PIECES = """select n.order_line_id, p.serial,
    exists (select from serial s join location h on h.id = s.location_id and h.kind = 'internal'
      where (s.item_id, s.number) = (n.item_id, p.serial) and not exists (select from stock_hold w
        where (w.item_id, w.serial) = (n.item_id, p.serial))) as lies
  from inspection n join inspection_verdict v on v.inspection_id = n.id
  cross join lateral unnest(v.accepted_serials) with ordinality as p(serial, at)
 where n.order_line_id = any($1::uuid[]) and not exists (
    select from stock_move m join location t on t.id = m.to_location_id and t.kind = 'customer'
     where (m.item_id, m.serial) = (n.item_id, p.serial) and m.order_line_id = n.order_line_id
       and m.recorded_at >= v.recorded_at)
 order by v.id, p.at"""
_USE = """with asked as (
    select * from unnest($1::uuid[], $2::uuid[], $3::numeric[])
      as n(order_line_id, lot_id, quantity)),
  queued as (
    select n.id, n.accepted - n.shipped as free, a.quantity
        - coalesce(sum(n.accepted - n.shipped) over (partition by n.order_line_id, n.lot_id
          order by n.id rows between unbounded preceding and 1 preceding), 0) as wanted
      from inspection n join asked a on a.order_line_id = n.order_line_id
        and a.lot_id is not distinct from n.lot_id
     where n.accepted > n.shipped)
  update inspection n set shipped = n.shipped + least(q.free, q.wanted), updated_at = $4
    from queued q where n.id = q.id and q.wanted > 0"""
_LINE = """select o.id as order_id, o.customer_id, l.item_id, i.sku, i.tracking,
    case when o.state = 'confirmed' then l.quantity - l.shipped - (
      select coalesce(sum(n.pending + n.accepted - n.shipped), 0)
        from inspection n where n.order_line_id = l.id) else 0 end as left_to_inspect
  from sales_order_line l join sales_order o on o.id = l.order_id
  join item i on i.id = l.item_id where l.id = $1 for no key update of l"""


class AcceptedLot(NamedTuple):
    """What of a line was accepted and has not left: without lots all of it, or of a lot."""

    lot_id: UUID | None
    lot: str | None
    free: Decimal
    lies: Decimal
    """What lies here of the lot."""


async def accepted_of_lines(
    sql: Sql, order_line_ids: Sequence[UUID]
) -> dict[UUID, list[AcceptedLot]]:
    """What was accepted of order lines before they leave, and has not left yet; locked."""
    found: dict[UUID, list[AcceptedLot]] = {}
    for row in await sql.fetch(_ACCEPTED, list(order_line_ids)):
        line_id, *facts = row.values()
        found.setdefault(line_id, []).append(AcceptedLot(*facts))
    return found


async def accepted_pieces(sql: Sql, order_line_ids: Sequence[UUID]) -> dict[UUID, dict[str, bool]]:
    """The pieces that were accepted of order lines and have not left, and whether they lie here."""
    found: dict[UUID, dict[str, bool]] = {}
    for line_id, serial, lies in await sql.fetch(_PIECES, list(order_line_ids)):
        found.setdefault(line_id, {})[serial] = lies
    return found


async def use_accepted(work: Work, used: Sequence[tuple[UUID, UUID | None, Decimal]]) -> None:
    """So many of order lines, and of their lots, leave: they were accepted, the first ones first.

    Who calls it has them locked by `accepted_of_lines`.
    """
    line_ids, lot_ids, quantities = (list(one) for one in zip(*used, strict=True))
    await work.sql.execute(_USE, line_ids, lot_ids, quantities, work.now)


async def line_to_inspect(sql: Sql, order_line_id: UUID) -> Any:
    """An order line of goods, locked, and what of it can be inspected; None: there is none."""
    return await sql.fetchrow(_LINE, order_line_id)
