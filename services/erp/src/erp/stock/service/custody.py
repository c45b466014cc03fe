"""Pieces of customers that are here to be repaired: a quantity and a place, and never a value.

They lie where goods of others lie, so that no level and no valuation of ours counts them (E66).
"""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.catalog.states import Tracking
from erp.ledger.service.entries import in_open_periods
from erp.stock.errors import SerialExists, SerialMovedLater, TooLittleInLot
from erp.stock.lines import LotLine, NewMove, NewSerial
from erp.stock.models.lots import LotStock
from erp.stock.queries import genealogy, saving
from erp.stock.queries import lots as lots_queries
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.service import lot_lines, serials
from erp.stock.service.demand import lock_stock
from erp.stock.service.lot_lines import LotRequest
from erp.stock.service.lots import LOT
from erp.stock.service.serials import SerialRequest
from erp.stock.states import LocationKind, LotOwner, StockDocumentKind
from records.writes import create_all
from values.decimals import plain

__all__ = ["CustomerPiece", "receive_piece", "require_sound_piece", "send_piece_back"]


class CustomerPiece(NamedTuple):
    """So many of an item that are a customer's; the serial or the lot where it has some."""

    item_id: UUID
    quantity: Decimal
    customer_id: UUID
    serial: str | None
    lot: str | None
    source_id: UUID

    @property
    def serials(self) -> tuple[str, ...]:
        """Its serial, if it has one."""
        return (self.serial,) if self.serial else ()


async def receive_piece(work: Work, piece: CustomerPiece, *, on: date) -> None:
    """Take in what stays the customer's: a quantity, no value, no posting.

    Raises NotStocked, FractionOfUnit, SerialsNeeded, SerialsNotKept, SerialExists,
    SerialMovedLater, LotsNeeded, LotsNotKept, NoPeriod, PeriodClosed.
    """
    await _move(work, piece, on=on, inward=True)


async def send_piece_back(work: Work, piece: CustomerPiece, *, on: date) -> None:
    """Give it back to its owner. Raises as `receive_piece`, TooLittleInLot."""
    await _move(work, piece, on=on, inward=False)


async def require_sound_piece(work: Work, piece: CustomerPiece) -> LockedStock:
    """See that serial and lot are named where the item has some, and no others.

    Raises NotStocked, FractionOfUnit, SerialsNeeded, SerialsNotKept, LotsNeeded, LotsNotKept.
    """
    stock = await lock_stock(work, [piece.item_id])
    stock.units[piece.item_id].check_quantity(piece.quantity)
    await serials.check(work, stock, [SerialRequest(piece.item_id, piece.quantity, piece.serials)])
    named = [LotLine(piece.lot, piece.quantity)] if piece.lot else []
    lot_lines.check(stock, [LotRequest(piece.item_id, piece.quantity, named)])
    return stock


async def _move(work: Work, piece: CustomerPiece, *, on: date, inward: bool) -> None:
    stock = await require_sound_piece(work, piece)
    _require_there(stock, piece, on=on, inward=inward)
    row = await _foreign_lot(work, stock, piece, on=on, inward=inward)
    tracking = stock.levels[piece.item_id].tracking
    move = NewMove(
        id=uuid7(),
        item_id=piece.item_id,
        location_id=await genealogy.foreign_location(work.sql),
        outside_kind=LocationKind.CUSTOMER,
        inward=inward,
        quantity=piece.quantity,
        value=Decimal(0),
        source_id=piece.source_id,
        order_line_id=None,
        serial=piece.serial,
        tracking=tracking,
        lot_id=row.lot_id if row else None,
    )
    new = []
    if piece.serial and (piece.item_id, piece.serial) not in stock.serials:
        new = [NewSerial(uuid7(), piece.item_id, piece.serial, LocationKind.CUSTOMER, move.id)]
    kind = StockDocumentKind.REPAIR_RECEIPT if inward else StockDocumentKind.REPAIR_DISPATCH
    memo = "Piece of a customer came" if inward else "Piece of a customer sent back"
    with in_open_periods([on]):
        document = SourceDocument(kind, memo, on)
        rows = [row] if row else []
        await saving.save_foreign(work, rows, [move], document, new_serials=new)


def _require_there(stock: LockedStock, piece: CustomerPiece, *, on: date, inward: bool) -> None:
    """A serial comes from a customer, or never was here. Raises SerialExists, SerialMovedLater."""
    position = stock.serials.get((piece.item_id, piece.serial or ""))
    if position is None:
        return
    facts: dict[str, Any] = {"sku": stock.skus[piece.item_id], "serial": position.number}
    came_from = LocationKind.CUSTOMER if inward else LocationKind.FOREIGN
    if position.kind != came_from:
        raise SerialExists(**facts, place=position.place)
    if position.moved_on > on:
        raise SerialMovedLater(**facts, moved_on=position.moved_on, effective_on=on)


async def _foreign_lot(
    work: Work, stock: LockedStock, piece: CustomerPiece, *, on: date, inward: bool
) -> LotStock | None:
    """What lies of the customer's lot then; it is made when it comes. Raises TooLittleInLot."""
    if stock.levels[piece.item_id].tracking != Tracking.LOT or piece.lot is None:
        return None
    key = piece.item_id, piece.lot, piece.customer_id
    found = await lots_queries.lots_by_number(work.sql, [key])
    lot_id = found.get(key)
    if lot_id is None:
        lot_id = uuid7()
        values = {
            "item_id": piece.item_id,
            "number": piece.lot,
            "owner": LotOwner.CUSTOMER,
            "owner_id": piece.customer_id,
            "came_on": on,
        }
        await create_all(work, LOT, [(lot_id, values)], links=[None])
    row = (await genealogy.foreign_stock(work.sql, [lot_id], on=on))[lot_id]
    if not inward and piece.quantity > row.on_hand:
        raise TooLittleInLot(
            sku=stock.skus[piece.item_id],
            lot=piece.lot,
            wanted=plain(piece.quantity),
            on_hand=plain(row.on_hand),
        )
    row.on_hand += piece.quantity if inward else -piece.quantity
    return row
