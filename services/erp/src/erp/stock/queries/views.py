"""Reads of stock that lock nothing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.sql import Sql
from erp.stock.lines import DemandState, Shortage
from erp.stock.models.goods import Warehouse
from erp.stock.rules.units import ItemUnit
from erp.stock.schemas.goods import LevelQuery, LevelView, MoveQuery, MoveView, WarehouseView
from records.includes import Include
from records.reads import BY_TIME, Reads, columns_of, everybody, sorts_of_postings
from records.tagged import Tagged

__all__ = [
    "LEVELS",
    "MOVED",
    "MOVES",
    "MOVE_VIEW",
    "WAREHOUSES",
    "available",
    "backordered_items",
    "demand_states",
    "goods_by_sku",
    "items_to_reserve",
    "shortages",
    "supply_and_demand",
    "units_of_items",
    "valuation_lines",
]

WAREHOUSES = Reads(
    name="warehouse",
    view=WarehouseView,
    columns=columns_of(WarehouseView, Warehouse.__table__),
    source="warehouse",
    visible=everybody,
    query=Tagged,
    searched=searched.WAREHOUSES,
    sorts={**BY_TIME, "code": Sort("code", "text")},
    default_sort="code",
)

_DEMAND_OF_ORDERS = """select order_id, order_line_id, item_id, wanted, reserved,
    wanted - reserved - shipped as waiting, shipped
  from demand where order_id = any($1::uuid[]) order by place"""

# Whoever is covered by what is free waits for the day only, and is not the first to be short. What
# is not decided yet, or lies in lots that are inspected, covers as what is free does: it is here.
# Soft reservations need goods as orders do: whoever waits behind them is short without more.
_SHORTAGES = """select one as item_id, w.waiting - n.incoming - s.free as quantity, w.needed_on
  from unnest($1::uuid[]) as one
  cross join lateral (select (select coalesce(sum(on_hand - reserved - restricted), 0)
        from stock_level where item_id = one)
      + (select coalesce(sum(h.quantity), 0) from stock_hold h where h.item_id = one
          and not exists (select from nonconformance c where c.id = h.source_id))
      + (select coalesce(sum(l.on_hand), 0) from lot_stock l
          where l.item_id = one and l.quality = 'inspection' and l.owner = 'own') as free) s
  cross join lateral (select coalesce(sum(quantity), 0) as incoming
    from incoming where item_id = one) n
  cross join lateral (select sum(quantity) as waiting,
      min(needed_on) filter (where so_far > s.free) as needed_on
    from (select quantity, needed_on, sum(quantity) over (order by promised_on, place) as so_far
      from (select wanted - reserved - shipped as quantity, needed_on, promised_on, place
          from demand where item_id = one and reserved + shipped < wanted
        union all select quantity, promised_on, promised_on, place from soft_reservation
         where item_id = one and state = 'open' and expires_at > $2) q) d) w
  where w.waiting > n.incoming + s.free"""

_TO_FILL = """select distinct d.item_id from demand d
  join stock_level s on s.item_id = d.item_id and s.on_hand > s.reserved + s.restricted
  where d.reserved + d.shipped < d.wanted and d.needed_on <= $1
    and ($2::uuid is null or d.item_id > $2)
  order by d.item_id limit $3"""

_SUPPLY_AND_DEMAND = """select s.item_id, 'free' as kind, null::date as day,
    sum(s.on_hand - s.reserved - s.restricted) as quantity
  from stock_level s where s.item_id = any($1::uuid[]) group by s.item_id
  union all
  select i.item_id, 'incoming', i.due_on, i.quantity
    from incoming i where i.item_id = any($1::uuid[])
  union all
  select r.item_id, 'soft', r.promised_on, r.quantity from soft_reservation r
    where r.item_id = any($1::uuid[]) and r.state = 'open' and r.expires_at > $2
  union all
  select d.item_id, 'waiting', coalesce(d.promised_on, d.needed_on),
      d.wanted - d.reserved - d.shipped
    from demand d where d.item_id = any($1::uuid[]) and d.reserved + d.shipped < d.wanted"""


async def demand_states(sql: Sql, order_ids: Sequence[UUID]) -> list[DemandState]:
    """How the lines of orders stand, in the order they were placed."""
    return [DemandState(*row.values()) for row in await sql.fetch(_DEMAND_OF_ORDERS, order_ids)]


async def shortages(sql: Sql, item_ids: Sequence[UUID], now: datetime) -> dict[UUID, Shortage]:
    """What is waited for beyond what is free and expected; an item without is left out."""
    rows = await sql.fetch(_SHORTAGES, item_ids, now)
    return {row["item_id"]: Shortage(row["quantity"], row["needed_on"]) for row in rows}


async def backordered_items(sql: Sql) -> list[UUID]:
    """Every item that someone waits for."""
    rows = await sql.fetch("select distinct item_id from demand where reserved + shipped < wanted")
    return [row[0] for row in rows]


async def items_to_reserve(
    sql: Sql, last_day: date, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Items of which something is free, and waited for by that day; the next so many, by id."""
    return [row[0] for row in await sql.fetch(_TO_FILL, last_day, after, limit)]


async def supply_and_demand(
    sql: Sql, item_ids: Sequence[UUID], now: datetime
) -> list[Mapping[str, Any]]:
    """What is free now, what comes when, and what is waited for by when, or softly reserved."""
    return [dict(row) for row in await sql.fetch(_SUPPLY_AND_DEMAND, item_ids, now)]


_LEVEL_VIEW = """s.item_id, i.sku, i.name, i.unit, h.code as warehouse, l.code as location,
  s.on_hand, s.reserved, s.restricted, s.on_hand - s.reserved - s.restricted as free"""
LEVEL_KEY = "(md5(s.item_id::text || s.location_id::text || s.lot)::uuid)"
"""What tells levels apart: an item may lie at many places. It has an index."""
_LEVELS = """stock_level s join item i on i.id = s.item_id
  join location l on l.id = s.location_id join warehouse h on h.id = l.warehouse_id"""


def _of_levels(_at: Reading, query: LevelQuery) -> list[Filter]:
    return [
        Filter("i.sku = {}", query.sku),
        Filter("h.code = {}", query.warehouse),
        Filter("(s.on_hand > 0) = {}", query.on_hand),
    ]


LEVELS = Reads(
    name="stock_level",
    view=LevelView,
    columns=_LEVEL_VIEW,
    source=_LEVELS,
    key=LEVEL_KEY,
    visible=everybody,
    query=LevelQuery,
    filters=_of_levels,
    searched=searched.LEVELS,
    sorts={"sku": Sort("i.sku", "text"), "name": Sort("i.sort_key", "text")},
    default_sort="sku",
)
MOVE_VIEW = """m.id, m.item_id, i.sku, f.code as source, t.code as target, m.quantity, m.value,
  m.serial, (select n.number from lot n where n.id = m.lot_id) as lot, m.lot_id,
  m.effective_on, m.recorded_at, m.memo, m.source_type, m.source_id, m.order_line_id,
  m.actor"""
MOVED = """stock_move m join item i on i.id = m.item_id
  join location f on f.id = m.from_location_id join location t on t.id = m.to_location_id"""


def _filters(_at: Reading, query: MoveQuery) -> list[Filter]:
    return [
        Filter("m.item_id = (select id from item where sku = {})", query.sku),
        Filter("m.source_id = {}", query.source_id),
    ]


MOVES = Reads(
    name="stock_move",
    view=MoveView,
    columns=MOVE_VIEW,
    source=MOVED,
    key="m.id",
    visible=everybody,
    query=MoveQuery,
    filters=_filters,
    searched=searched.MOVES,
    sorts=sorts_of_postings("m"),
    default_sort="-recorded_at",
    title="i.sku",
    subtitle="m.memo",
    includes={"item": Include(ItemView, "item_id")},
)
_GOODS = """select i.id, i.sku, i.kind, i.unit, u.decimals
  from item i join unit u on u.code = i.unit where i.sku = any($1::text[])"""
_AVAILABLE = """select i.id as item_id, i.sku, s.on_hand, s.reserved,
    s.restricted, s.on_hand - s.reserved - s.restricted as free, n.incoming, w.waiting,
    r.soft_reserved
  from item i
  join lateral (select sum(on_hand) as on_hand, sum(reserved) as reserved,
      sum(restricted) as restricted
    from stock_level where item_id = i.id) s on s.on_hand is not null
  cross join lateral (select coalesce(sum(quantity), 0) as incoming
    from incoming where item_id = i.id) n
  cross join lateral (select coalesce(sum(wanted - reserved - shipped), 0) as waiting
    from demand where item_id = i.id and reserved + shipped < wanted) w
  cross join lateral (select coalesce(sum(quantity), 0) as soft_reserved
    from soft_reservation where item_id = i.id and state = 'open' and expires_at > $2) r
  where i.sku = $1"""
_VALUATION = """select v.item_id, i.sku, i.name, h.code as warehouse, v.quantity, v.value
  from item_valuation v join item i on i.id = v.item_id join warehouse h on h.id = v.warehouse_id
  where v.quantity > 0 order by i.sku, h.code"""


_VALUATION_ON = """select s.item_id, i.sku, i.name, h.code as warehouse,
    sum(s.quantity) as quantity,    sum(s.value) as value
  from (select m.item_id, m.to_location_id as location_id, m.quantity, m.value
      from stock_move m where m.effective_on <= $1
    union all select m.item_id, m.from_location_id, -m.quantity, -m.value
      from stock_move m where m.effective_on <= $1) s
  join location l on l.id = s.location_id join warehouse h on h.id = l.warehouse_id
  join item i on i.id = s.item_id
  group by s.item_id, i.sku, i.name, h.code having sum(s.quantity) <> 0 or sum(s.value) <> 0
  order by i.sku, h.code"""


async def goods_by_sku(sql: Sql, skus: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Id, kind, unit and the unit's decimals of items, by SKU."""
    return {row["sku"]: dict(row) for row in await sql.fetch(_GOODS, skus)}


async def units_of_items(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, ItemUnit]:
    """The units of items, goods or services."""
    rows = await sql.fetch(
        """select i.id, u.code, u.decimals from item i join unit u on u.code = i.unit
           where i.id = any($1::uuid[])""",
        list(item_ids),
    )
    return {row["id"]: ItemUnit(row["code"], row["decimals"]) for row in rows}


async def available(sql: Sql, sku: str, now: datetime) -> Mapping[str, Any] | None:
    """What of an item is on hand, reserved, free, incoming, waited for and softly reserved."""
    row = await sql.fetchrow(_AVAILABLE, sku, now)
    return dict(row) if row else None


async def valuation_lines(sql: Sql, *, on: date | None) -> list[Mapping[str, Any]]:
    """The worth of every item on hand, by SKU; at the end of a day by the moves up to it."""
    rows = await sql.fetch(_VALUATION_ON, on) if on else await sql.fetch(_VALUATION)
    return [dict(row) for row in rows]
