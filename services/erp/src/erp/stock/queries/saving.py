"""What an act has made of the items that it has locked, stored by one statement."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from erp.stock.errors import TooLittleOnHand
from erp.stock.lines import DemandLine, NewHold, NewMove, NewSerial
from erp.stock.models.demand import Demand, Incoming
from erp.stock.models.goods import ItemValuation, Level
from erp.stock.models.holds import StockHold
from erp.stock.models.lots import LotStock
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.rules.lots import LotBucket
from erp.sums import bookable_sums
from values.decimals import plain

__all__ = ["save", "save_foreign"]

_RECEIVED_IN_PART = """update incoming i set quantity = i.quantity - n.quantity from {rows}
  where i.source_line_id = n.source_line_id and i.quantity > n.quantity"""
_RECEIVED_IN_FULL = """delete from incoming i using {rows}
  where i.source_line_id = n.source_line_id and i.quantity <= n.quantity"""
_MOVES = """insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, source_id, order_line_id, serial, source_type, memo, effective_on, recorded_at, actor,
    tracking, lot_id)
  select n.id, n.item_id, case when n.inward then o.id else n.location_id end,
      case when n.inward then n.location_id else o.id end, '', n.quantity, n.value,
      n.source_id, n.order_line_id, n.serial, {source_type}, {memo}, {effective_on},
      {recorded_at}, {actor}, n.tracking, n.lot_id
    from {rows} join location o on o.kind = n.outside_kind"""
_DEMAND = """insert into demand (order_line_id, order_id, item_id, location_id, wanted, reserved,
    shipped, promised_on, needed_on, place) overriding system value
  select n.order_line_id, n.order_id, n.item_id, n.location_id, n.wanted, n.reserved,
      0, n.promised_on, n.needed_on, coalesce(n.place, nextval('demand_place_seq'))
    from {rows} order by n.at"""
_SERIALS = """insert into serial (id, item_id, number, location_id, move_id)
  select n.id, n.item_id, n.number, o.id, n.move_id
    from {rows} join location o on o.kind = n.outside_kind"""


class _NewDemand(NamedTuple):
    """A demand as it is stored first; without `place` it stands behind all others."""

    order_line_id: UUID
    order_id: UUID
    item_id: UUID
    location_id: UUID
    wanted: Decimal
    reserved: Decimal
    promised_on: date | None
    needed_on: date
    place: int | None


_LOT_COLUMNS = (
    *("lot_id", "location_id", "item_id", "owner", "quality", "usable_until"),
    *("on_hand", "reserved", "reserved_on", "received_on"),
)


def _lot_row(item_id: UUID, location_id: UUID, one: LotBucket) -> LotStock:
    """What lies of a lot, as it is stored."""
    return LotStock(
        lot_id=one.lot_id,
        location_id=location_id,
        item_id=item_id,
        owner=one.owner,
        quality=one.quality,
        usable_until=one.usable_until,
        on_hand=one.on_hand,
        reserved=one.reserved,
        reserved_on=one.reserved_on,
        received_on=one.received_on,
    )


class _Received(NamedTuple):
    """What has come in of an expected receipt."""

    source_line_id: UUID
    quantity: Decimal


async def save(work: Work, stock: LockedStock, document: SourceDocument | None = None) -> None:
    """Store what the act made of the locked items; `document`: what moved goods, if any moved.

    Raises InvalidInput (an item comes to more than can be booked), TooLittleOnHand (what is
    reserved lies in lots that are to go).
    """
    write = Bulk()
    columns = ("on_hand", "reserved", "restricted")
    _settle_lots(write, stock)
    write.update(Level, list(stock.levels.values()), *columns, key=("item_id", "location_id"))
    write.update(Demand, list(stock.demands.values()), "wanted", "reserved", "shipped")
    new = [_new_demand(stock, line, reserved) for line, reserved in stock.allocated]
    write.run(_DEMAND, _NewDemand, new, *_NewDemand._fields)
    _add_receipts(write, stock)
    if document is not None:
        _add_movements(write, work, stock, document)
    write.insert(StockHold, stock.new_holds, *NewHold._fields)
    with bookable_sums():
        await write.execute(work.sql)


def _settle_lots(write: Bulk, stock: LockedStock) -> None:
    """What is reserved of items lies on their lots; what of these is restricted and not reserved.

    Raises TooLittleOnHand.
    """
    rows = []
    for item_id, lots in stock.lots.items():
        level = stock.levels.get(item_id)
        if level is None:
            continue
        left = lots.settle(level.reserved)
        if left:
            wanted, free = plain(level.reserved), plain(level.reserved - left)
            raise TooLittleOnHand(sku=stock.skus[item_id], wanted=wanted, free=free)
        level.restricted = min(lots.restricted, level.on_hand - level.reserved)
        changed = [one for one in lots.buckets.values() if one.changed]
        rows += [_lot_row(item_id, level.location_id, one) for one in changed]
    write.upsert(LotStock, rows, *_LOT_COLUMNS)


def _new_demand(stock: LockedStock, line: DemandLine, reserved: Decimal) -> _NewDemand:
    return _NewDemand(
        line.order_line_id,
        line.order_id,
        line.item_id,
        stock.levels[line.item_id].location_id,
        line.quantity,
        reserved,
        line.promised_on,
        line.needed_on,
        line.place,
    )


def _add_receipts(write: Bulk, stock: LockedStock) -> None:
    """What is expected of suppliers: what has come in is taken off, what is new is added."""
    received = [_Received(*one) for one in stock.received.items()]
    write.run(_RECEIVED_IN_PART, Incoming, received, *_Received._fields)
    write.run(_RECEIVED_IN_FULL, Incoming, received, *_Received._fields)
    expected = [one for one in stock.expected_receipts if one.quantity > 0]
    write.upsert(Incoming, expected, "source_line_id", "item_id", "quantity", "due_on")
    write.delete(Incoming, [one for one in stock.expected_receipts if one.quantity <= 0])


async def save_foreign(
    work: Work,
    rows: Sequence[LotStock],
    moves: Sequence[NewMove],
    document: SourceDocument,
    *,
    new_serials: Sequence[NewSerial] = (),
) -> None:
    """Store what lies of goods of others, and what moved of them; lots or levels are locked."""
    write = Bulk()
    write.upsert(LotStock, rows, *_LOT_COLUMNS)
    _add_moves(write, work, moves, document)
    write.run(_SERIALS, NewSerial, new_serials, *NewSerial._fields)
    with bookable_sums():
        await write.execute(work.sql)


def _add_movements(write: Bulk, work: Work, stock: LockedStock, document: SourceDocument) -> None:
    """The valuations of the items, the moves of the document, and serials that are new."""
    valuations = list(stock.valuations.values())
    for one in valuations:
        one.moved_on = max(one.moved_on or document.effective_on, document.effective_on)
    write.update(ItemValuation, valuations, "quantity", "value", "moved_on")
    _add_moves(write, work, stock.moves, document)
    write.run(_SERIALS, NewSerial, stock.new_serials, *NewSerial._fields)


def _add_moves(write: Bulk, work: Work, moves: Sequence[NewMove], document: SourceDocument) -> None:
    write.run(
        _MOVES,
        NewMove,
        moves,
        *NewMove._fields,
        source_type=document.source_type,
        memo=document.memo,
        effective_on=document.effective_on,
        recorded_at=work.now,
        actor=work.actor.reference,
    )
