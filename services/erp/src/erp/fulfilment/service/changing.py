"""Changing and cancelling orders after they were accepted."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.approvals import service as approvals
from erp.fulfilment import queries
from erp.fulfilment.errors import OrderClosed
from erp.fulfilment.models import CANCELLED, CONFIRMED, ChangeRequest, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import Asked, refusal_of_change
from erp.fulfilment.rules.pricing import line_net
from erp.fulfilment.schemas import ChangeOrder, UpsertOrder
from erp.fulfilment.service.building import lines_of, sum_up
from erp.fulfilment.service.telling import tell
from erp.money import digits_of
from erp.stock import service as stock

__all__ = ["cancel", "cancel_order", "change_content", "change_order", "locked"]


async def locked(work: Work, order_id: UUID) -> OrderAtHand:
    """The order, locked until the act ends. Raises NotFound."""
    found = await queries.at_hand(work, [order_id])
    if order_id not in found:
        raise NotFound(entity="sales order", id=order_id)
    return found[order_id]


async def cancel_order(work: Work, order_id: UUID) -> None:
    """Cancel before anything has gone out. Raises NotFound, OrderClosed."""
    hand = await locked(work, order_id)
    if not await cancel(work, hand) and hand.order.state != CANCELLED:
        raise OrderClosed(number=hand.order.number, state=hand.order.state)


async def cancel(work: Work, hand: OrderAtHand) -> bool:
    """End the order, or refuse because goods have gone out; whether anything changed.

    Reservation and demand are free at once (E47). After a shipment goods come back by a return.
    """
    order = hand.order
    if order.state == CANCELLED:
        return False
    gone = [Asked(str(line.position), line.shipped * 0, line.shipped) for line in hand.lines]
    refusal = refusal_of_change(gone, state=order.state)
    if not refusal:
        await approvals.withdraw(work, order.id)
        if order.state == CONFIRMED:
            await _want_nothing(work, hand)
        order.cancel()
    await _answer(work, hand, "cancellation", refusal)
    return not refusal


async def _want_nothing(work: Work, hand: OrderAtHand) -> None:
    waiting = await stock.demand_of(work.sql, [hand.order.id])
    await stock.withdraw(work, [line.order_line_id for line in waiting])


async def change_order(work: Work, order_id: UUID, command: ChangeOrder, *, revision: int) -> None:
    """Change a confirmed order. Raises NotFound, StaleRevision; a refusal is told, no error."""
    hand = await locked(work, order_id)
    hand.order.check_revision(revision)
    await change_content(work, hand, command)


async def change_content(work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> bool:
    """Take over other quantities and lines, or refuse; whether the request was accepted.

    Lines are told apart by their external id, or by item where they have none. What was agreed
    for a line (price, discount) is sent again with it.
    """
    order = hand.order
    wanted = await lines_of(work, order, command.lines)
    pairs = _paired(hand.lines, wanted)
    asked = [
        Asked(str(old.position), new.quantity if new else old.shipped * 0, old.shipped)
        for old, new in pairs
    ]
    refusal = refusal_of_change(asked, state=order.state)
    if not refusal and _same(pairs, wanted) and order.requested_on == command.requested_on:
        return False
    if not refusal:
        order.requested_on = command.requested_on
        await _take_over(work, hand, pairs, wanted)
    await _answer(work, hand, "change", refusal)
    return not refusal


Pairs = Sequence[tuple[OrderLine, OrderLine | None]]


def _key(line: OrderLine) -> object:
    return line.external_line_id or line.item_id


def _paired(present: Sequence[OrderLine], wanted: Sequence[OrderLine]) -> Pairs:
    sent = {_key(line): line for line in wanted}
    return [(line, sent.get(_key(line))) for line in present]


def _same(pairs: Pairs, wanted: Sequence[OrderLine]) -> bool:
    facts = ("item_id", "quantity", "unit_price", "discount")
    kept = all(
        new is not None and all(getattr(old, one) == getattr(new, one) for one in facts)
        for old, new in pairs
    )
    return kept and len(pairs) == len(wanted)


async def _take_over(
    work: Work, hand: OrderAtHand, pairs: Pairs, wanted: Sequence[OrderLine]
) -> None:
    """Give each line its new quantity; add the new ones, and drop what is wanted no more."""
    digits = digits_of(work.setting.currency)
    quantities = {}
    for old, new in pairs:
        quantity = new.quantity if new else old.shipped
        quantities[old.id] = quantity
        old.quantity = quantity
        old.net = line_net(old.unit_price, quantity, old.discount, decimals=digits)
    known = {_key(old) for old, _ in pairs}
    added = [line for line in wanted if _key(line) not in known]
    for position, line in enumerate(added, max(old.position for old, _ in pairs) + 1):
        line.position = position
    await queries.add_lines(work, hand.order, added)
    await stock.amend(work, quantities)
    await _place(work, hand, added)
    dropped = [line for line in hand.lines if not line.quantity]
    hand.lines = [line for line in hand.lines if line.quantity]
    await queries.drop_lines(work, [line.id for line in dropped])
    hand.lines.extend(added)
    sum_up(hand)
    hand.order.settle_state(hand.lines, hand.charges)


async def _place(work: Work, hand: OrderAtHand, added: Sequence[OrderLine]) -> None:
    order = hand.order
    needed_on = order.requested_on or order.ordered_on
    await stock.place(
        work,
        [
            stock.DemandLine(line.id, order.id, line.item_id, line.quantity, needed_on)
            for line in added
        ],
    )


async def _answer(work: Work, hand: OrderAtHand, kind: str, refusal: str) -> None:
    """Keep what was asked and the answer, and tell the order."""
    request = ChangeRequest(
        id=uuid7(),
        order_id=hand.order.id,
        recorded_at=work.now,
        kind=kind,
        state="refused" if refusal else "accepted",
        reason=refusal,
        asked_by=work.actor.reference,
    )
    await queries.add_change(work, request)
    await queries.save(work, hand)
    await tell(work, [hand.order.id], ["last_change", "lines", "net", "state"])
