"""What lies of lots; who changes it holds the level of their item locked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.rules.lots import ItemLots, LotBucket

__all__ = [
    "day_minimums",
    "has_lots",
    "items_with_expired_lots",
    "load_lots",
    "lots_of_items",
    "lots_with_customer",
    "on_hand_of_lots",
    "own_lots",
]

_OURS = "(select id from location where code = 'MAIN-STOCK')"
_OF_ITEMS = f"""select i.id as item_id, i.picking, b.lot_id, l.number, b.quality, b.usable_until,
    b.received_on, b.on_hand, b.reserved, b.reserved_on
  from item i
  left join lot_stock b on b.item_id = i.id and b.on_hand > 0 and b.location_id = {_OURS}
  left join lot l on l.id = b.lot_id
  where i.id = any($1::uuid[])"""
_LOT = """l.id as lot_id, l.item_id, l.number, l.quality, l.usable_until, l.supplier_lot,
  l.made_on, l.expires_on"""
_NAMED = f"""select {_LOT} from unnest($1::uuid[], $2::text[]) as n(item_id, number)
  join lot l on l.item_id = n.item_id and l.number = n.number and l.owner = 'own'"""
_BY_ID = f"""select {_LOT}, coalesce(b.received_on, $2::date) as received_on,
    coalesce(b.on_hand, 0) as on_hand, coalesce(b.reserved, 0) as reserved, b.reserved_on
  from lot l left join lot_stock b on b.lot_id = l.id and b.location_id = {_OURS}
  where l.id = any($1::uuid[])"""
_WITH_CUSTOMER = """select m.order_line_id, m.lot_id, l.number,
    sum(case when t.kind = 'customer' then m.quantity else -m.quantity end) as quantity
  from stock_move m join location t on t.id = m.to_location_id join lot l on l.id = m.lot_id
  where m.order_line_id = any($1::uuid[])
  group by m.order_line_id, m.lot_id, l.number
  having sum(case when t.kind = 'customer' then m.quantity else -m.quantity end) > 0
  order by m.order_line_id, l.number"""
# What lay of each lot when a day ended, that one and each later one on which it moved; nothing of
# one that came later.
_DAY_MINIMUMS = f"""select e.lot_id, min(e.quantity) as quantity from (
    select c.lot_id, sum(c.quantity) over (partition by c.lot_id order by c.day) as quantity
      from (select s.lot_id, s.day, sum(s.quantity) as quantity
        from (select m.lot_id, greatest(m.effective_on, $2::date) as day,
            (m.to_location_id = {_OURS})::int * m.quantity
            - (m.from_location_id = {_OURS})::int * m.quantity as quantity
          from stock_move m where m.lot_id = any($1::uuid[])
          union all select n, $2::date, 0 from unnest($1::uuid[]) n) s
        group by s.lot_id, s.day) c) e
  group by e.lot_id"""
_EXPIRED = """select s.item_id from stock_level s
  join lateral (select sum(b.on_hand) as unusable from lot_stock b
    where b.item_id = s.item_id and b.location_id = s.location_id and b.on_hand > 0
      and (b.quality <> 'released' or b.usable_until < $1)) b on b.unusable > s.restricted
  where s.tracking = 'lot' and ($2::uuid is null or s.item_id > $2)
    and exists (select from lot_stock e where e.item_id = s.item_id and e.on_hand > 0
      and e.usable_until < $1)
  order by s.item_id limit $3"""


async def lots_of_items(work: Work, item_ids: Sequence[UUID]) -> dict[UUID, ItemLots]:
    """The lots of ours that lie of locked items, and how they are picked."""
    found: dict[UUID, ItemLots] = {}
    for row in await work.sql.fetch(_OF_ITEMS, item_ids):
        lots = found.setdefault(row["item_id"], ItemLots(row["picking"], work.today()))
        if row["lot_id"]:
            lots.buckets[row["lot_id"]] = _bucket(row)
    return found


def _bucket(row: Mapping[str, Any]) -> LotBucket:
    return LotBucket(
        row["lot_id"],
        row["number"],
        row["quality"],
        row["usable_until"],
        row["received_on"],
        row["on_hand"],
        row["reserved"],
        row["reserved_on"],
    )


async def load_lots(
    work: Work, lots: Mapping[UUID, ItemLots], lot_ids: Collection[UUID], *, on: date
) -> None:
    """Have lots at hand of which nothing lies here now; `on`: the day they come, if they do."""
    missing = [one for one in lot_ids if not any(one in of.buckets for of in lots.values())]
    if missing:
        for row in await work.sql.fetch(_BY_ID, missing, on):
            lots[row["item_id"]].buckets[row["lot_id"]] = _bucket(row)


async def own_lots(
    sql: Sql, named: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Mapping[str, Any]]:
    """Lots of ours by item and number; what there is not is left out."""
    items, numbers = zip(*named, strict=True)
    rows = await sql.fetch(_NAMED, items, numbers)
    return {(row["item_id"], row["number"]): dict(row) for row in rows}


async def lots_with_customer(
    sql: Sql, order_line_ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, tuple[str, Decimal]]]:
    """By order line, what left of each lot and did not come back: number and quantity."""
    found: dict[UUID, dict[UUID, tuple[str, Decimal]]] = {}
    for row in await sql.fetch(_WITH_CUSTOMER, order_line_ids):
        of_line = found.setdefault(row["order_line_id"], {})
        of_line[row["lot_id"]] = row["number"], row["quantity"]
    return found


async def day_minimums(sql: Sql, lot_ids: Sequence[UUID], day: date) -> dict[UUID, Decimal]:
    """The least that lay of each lot at the end of a day, or of one since then."""
    rows = await sql.fetch(_DAY_MINIMUMS, lot_ids, day)
    return {row["lot_id"]: row["quantity"] for row in rows}


async def items_with_expired_lots(
    sql: Sql, today: date, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Items with lots that expired and still count as usable; the next so many, by id."""
    return [row[0] for row in await sql.fetch(_EXPIRED, today, after, limit)]


async def has_lots(sql: Sql, item_id: UUID) -> bool:
    """Whether the item has a lot."""
    found: bool = await sql.fetchval("select exists (select from lot where item_id = $1)", item_id)
    return found


async def on_hand_of_lots(sql: Sql, lot_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What lies of lots, whosever they are; of others than these nothing lies."""
    rows = await sql.fetch(
        """select lot_id, sum(on_hand) as on_hand from lot_stock
            where lot_id = any($1::uuid[]) group by lot_id""",
        lot_ids,
    )
    return {row["lot_id"]: row["on_hand"] for row in rows}
