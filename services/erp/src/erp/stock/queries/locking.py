"""Locks and set-based writes of stock.

Whoever changes levels, valuations, demand, incoming goods or availability of an item has the item's
level locked. So absolute values can be stored, and what is read after the lock is final.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.loading import loaded
from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.lines import DemandLine, ExpectedLine, NewHold, NewMove, NewSerial, SoftLine
from erp.stock.models.demand import Demand
from erp.stock.models.goods import ItemValuation, Level
from erp.stock.queries import lot_stock
from erp.stock.rules.lots import ItemLots
from erp.stock.rules.serials import SerialPosition
from erp.stock.rules.units import ItemUnit
from erp.stock.rules.valuation import DayEnd
from erp.stock.states import StockDocumentKind

__all__ = [
    "LockedStock",
    "SourceDocument",
    "advance_availability",
    "availability_states",
    "backorders_of",
    "create_stock_records",
    "demand_of_lines",
    "items_of_lines",
    "last_reserved",
    "load_for_update",
    "moves_of_document",
    "net_shipped",
    "queue_of",
]

_LOCKED = """s.item_id, s.location_id, s.tracking, s.on_hand, s.reserved, s.restricted,
    s.soft_reserved_until, i.sku, i.unit, u.decimals,
    exists (select from demand d where d.item_id = s.item_id and d.reserved + d.shipped < d.wanted)
      as waited_for
  from stock_level s
  join location l on l.id = s.location_id and l.code = 'MAIN-STOCK'
  join item i on i.id = s.item_id join unit u on u.code = i.unit"""
_LOCK = f"""select {_LOCKED} where s.item_id = any($1::uuid[])
  order by s.item_id for no key update of s"""
_LOCK_WITH_VALUATION = f"""select v.warehouse_id, v.quantity, v.value, v.moved_on, {_LOCKED}
  join item_valuation v on v.item_id = s.item_id and v.warehouse_id = l.warehouse_id
  where s.item_id = any($1::uuid[])
  order by s.item_id for no key update of s, v"""
_LINE_ITEMS = "select distinct item_id from demand where order_line_id = any($1::uuid[])"

_DEMAND = """order_line_id, order_id, item_id, wanted, reserved, shipped, needed_on, promised_on,
  place"""
_LINES = f"select {_DEMAND} from demand where order_line_id = any($1::uuid[])"
_WAITING = f"""select {_DEMAND} from demand
  where item_id = any($1::uuid[]) and reserved + shipped < wanted
  order by item_id, promised_on, place"""
_LAST_RESERVED = f"""select {_DEMAND}
  from unnest($1::uuid[], $2::numeric[]) as lacking(item, quantity)
  join lateral (select d.*, sum(d.reserved) over (order by promised_on desc, place desc
        rows between unbounded preceding and 1 preceding) as before
      from demand d where d.item_id = lacking.item and d.reserved > 0) d
    on coalesce(d.before, 0) < lacking.quantity
  order by item_id, promised_on desc, place desc"""
_QUEUE = f"""select {_DEMAND} from demand
  where item_id = any($1::uuid[]) and reserved + shipped < wanted
  union all select source_line_id, null, item_id, quantity, 0, 0, due_on, null, null
    from incoming where item_id = any($1::uuid[])
  union all select id, null, item_id, quantity, 0, 0, promised_on, promised_on, place
    from soft_reservation
   where item_id = any($1::uuid[]) and state = 'open' and expires_at > $2"""

_NET_SHIPPED = """select m.order_line_id,
    sum(case when t.kind = 'customer' then m.quantity else -m.quantity end) as quantity,
    sum(case when t.kind = 'customer' then m.value else -m.value end) as value
  from stock_move m join location t on t.id = m.to_location_id
  where m.order_line_id = any($1::uuid[]) group by m.order_line_id"""

_MOVES_OF = """select m.order_line_id, m.item_id, m.quantity, m.value, m.serial, m.lot_id
  from stock_move m where m.source_id = $1 and m.order_line_id is not null order by m.id"""

_OPEN_ITEMS = """with item_opened as (
    insert into stock_level (item_id, location_id, tracking, lot, owner, quality, on_hand,
        reserved)
      select i.id, l.id, i.tracking, '', 'own', 'good', 0, 0 from item i
        cross join location l
       where i.id = any($1::uuid[]) and l.code = 'MAIN-STOCK' on conflict do nothing),
  worth_opened as (
    insert into item_valuation (item_id, warehouse_id, quantity, value)
      select one, l.warehouse_id, 0, 0 from unnest($1::uuid[]) as one
        cross join location l where l.code = 'MAIN-STOCK' on conflict do nothing)
  insert into availability (id, item_id, version)
    select id, one, 0 from unnest($2::uuid[], $1::uuid[]) as new(id, one) on conflict do nothing"""

_AVAILABILITY = """select t.id, t.version, t.item_id, i.sku, s.on_hand, s.reserved,
      s.free, n.incoming, w.waiting
    from changed t
    join item i on i.id = t.item_id
    cross join lateral (select coalesce(sum(on_hand), 0) as on_hand,
        coalesce(sum(reserved), 0) as reserved,
        coalesce(sum(on_hand - reserved - restricted), 0) as free
      from stock_level where item_id = t.item_id) s
    cross join lateral (select coalesce(sum(quantity), 0) as incoming
      from incoming where item_id = t.item_id) n
    cross join lateral (select coalesce(sum(wanted - reserved - shipped), 0) as waiting
      from demand where item_id = t.item_id and reserved + shipped < wanted) w
   order by t.item_id"""
_ADVANCE = f"""with changed as (
    update availability set version = version + 1 where item_id = any($1::uuid[])
    returning id, item_id, version)
  {_AVAILABILITY}"""
_CURRENT = f"""with changed as (
    select id, item_id, version from availability where id = any($1::uuid[]) and version > 0)
  {_AVAILABILITY}"""


_LEVEL = (
    *("item_id", "location_id", "tracking", "on_hand", "reserved", "restricted"),
    "soft_reserved_until",
)
_VALUATION = ("item_id", "warehouse_id", "quantity", "value", "moved_on")


@dataclass(frozen=True)
class SourceDocument:
    """The document that moves goods: what it is, what is noted, on which day."""

    source_type: StockDocumentKind
    memo: str
    effective_on: date


@dataclass
class LockedStock:
    """The items that an act has locked, and what it makes of them; `save` stores it at once.

    `backordered` are those that somebody waited for when the lock was asked for. Who came to wait
    meanwhile has taken all that was free before. `soft_reserved` are those that may have live soft
    reservations: all that have any, whenever these were made.
    """

    levels: dict[UUID, Level]
    valuations: dict[UUID, ItemValuation]
    skus: dict[UUID, str]
    units: dict[UUID, ItemUnit] = field(default_factory=dict)
    backordered: set[UUID] = field(default_factory=set)
    soft_reserved: set[UUID] = field(default_factory=set)
    demands: dict[UUID, Demand] = field(default_factory=dict)
    allocated: list[tuple[DemandLine, Decimal]] = field(default_factory=list)
    moves: list[NewMove] = field(default_factory=list)
    serials: dict[tuple[UUID, str], SerialPosition] = field(default_factory=dict)
    lots: dict[UUID, ItemLots] = field(default_factory=dict)
    new_serials: list[NewSerial] = field(default_factory=list)
    new_holds: list[NewHold] = field(default_factory=list)
    day_ends: dict[UUID, Sequence[DayEnd]] = field(default_factory=dict)
    received: dict[UUID, Decimal] = field(default_factory=dict)
    expected_receipts: list[ExpectedLine] = field(default_factory=list)
    changed_demand: set[UUID] = field(default_factory=set)

    @property
    def item_ids(self) -> list[UUID]:
        """The items locked, in the order of their locks."""
        return list(self.levels)

    def keep_only(self, item_ids: Iterable[UUID]) -> None:
        """Be done with all other items: nothing was made of them, and nothing is published."""
        kept = set(item_ids)
        self.levels = {one: level for one, level in self.levels.items() if one in kept}

    def move_lot(self, item_id: UUID, lot_id: UUID, quantity: Decimal) -> None:
        """So many of a lot come (above zero), or go; the item's level is changed beside it."""
        lots = self.lots[item_id]
        bucket = lots.buckets[lot_id]
        bucket.move(quantity)
        if not bucket.usable(lots.today):
            self.levels[item_id].restricted += quantity

    def sku_of(self, line: Demand) -> str:
        """The SKU of the item that the line needs."""
        return self.skus[line.item_id]


async def load_for_update(
    work: Work, item_ids: Iterable[UUID], *, with_valuation: bool = False
) -> LockedStock:
    """Lock the levels of items in key order (with `with_valuation`, their valuation too).

    One statement more where items are tracked by lot: what lies of their lots, and may be used.
    """
    rows = await work.sql.fetch(_LOCK_WITH_VALUATION if with_valuation else _LOCK, list(item_ids))
    stock = LockedStock({}, {}, {})
    for row in rows:
        item_id = row["item_id"]
        stock.skus[item_id] = row["sku"]
        stock.units[item_id] = ItemUnit(row["unit"], row["decimals"])
        stock.levels[item_id] = loaded(Level, {key: row[key] for key in _LEVEL})
        if row["waited_for"]:
            stock.backordered.add(item_id)
        if row["soft_reserved_until"] and row["soft_reserved_until"] > work.now:
            stock.soft_reserved.add(item_id)
        if with_valuation:
            stock.valuations[item_id] = loaded(ItemValuation, {key: row[key] for key in _VALUATION})
    in_lots = [one for one, level in stock.levels.items() if level.tracking == "lot"]
    if in_lots:
        stock.lots = await lot_stock.lots_of_items(work, in_lots)
        for item_id, lots in stock.lots.items():
            stock.levels[item_id].restricted = lots.restricted
    return stock


async def items_of_lines(sql: Sql, order_line_ids: Sequence[UUID]) -> list[UUID]:
    """The items that order lines need; a line never changes its item."""
    return [row[0] for row in await sql.fetch(_LINE_ITEMS, order_line_ids)]


async def demand_of_lines(work: Work, order_line_ids: Sequence[UUID]) -> dict[UUID, Demand]:
    """The demand of order lines, once their items are locked."""
    rows = await work.sql.fetch(_LINES, order_line_ids)
    return {row["order_line_id"]: loaded(Demand, row) for row in rows}


async def backorders_of(work: Work, item_ids: Sequence[UUID]) -> list[Demand]:
    """The lines that wait for locked items, whoever was promised first."""
    return [loaded(Demand, row) for row in await work.sql.fetch(_WAITING, item_ids)]


async def last_reserved(work: Work, lacking: Mapping[UUID, Decimal]) -> list[Demand]:
    """Lines that have so many of locked items reserved, whoever was promised last comes first."""
    rows = await work.sql.fetch(_LAST_RESERVED, list(lacking), list(lacking.values()))
    return [loaded(Demand, row) for row in rows]


async def queue_of(
    work: Work, item_ids: Sequence[UUID]
) -> tuple[list[Demand], list[ExpectedLine], list[SoftLine]]:
    """The lines that wait for locked items, what is expected of these, and soft reservations."""
    rows = await work.sql.fetch(_QUEUE, item_ids, work.now)
    others = [row for row in rows if row["order_id"] is None]
    expected = [
        ExpectedLine(row["order_line_id"], row["item_id"], row["wanted"], row["needed_on"])
        for row in others
        if row["place"] is None
    ]
    soft = [
        SoftLine(
            row["order_line_id"], row["item_id"], row["wanted"], row["promised_on"], row["place"]
        )
        for row in others
        if row["place"] is not None
    ]
    return [loaded(Demand, row) for row in rows if row["order_id"]], expected, soft


async def net_shipped(
    work: Work, order_line_ids: Sequence[UUID]
) -> dict[UUID, tuple[Decimal, Decimal]]:
    """What left for order lines and did not come back: quantity, and the cost it left at."""
    rows = await work.sql.fetch(_NET_SHIPPED, order_line_ids)
    return {row["order_line_id"]: (row["quantity"], row["value"]) for row in rows}


async def moves_of_document(sql: Sql, source_id: UUID) -> list[Mapping[str, Any]]:
    """What a document moved for order lines, piece by piece where they have serials."""
    return [dict(row) for row in await sql.fetch(_MOVES_OF, source_id)]


async def create_stock_records(work: Work, item_ids: Sequence[UUID], ids: Sequence[UUID]) -> None:
    """Give items their level, valuation and availability, unless they have them."""
    await work.sql.execute(_OPEN_ITEMS, item_ids, ids)


async def availability_states(sql: Sql, ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Availability as `advance_availability` shows it; what was never published is left out."""
    return [dict(row) for row in await sql.fetch(_CURRENT, list(ids))]


async def advance_availability(work: Work, item_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Count one more change of the availability of locked items; what it is now."""
    return [dict(row) for row in await work.sql.fetch(_ADVANCE, item_ids)]
