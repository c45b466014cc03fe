"""Changing a purchase order after it was placed, within what came of it already."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.unit_of_work import Work
from erp.documents import require_named_once, require_same_items
from erp.purchasing.errors import NotALine
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.schemas.orders import ChangePurchaseLine, ChangePurchaseOrder, PurchaseOrderView
from erp.purchasing.service.approving import judge_change, request_approvals
from erp.purchasing.service.ordering import agreed_lines, new_line
from erp.purchasing.service.orders import (
    expected_line,
    publish_orders,
    require_bought,
)
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.lines import ExpectedLine
from erp.stock.service.booking import item_ids_by_sku
from erp.stock.service.expected_receipts import set_expected_receipts
from erp.sums import require_bookable
from values.decimals import EXACT

__all__ = ["change_order"]


class LineContent(NamedTuple):
    """What is ordered with a line."""

    quantity: Decimal
    unit_price: Decimal
    due_on: date


async def change_order(
    work: Work, order_id: UUID, command: ChangePurchaseOrder, *, revision: int
) -> PurchaseOrderView:
    """Order other lines, quantities, prices or days; what is expected and suggested follows.

    A line that is left out is dropped. What came at another price stays booked at that one. An
    order that needs an approval now waits for it, unless some of it came. Raises NotFound,
    StaleRevision, PurchaseOrderClosed, PurchaseChangeNotApproved, LessThanReceived, NotALine,
    MissingReference, NotStocked, FractionOfUnit, NoSupplierPrice, NotBought, PartyArchived,
    CurrencyNotSupported, InvalidInput (a line named twice, too large).
    """
    require_supported_currency(
        work, *(line.unit_price.currency for line in command.lines if line.unit_price)
    )
    locked = (await queries.lock_orders(work, [order_id])).get(order_id)
    if locked is None:
        raise NotFound(entity="purchase_order", id=order_id)
    locked.order.check_revision(revision)
    locked.order.require_not_closed()
    before = {line.id: _content_of(line) for line in locked.lines}
    items = await item_ids_by_sku(work.sql, command.lines)
    _change_lines(locked, command.lines, items)
    new = await _new_lines(work, locked, command.lines)
    changed = [line for line in locked.lines if _content_of(line) != before[line.id]]
    if changed or new:
        await _save(work, locked, changed, new, before)
        await publish_orders(work, [order_id], ["lines", "net", "state"])
    return await queries.ORDERS.get(work, order_id)


def _content_of(line: PurchaseOrderLine) -> LineContent:
    return LineContent(line.quantity, line.unit_price, line.due_on)


def _change_lines(
    locked: LockedPurchaseOrder, changes: Sequence[ChangePurchaseLine], items: dict[str, UUID]
) -> None:
    """Let each line be as it is wanted, or be dropped.

    Raises NotALine, InvalidInput, LessThanReceived.
    """
    named = {one.id: one for one in changes if one.id}
    require_named_once([one.id for one in changes])
    item_ids = {line.id: line.item_id for line in locked.lines}
    if not named.keys() <= item_ids.keys():
        raise NotALine(number=locked.order.number)
    require_same_items([(item_ids[one.id], items[one.sku]) if one.id else None for one in changes])
    for line in locked.lines:
        change, sku = named.get(line.id), locked.skus[line.item_id]
        if change is None:
            line.order(Decimal(0), sku=sku)
            continue
        line.order(change.quantity, sku=sku)
        line.unit_price = change.unit_price.amount if change.unit_price else line.unit_price
        line.due_on = change.due_on or line.due_on


async def _new_lines(
    work: Work, locked: LockedPurchaseOrder, changes: Sequence[ChangePurchaseLine]
) -> list[PurchaseOrderLine]:
    """The added lines, after the last one. Raises NoSupplierPrice and the like."""
    added = [one for one in changes if one.id is None]
    if not added:
        return []
    drafts = await agreed_lines(work, locked.order.supplier_id, added, locked.order.ordered_on)
    last = max(line.position for line in locked.lines)
    return [
        new_line(locked.order.id, position, draft)
        for position, draft in enumerate(drafts, last + 1)
    ]


async def _save(
    work: Work,
    locked: LockedPurchaseOrder,
    changed: Sequence[PurchaseOrderLine],
    new: Sequence[PurchaseOrderLine],
    before: dict[UUID, LineContent],
) -> None:
    """Store the order as it is now, and expect what it says. Raises NotBought, PartyArchived."""
    more = [line for line in changed if line.quantity > before[line.id].quantity]
    if more or new:
        begun = {line.item_id for line in (*more, *new)}
        await require_bought(work, [locked.order.supplier_id], begun)
    require_bookable(sum((_net(line) for line in (*locked.lines, *new)), Decimal(0)))
    lines, was_pending = [*locked.lines, *new], locked.order.is_pending
    grows = bool(new) or any(_grew(before[line.id], line) for line in changed)
    if grows:
        locked.order.enlarge(work.now)
    asked = await judge_change(work, locked.order, lines, grows=grows)
    pending = locked.order.is_pending
    locked.order.update_state(lines, work.now)
    await queries.save_orders(work, [locked], new)
    touched = [*changed, *new] if pending == was_pending else lines
    await set_expected_receipts(work, [_expected(line, pending=pending) for line in touched])
    await request_approvals(work, [asked] if asked else [])
    await update_suggestions(work, _items(touched))


def _grew(before: LineContent, line: PurchaseOrderLine) -> bool:
    """Whether more is ordered with the line than before, or dearer."""
    return line.quantity > before.quantity or line.unit_price > before.unit_price


def _expected(line: PurchaseOrderLine, *, pending: bool) -> ExpectedLine:
    return expected_line(line, Decimal(0) if pending else line.expected)


def _net(line: PurchaseOrderLine) -> Decimal:
    return EXACT.multiply(line.unit_price, line.quantity)


def _items(lines: Iterable[PurchaseOrderLine]) -> list[UUID]:
    return sorted({line.item_id for line in lines})
