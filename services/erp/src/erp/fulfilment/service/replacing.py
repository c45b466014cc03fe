"""Deciding an order once more, with other content where it was sent."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.documents import require_named_once, require_same_items
from erp.fulfilment import queries
from erp.fulfilment.errors import PriceMissing, UnknownLine
from erp.fulfilment.models import DRAFT, ON_HOLD, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.schemas import ChangeLine, ChangeOrder, NewOrderLine, OrderView, UpsertOrder
from erp.fulfilment.service.building import (
    charges_of,
    lines_of,
    must_come_out_even,
    require_distinct_lines,
    sum_up,
)
from erp.fulfilment.service.deciding import decide_orders
from erp.fulfilment.service.known import Known
from erp.fulfilment.service.telling import EVERYTHING, tell
from values.money import UnitPriceView

__all__ = ["go_on", "other_facts", "replace", "take_over", "wanted_lines"]


async def go_on(work: Work, hand: OrderAtHand, *, credit_granted: bool = False) -> OrderView:
    """Decide the order, save and tell it; the order then.

    What was asked about it before is asked no more.
    """
    if hand.order.state == ON_HOLD:
        await approvals.withdraw_requests(work, hand.order.id)
    known = await Known.of(work, hand)
    await decide_orders(work, [hand], known, credit_granted=credit_granted)
    await queries.save(work, hand)
    changed = ["lines", "promised_on", "reason", "state"]
    [state] = await tell(work, [hand.order.id], changed)
    return OrderView.of(state)


async def wanted_lines(
    work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder
) -> list[OrderLine]:
    """The lines as they shall be; one that is known keeps its id, and its terms if none is given.

    What another system sent is taken as it is, and decided: SKUs without a price are noted. Raises
    UnknownLine, InvalidInput (a line twice, or as one of another item), MissingReference; of our
    own also PriceMissing, FractionOfUnit.
    """
    require_named_once([_named_line(line) for line in command.lines])
    require_distinct_lines(command.lines)
    sent = await _with_terms(work, hand, command.lines)
    wanted, hand.unpriced, uneven = await lines_of(work, hand.order, sent)
    if not isinstance(command, UpsertOrder):
        if hand.unpriced:
            raise PriceMissing(sku=hand.unpriced[0], on=hand.order.ordered_on)
        if uneven:
            must_come_out_even(sent, await Known.read(work, [], sent))
    _must_keep_items(hand, command.lines, wanted)
    left = list(hand.lines)
    for line, new in zip(command.lines, wanted, strict=True):
        old = next((one for one in left if _is_same(one, line, new.item_id)), None)
        if old is not None:
            left.remove(old)
            new.id = old.id
            new.external_line_id = new.external_line_id or old.external_line_id
    return wanted


def _named_line(line: NewOrderLine) -> UUID | None:
    """Which line of the order it says it is."""
    return line.id if isinstance(line, ChangeLine) else None


def _must_keep_items(
    hand: OrderAtHand, lines: Sequence[NewOrderLine], wanted: Sequence[OrderLine]
) -> None:
    items = {old.id: old.item_id for old in hand.lines}
    named = [_named_line(line) for line in lines]
    require_same_items(
        [
            (items[line_id], new.item_id) if line_id else None
            for line_id, new in zip(named, wanted, strict=True)
        ]
    )


async def _with_terms(
    work: Work, hand: OrderAtHand, lines: Sequence[NewOrderLine]
) -> list[NewOrderLine]:
    """The lines with the item, price and discount of those they are, where they give none.

    Raises UnknownLine, MissingReference (item).
    """
    unnamed = [line for line in lines if not _is_named(line)]
    known = await Known.read(work, [], unnamed) if not all(map(_says_terms, unnamed)) else None
    left, found = list(hand.lines), []
    for line in lines:
        old = _named(hand, line)
        if old is None and known is not None:
            item_id = known.item(line)["id"]
            old = next((one for one in left if _is_same(one, line, item_id)), None)
        if old is not None:
            left.remove(old)
        found.append(line if old is None else _with_terms_of(old, line, hand.order.currency))
    return found


def _is_named(line: NewOrderLine) -> bool:
    return isinstance(line, ChangeLine) and line.id is not None


def _says_terms(line: NewOrderLine) -> bool:
    return line.unit_price is not None and "discount" in line.model_fields_set


def _named(hand: OrderAtHand, line: NewOrderLine) -> OrderLine | None:
    """The line of the order that is named by its id, if one is. Raises UnknownLine."""
    if not isinstance(line, ChangeLine) or line.id is None:
        return None
    old = hand.line(line.id)
    if old is None:
        raise UnknownLine(line=line.id, number=hand.order.number)
    return old


def _with_terms_of(old: OrderLine, line: NewOrderLine, currency: str) -> NewOrderLine:
    kept: dict[str, Any] = {}
    if line.item_id is None and line.sku is None:
        kept["item_id"] = old.item_id
    if line.unit_price is None:
        kept["unit_price"] = UnitPriceView(amount=old.unit_price, currency=currency)
    if "discount" not in line.model_fields_set:
        kept["discount"] = old.discount
    return line.model_copy(update=kept)


def _is_same(old: OrderLine, line: NewOrderLine, item_id: UUID) -> bool:
    """Whether what was sent is that line: the one it names, of the same item."""
    if old.item_id != item_id:
        return False
    if isinstance(line, ChangeLine) and line.id is not None:
        return old.id == line.id
    return line.external_line_id in {old.external_line_id, str(old.id)}


async def replace(work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> None:
    """Take over what was sent in place of an order that is not confirmed.

    A draft stays one; any other is decided anew. Raises MissingReference, PriceMissing.
    """
    order = hand.order
    if isinstance(command, UpsertOrder):
        (await Known.read(work, [command.customer_id], [])).customer(command.customer_id)
        order.customer_id = command.customer_id
    take_over(hand, other_facts(work, hand, command))
    hand.lines = await wanted_lines(work, hand, command)
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
        if command.ship_to is not None:
            sent["ship_to"] = command.ship_to.onto(hand.order.ship_to)
        sent["note"] = command.note
        if command.ordered_on and command.ordered_on != hand.order.ordered_on:
            sent["ordered_on"] = business_day_of(work, command.ordered_on)
    return {name: fact for name, fact in sent.items() if getattr(hand.order, name) != fact}


def take_over(hand: OrderAtHand, facts: Mapping[str, Any]) -> None:
    """Let the order say so from now on."""
    for name, fact in facts.items():
        setattr(hand.order, name, fact)
