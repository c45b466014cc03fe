"""Deciding an order once more, with other content where it was sent."""

from collections.abc import Mapping
from typing import Any

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

__all__ = ["go_on", "other_facts", "replace", "take_over"]


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

    A draft stays one; any other is decided anew. Raises MissingReference, PriceMissing.
    """
    order = hand.order
    if isinstance(command, UpsertOrder):
        (await Known.read(work, [command.customer_id], [])).customer(command.customer_id)
        order.customer_id = command.customer_id
    take_over(hand, other_facts(work, hand, command))
    hand.lines = await lines_of(work, order, command.lines)
    hand.charges = charges_of(work, order, command.charges)
    sum_up(hand)
    await queries.replace_content(work, hand)
    if order.state != DRAFT:
        await go_on(work, hand)
        return
    await queries.save(work, hand)
    await tell(work, [order.id], EVERYTHING)


def other_facts(
    work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder
) -> dict[str, Any]:
    """What was sent besides lines and charges, as far as it differs. Raises Forbidden."""
    sent: dict[str, Any] = {"requested_on": command.requested_on}
    if isinstance(command, UpsertOrder):
        sent |= {"ship_to": command.ship_to, "note": command.note}
        if command.ordered_on and command.ordered_on != hand.order.ordered_on:
            sent["ordered_on"] = business_day_of(work, command.ordered_on)
    return {name: fact for name, fact in sent.items() if getattr(hand.order, name) != fact}


def take_over(hand: OrderAtHand, facts: Mapping[str, Any]) -> None:
    """Let the order say so from now on."""
    for name, fact in facts.items():
        setattr(hand.order, name, fact)
