"""Pieces of customers: they come, and go back; a place and a quantity, never a value (E66)."""

from uuid import UUID

from chassis.ids import uuid7
from chassis.work.company_rules import business_day_of
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.repairs.errors import PieceHere, PieceNotHere
from erp.repairs.models import RepairOrder
from erp.repairs.schemas.orders import PieceMoved
from erp.repairs.service.orders import changed, decide_warranty, piece_of
from erp.repairs.states import PARTS_WANTED, PieceOwner, RepairState
from erp.stock.service.custody import receive_piece, send_piece_back

__all__ = ["receive", "send_back"]

_RECEIVED_IN = frozenset({RepairState.DRAFT, RepairState.QUOTED, *PARTS_WANTED})
_SENT_IN = frozenset({RepairState.DONE, RepairState.CANCELLED})


async def receive(work: Work, order_id: UUID, command: PieceMoved) -> None:
    """Take the customer's piece in; of a draft the day decides about the warranty.

    Raises NotFound, WrongRepairState, PieceNotHere (it is ours), PieceHere, and what
    `receive_piece` raises.
    """
    day = business_day_of(work, command.effective_on)
    order = await lock(work, RepairOrder, order_id)
    order.require(_RECEIVED_IN)
    if order.owner == PieceOwner.OWN:
        raise PieceNotHere(number=order.number)
    if order.received_on:
        raise PieceHere(number=order.number)
    order.received_on = day
    if order.state == RepairState.DRAFT:
        await decide_warranty(work, order, on=day)
    if order.item_id:
        await receive_piece(work, piece_of(order), on=day)
    await changed(work, order, "received_on", "warranty")


async def send_back(work: Work, order_id: UUID, command: PieceMoved) -> None:
    """Give the piece back to the customer; an order that is done is closed by it.

    Raises NotFound, WrongRepairState, PieceNotHere, and what `send_piece_back` raises.
    """
    day = business_day_of(work, command.effective_on)
    order = await lock(work, RepairOrder, order_id)
    order.require(_SENT_IN)
    if not order.is_here:
        raise PieceNotHere(number=order.number)
    order.sent_back_on, order.dispatch_id = day, uuid7()
    if order.item_id:
        piece = piece_of(order)._replace(source_id=order.dispatch_id)
        await send_piece_back(work, piece, on=day)
    if order.state == RepairState.DONE:
        order.state = RepairState.CLOSED
    await changed(work, order, "sent_back_on", "state")
