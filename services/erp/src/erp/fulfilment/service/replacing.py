"""Deciding an order once more, with other content where it was sent."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.documents import require_named_once, require_same_items
from erp.fulfilment.errors import PriceMissing, UnknownLine
from erp.fulfilment.models import OrderLine
from erp.fulfilment.queries import writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import ChangeLine, ChangeOrder, NewOrderLine, OrderView, UpsertOrder
from erp.fulfilment.service.building import (
    build_charges,
    build_lines,
    recalculate_totals,
    require_distinct_lines,
    require_unit_precision,
)
from erp.fulfilment.service.deciding import decide_orders
from erp.fulfilment.service.publishing import ALL_FIELDS, publish_changes
from erp.fulfilment.service.references import OrderReferences
from erp.fulfilment.states import OrderState
from values.money import UnitPriceView

__all__ = ["apply_to_header", "decide_again", "header_changes", "replace", "requested_lines"]


async def decide_again(
    work: Work, order: LockedOrder, *, credit_granted: bool = False
) -> OrderView:
    """Decide the order, save and publish it; the order then.

    What was asked about it before is asked no more.
    """
    if order.header.state == OrderState.ON_HOLD:
        await approvals.withdraw_requests(work, order.header.id)
    references = await OrderReferences.of(work, order)
    await decide_orders(work, [order], references, credit_granted=credit_granted)
    await writing.save(work, order)
    changed = ["lines", "promised_on", "reason", "state"]
    [state] = await publish_changes(work, [order.header.id], changed)
    return OrderView.model_validate(state)


async def requested_lines(
    work: Work, order: LockedOrder, command: ChangeOrder | UpsertOrder
) -> list[OrderLine]:
    """The lines as they shall be; one that is known keeps its id, and its terms if none is given.

    What another system sent is taken as it is, and decided: SKUs without a price are noted. Raises
    UnknownLine, InvalidInput (a line twice, or as one of another item), MissingReference; of our
    own also PriceMissing, FractionOfUnit.
    """
    require_named_once([_named_line(line) for line in command.lines])
    require_distinct_lines(command.lines)
    sent = await _with_terms(work, order, command.lines)
    wanted, order.unpriced, uneven = await build_lines(work, order.header, sent)
    if not isinstance(command, UpsertOrder):
        if order.unpriced:
            raise PriceMissing(sku=order.unpriced[0], on=order.header.ordered_on)
        if uneven:
            require_unit_precision(sent, await OrderReferences.read(work, [], sent))
    _require_same_items(order, command.lines, wanted)
    left = list(order.lines)
    for line, new in zip(command.lines, wanted, strict=True):
        old = next((one for one in left if _is_same(one, line, new.item_id)), None)
        if old is not None:
            left.remove(old)
            new.id = old.id
            new.external_line_id = new.external_line_id or old.external_line_id
            new.soft_reservation_id = old.soft_reservation_id
    return wanted


def _named_line(line: NewOrderLine) -> UUID | None:
    """Which line of the order it says it is."""
    return line.id if isinstance(line, ChangeLine) else None


def _require_same_items(
    order: LockedOrder, lines: Sequence[NewOrderLine], wanted: Sequence[OrderLine]
) -> None:
    items = {old.id: old.item_id for old in order.lines}
    named = [_named_line(line) for line in lines]
    require_same_items(
        [
            (items[line_id], new.item_id) if line_id else None
            for line_id, new in zip(named, wanted, strict=True)
        ]
    )


async def _with_terms(
    work: Work, order: LockedOrder, lines: Sequence[NewOrderLine]
) -> list[NewOrderLine]:
    """The lines with the item, price and discount of those they are, where they give none.

    Raises UnknownLine, MissingReference (item).
    """
    unnamed = [line for line in lines if not _is_named(line)]
    references = (
        await OrderReferences.read(work, [], unnamed)
        if not all(map(_says_terms, unnamed))
        else None
    )
    left, found = list(order.lines), []
    for line in lines:
        old = _named(order, line)
        if old is None and references is not None:
            item_id = references.item(line)["id"]
            old = next((one for one in left if _is_same(one, line, item_id)), None)
        if old is not None:
            left.remove(old)
        found.append(line if old is None else _with_terms_of(old, line, order.header.currency))
    return found


def _is_named(line: NewOrderLine) -> bool:
    return isinstance(line, ChangeLine) and line.id is not None


def _says_terms(line: NewOrderLine) -> bool:
    return line.unit_price is not None and "discount" in line.model_fields_set


def _named(order: LockedOrder, line: NewOrderLine) -> OrderLine | None:
    """The line of the order that is named by its id, if one is. Raises UnknownLine."""
    if not isinstance(line, ChangeLine) or line.id is None:
        return None
    old = order.line(line.id)
    if old is None:
        raise UnknownLine(line=line.id, number=order.header.number)
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


async def replace(work: Work, order: LockedOrder, command: ChangeOrder | UpsertOrder) -> None:
    """Take over what was sent in place of an order that is not confirmed.

    A draft stays one; any other is decided anew. Raises MissingReference, PriceMissing.
    """
    header = order.header
    if isinstance(command, UpsertOrder):
        (await OrderReferences.read(work, [command.customer_id], [])).customer(command.customer_id)
        header.customer_id = command.customer_id
    apply_to_header(order, header_changes(work, order, command))
    order.lines = await requested_lines(work, order, command)
    order.charges = build_charges(work, header, command.charges)
    recalculate_totals(order)
    await writing.replace_content(work, order)
    if header.state != OrderState.DRAFT:
        await decide_again(work, order)
        return
    await writing.save(work, order)
    await publish_changes(work, [header.id], ALL_FIELDS)


def header_changes(
    work: Work, order: LockedOrder, command: ChangeOrder | UpsertOrder
) -> dict[str, Any]:
    """What was sent of the header, as far as it differs. Raises Forbidden."""
    sent: dict[str, Any] = {"requested_on": command.requested_on}
    if isinstance(command, UpsertOrder):
        if command.ship_to is not None:
            sent["ship_to"] = command.ship_to.onto(order.header.ship_to)
        sent["note"] = command.note
        if command.ordered_on and command.ordered_on != order.header.ordered_on:
            sent["ordered_on"] = business_day_of(work, command.ordered_on)
    return {name: fact for name, fact in sent.items() if getattr(order.header, name) != fact}


def apply_to_header(order: LockedOrder, facts: Mapping[str, Any]) -> None:
    """Set the fields of the order's header."""
    for name, fact in facts.items():
        setattr(order.header, name, fact)
