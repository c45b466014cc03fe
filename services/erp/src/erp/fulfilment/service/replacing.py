"""Deciding an order once more, with other content where it was sent."""

from chassis.storage.work import Work
from erp.approvals import service as approvals
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.models import DRAFT, ON_HOLD
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.schemas import ChangeOrder, OrderView, UpsertOrder
from erp.fulfilment.service.building import charges_of, lines_of, sum_up
from erp.fulfilment.service.deciding import decide_orders
from erp.fulfilment.service.known import Known
from erp.fulfilment.service.telling import EVERYTHING, tell

__all__ = ["go_on", "replace", "take_over_facts"]


async def go_on(work: Work, hand: OrderAtHand, *, credit_granted: bool = False) -> OrderView:
    """Decide the order, save and tell it; the order then.

    What was asked about it before is asked no more.
    """
    if hand.order.state == ON_HOLD:
        await approvals.withdraw(work, hand.order.id)
    known = await Known.of(work, hand)
    await decide_orders(work, [hand], known, credit_granted=credit_granted)
    await queries.save(work, hand)
    changed = ["lines", "promised_on", "reason", "state"]
    [state] = await tell(work, [hand.order.id], changed)
    return OrderView.of(state)


async def replace(work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> None:
    """Take over what was sent in place of an order that is not confirmed.

    A draft stays one; any other is decided anew. Raises MissingReference, NoPrice.
    """
    order = hand.order
    if isinstance(command, UpsertOrder):
        (await Known.read(work, [command.customer_id], [])).customer(command.customer_id)
        order.customer_id = command.customer_id
    take_over_facts(work, hand, command)
    hand.lines = await lines_of(work, order, command.lines)
    hand.charges = charges_of(work, order, command.charges)
    sum_up(hand)
    await queries.replace_content(work, hand)
    if order.state != DRAFT:
        await go_on(work, hand)
        return
    await queries.save(work, hand)
    await tell(work, [order.id], EVERYTHING)


def take_over_facts(work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> bool:
    """Take over what can be changed at any time; whether anything of it differs."""
    order = hand.order
    facts = ("requested_on", "ship_to", "note", "ordered_on")
    before = [getattr(order, fact) for fact in facts]
    order.requested_on = command.requested_on
    if isinstance(command, UpsertOrder):
        order.ship_to, order.note = command.ship_to, command.note
        if command.ordered_on and command.ordered_on != order.ordered_on:
            order.ordered_on = business_day_of(work, command.ordered_on)
    return before != [getattr(order, fact) for fact in facts]
