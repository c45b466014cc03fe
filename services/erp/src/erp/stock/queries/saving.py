"""What an act has made of the items that it has locked, stored by one statement."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from erp.stock.lines import DemandLine, NewMove, NewSerial
from erp.stock.models.demand import Demand, Incoming
from erp.stock.models.goods import ItemValuation, Level
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.sums import bookable_sums

__all__ = ["save"]

_RECEIVED_IN_PART = """update incoming i set quantity = i.quantity - n.quantity from {rows}
  where i.source_line_id = n.source_line_id and i.quantity > n.quantity"""
_RECEIVED_IN_FULL = """delete from incoming i using {rows}
  where i.source_line_id = n.source_line_id and i.quantity <= n.quantity"""
_MOVES = """insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, source_id, order_line_id, serial, source_type, memo, effective_on, recorded_at, actor)
  select n.id, n.item_id, case when n.inward then o.id else n.location_id end,
      case when n.inward then n.location_id else o.id end, '', n.quantity, n.value,
      n.source_id, n.order_line_id, n.serial, {source_type}, {memo}, {effective_on},
      {recorded_at}, {actor}
    from {rows} join location o on o.kind = n.outside_kind"""
_SERIALS = """insert into serial (id, item_id, number, location_id, move_id)
  select n.id, n.item_id, n.number, o.id, n.move_id
    from {rows} join location o on o.kind = n.outside_kind"""


class _NewDemand(NamedTuple):
    """A demand as it is stored first; the database gives it its place in the queue."""

    order_line_id: UUID
    order_id: UUID
    item_id: UUID
    location_id: UUID
    wanted: Decimal
    reserved: Decimal
    promised_on: date | None
    needed_on: date


class _Received(NamedTuple):
    """What has come in of an expected receipt."""

    source_line_id: UUID
    quantity: Decimal


async def save(work: Work, stock: LockedStock, document: SourceDocument | None = None) -> None:
    """Store what the act made of the locked items; `document`: what moved goods, if any moved.

    Raises InvalidInput (an item comes to more than can be booked).
    """
    write = Bulk()
    write.update(
        Level, list(stock.levels.values()), "on_hand", "reserved", key=("item_id", "location_id")
    )
    write.update(Demand, list(stock.demands.values()), "wanted", "reserved", "shipped")
    new = [_new_demand(stock, line, reserved) for line, reserved in stock.allocated]
    write.insert(Demand, new, *_NewDemand._fields, shipped=0)
    _add_receipts(write, stock)
    if document is not None:
        _add_movements(write, work, stock, document)
    with bookable_sums():
        await write.execute(work.sql)


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
    )


def _add_receipts(write: Bulk, stock: LockedStock) -> None:
    """What is expected of suppliers: what has come in is taken off, what is new is added."""
    received = [_Received(*one) for one in stock.received.items()]
    write.run(_RECEIVED_IN_PART, Incoming, received, *_Received._fields)
    write.run(_RECEIVED_IN_FULL, Incoming, received, *_Received._fields)
    expected = [one for one in stock.expected_receipts if one.quantity > 0]
    write.upsert(Incoming, expected, "source_line_id", "item_id", "quantity", "due_on")
    write.delete(Incoming, [one for one in stock.expected_receipts if one.quantity <= 0])


def _add_movements(write: Bulk, work: Work, stock: LockedStock, document: SourceDocument) -> None:
    """The valuations of the items, the moves of the document, and serials that are new."""
    valuations = list(stock.valuations.values())
    for one in valuations:
        one.moved_on = max(one.moved_on or document.effective_on, document.effective_on)
    write.update(ItemValuation, valuations, "quantity", "value", "moved_on")
    write.run(
        _MOVES,
        NewMove,
        stock.moves,
        *NewMove._fields,
        source_type=document.source_type,
        memo=document.memo,
        effective_on=document.effective_on,
        recorded_at=work.now,
        actor=work.actor.reference,
    )
    write.run(_SERIALS, NewSerial, stock.new_serials, *NewSerial._fields)
