"""What a sender changed of an order, and what it only repeats."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from erp.fulfilment.models import Order, OrderCharge, OrderLine
from erp.fulfilment.schemas import BaseLine, NewCharge, NewOrderLine, OrderBase, UpsertOrder
from erp.fulfilment.states import ChargeKind
from values.decimals import plain
from values.money import MoneyView, UnitPriceView

__all__ = ["current_content", "merge_with_current", "sent_content"]

Content = Mapping[str, Any]
"""Lines by key, charges, the day wanted: what we may change as well; and our version then."""


def sent_content(sent: UpsertOrder | OrderBase, *, version: int) -> dict[str, Any]:
    """The content as it was sent, when ours had that version."""
    return {
        "version": version,
        "requested_on": sent.requested_on.isoformat() if sent.requested_on else None,
        "lines": {line.external_line_id: _terms(line) for line in sent.lines},
        "charges": _charges(sent.charges or ()),
    }


def current_content(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> dict[str, Any]:
    """The content as it is here."""
    amounts = [[charge.kind, plain(charge.amount)] for charge in charges]
    return {
        "version": order.version,
        "requested_on": order.requested_on.isoformat() if order.requested_on else None,
        "lines": {line.key: _current_terms(line) for line in lines},
        "charges": amounts,
    }


def merge_with_current(
    sent: UpsertOrder, order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> UpsertOrder:
    """What was sent, but for what the sender only repeats: that stays as it is here.

    A sender repeats what differs neither from the state of ours that it knew (`base`), nor, where
    that is older than what it sent last, from that.
    """
    known = _last_known(sent, order)
    if known is None or not all(line.external_line_id for line in sent.lines):
        return sent
    merged: dict[str, Any] = {"lines": _lines(sent.lines, known["lines"], lines, order.currency)}
    ours = current_content(order, lines, charges)
    asked = sent_content(sent, version=0)
    if asked["requested_on"] == known["requested_on"]:
        merged["requested_on"] = order.requested_on
    if asked["charges"] == known["charges"] and asked["charges"] != ours["charges"]:
        merged["charges"] = [_charge(charge, order.currency) for charge in charges]
    changed = {name: value for name, value in merged.items() if getattr(sent, name) != value}
    return sent.model_copy(update=changed) if changed else sent


def _last_known(sent: UpsertOrder, order: Order) -> Content | None:
    """What the sender knew: the later one of the state it names, and of what it sent last."""
    before: Content | None = order.sent
    if sent.base is None or (before is not None and sent.base.version < before["version"]):
        return before
    return sent_content(sent.base, version=sent.base.version)


def _lines(
    sent: Sequence[NewOrderLine], known: Content, present: Sequence[OrderLine], currency: str
) -> list[NewOrderLine]:
    current = {line.key: line for line in present}
    merged = []
    for line in sent:
        ours = current.pop(line.external_line_id, None)
        if known.get(line.external_line_id) != _terms(line):
            merged.append(line)
        elif ours is not None:
            merged.append(_with_current_terms(line, ours, currency))
    added = [line for line in current.values() if line.key not in known]
    merged += [_line(line, currency) for line in added]
    return merged or list(sent)


def _with_current_terms(sent: NewOrderLine, ours: OrderLine, currency: str) -> NewOrderLine:
    """The line at our quantity and terms; as it was sent where it says the same."""
    if _terms(sent)[1:] == _current_terms(ours)[1:]:
        return sent
    price = UnitPriceView(amount=ours.unit_price, currency=currency)
    agreed = {"quantity": ours.quantity, "unit_price": price, "discount": ours.discount}
    return sent.model_copy(update=agreed)


def _line(ours: OrderLine, currency: str) -> NewOrderLine:
    return NewOrderLine(
        item_id=ours.item_id,
        external_line_id=ours.key,
        description=ours.description,
        quantity=ours.quantity,
        unit_price=UnitPriceView(amount=ours.unit_price, currency=currency),
        discount=ours.discount,
    )


def _charge(ours: OrderCharge, currency: str) -> NewCharge:
    return NewCharge(
        kind=ChargeKind.FREIGHT, amount=MoneyView(amount=ours.amount, currency=currency)
    )


def _terms(line: NewOrderLine | BaseLine) -> list[str | None]:
    item = str(line.item_id) if line.item_id else getattr(line, "sku", None)
    price = plain(line.unit_price.amount) if line.unit_price else None
    return [item, plain(line.quantity), price, plain(line.discount)]


def _current_terms(line: OrderLine) -> list[str | None]:
    return [str(line.item_id), *map(plain, (line.quantity, line.unit_price, line.discount))]


def _charges(charges: Sequence[NewCharge]) -> list[list[str]]:
    real = [charge for charge in charges if charge.amount.amount > Decimal(0)]
    return [[charge.kind, plain(charge.amount.amount)] for charge in real]
