"""Repair orders: quoted, answered, confirmed, finished, closed, cancelled."""

from uuid import UUID

from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.repairs.errors import PieceHere
from erp.repairs.models import RepairOrder
from erp.repairs.queries import orders as queries
from erp.repairs.rules.charging import quoted
from erp.repairs.schemas.orders import AnswerQuote, FinishRepair
from erp.repairs.service.orders import changed, lines_of, piece_of
from erp.repairs.service.reserving import give_up_lines, reserve_lines
from erp.repairs.states import PARTS_WANTED, PieceOwner, QuoteAnswer, RepairState
from erp.stock.service.expected_receipts import lock_items
from erp.stock.service.withholding import release_hold, withhold
from values.money import digits_of

__all__ = ["answer_quote", "cancel", "close", "confirm", "finish", "quote"]


async def quote(work: Work, order_id: UUID) -> None:
    """Offer the customer what is planned, at the prices of the lines.

    Raises NotFound, WrongRepairState.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.DRAFT})
    order.quoted_amount = quoted(
        await lines_of(work, order_id),
        warranty=order.warranty,
        decimals=digits_of(work.setting.currency),
    )
    order.quoted_on, order.quote_answer, order.answered_by = work.today(), None, ""
    order.state = RepairState.QUOTED
    await changed(work, order, "state", "quote_answer")


async def answer_quote(work: Work, order_id: UUID, command: AnswerQuote) -> None:
    """Keep what the customer said: accepted, it is confirmed; refused, it is a draft again.

    Raises NotFound, WrongRepairState, and what confirming raises.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.QUOTED})
    order.quote_answer, order.answered_by = command.answer, command.person
    if command.answer == QuoteAnswer.REFUSED:
        order.state = RepairState.DRAFT
        await changed(work, order, "state", "quote_answer")
        return
    await _confirm(work, order, "quote_answer")


async def confirm(work: Work, order_id: UUID) -> None:
    """Let the repair be done without a quote; parts are reserved, or waited for (E66).

    Raises NotFound, WrongRepairState, and of a piece of ours what `withhold` raises.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.DRAFT})
    await _confirm(work, order)


async def _confirm(work: Work, order: RepairOrder, *fields: str) -> None:
    lines = await lines_of(work, order.id)
    items = {one.item_id for one in lines if one.item_id}
    order.state = RepairState.CONFIRMED
    if order.owner == PieceOwner.OWN and order.item_id:
        await lock_items(work, {*items, order.item_id})
        serials = piece_of(order).serials
        await withhold(work, order.item_id, order.quantity, serials, source_id=order.id)
    await reserve_lines(work, order, lines)
    await changed(work, order, "state", *fields)


async def finish(work: Work, order_id: UUID, command: FinishRepair) -> None:
    """Say what came of it: what is still reserved is free, and nothing more is booked.

    Raises NotFound, WrongRepairState.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require(PARTS_WANTED)
    order.state, order.outcome = RepairState.DONE, command.outcome
    order.cause_code = command.cause_code or order.cause_code
    await give_up_lines(work, await queries.lines_of(work.sql, order_id))
    await changed(work, order, "state", "outcome", "cause_code")


async def close(work: Work, order_id: UUID) -> None:
    """End the order of a piece of ours, which may be used again, or of one that never came.

    Raises NotFound, WrongRepairState, PieceHere (it is sent back instead).
    """
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.DONE})
    if order.is_here:
        raise PieceHere(number=order.number)
    order.state = RepairState.CLOSED
    await _release(work, order)
    await changed(work, order, "state")


async def cancel(work: Work, order_id: UUID) -> None:
    """Do nothing to the piece: what is reserved is free, a piece of ours may be used.

    Raises NotFound, WrongRepairState (work began).
    """
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.DRAFT, RepairState.QUOTED, RepairState.CONFIRMED})
    was_confirmed = order.state == RepairState.CONFIRMED
    order.state = RepairState.CANCELLED
    if was_confirmed:
        lines = await lines_of(work, order_id)
        await lock_items(work, {one.item_id for one in lines if one.item_id} | _own_item(order))
        await give_up_lines(work, [one.id for one in lines])
        await _release(work, order)
    await changed(work, order, "state")


def _own_item(order: RepairOrder) -> set[UUID]:
    """The item of a piece of ours."""
    return {order.item_id} if order.owner == PieceOwner.OWN and order.item_id else set()


async def _release(work: Work, order: RepairOrder) -> None:
    """Let a piece of ours be used again."""
    for item_id in _own_item(order):
        serials = piece_of(order).serials
        await release_hold(work, item_id, order.quantity, serials, source_id=order.id, fill=True)
