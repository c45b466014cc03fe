"""Changing a purchase order after it was placed, within what came of it already."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput, NotFound
from chassis.work.unit_of_work import Work
from erp.currencies import must_be_supported
from erp.purchasing.errors import NotALine
from erp.purchasing.models import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import Held
from erp.purchasing.schemas import ChangePurchaseLine, ChangePurchaseOrder, PurchaseOrderView
from erp.purchasing.service.offering import require_bought
from erp.purchasing.service.ordering import agreed_lines, expected, new_line, see_order
from erp.purchasing.service.suggesting import refresh
from erp.purchasing.service.telling import tell
from erp.stock import service as stock
from erp.sums import require_bookable
from values.decimals import EXACT

__all__ = ["change_order"]


class Content(NamedTuple):
    """What is ordered with a line."""

    quantity: Decimal
    unit_price: Decimal
    due_on: date


async def change_order(
    work: Work, order_id: UUID, command: ChangePurchaseOrder, *, revision: int
) -> PurchaseOrderView:
    """Order other lines, quantities, prices or days; what is expected and suggested follows.

    A line that is left out is dropped. What came at another price stays booked at that one. Raises
    NotFound, StaleRevision, PurchaseOrderClosed, LessThanReceived, NotALine, MissingReference,
    NotStocked, FractionOfUnit, NoSupplierPrice, NotBought, PartyArchived, CurrencyNotSupported,
    InvalidInput (a line named twice, too large).
    """
    must_be_supported(
        work, *(line.unit_price.currency for line in command.lines if line.unit_price)
    )
    held = (await queries.hold_orders(work, [order_id])).get(order_id)
    if held is None:
        raise NotFound(entity="purchase order", id=order_id)
    held.order.check_revision(revision)
    held.order.must_not_be_closed()
    before = {line.id: _content(line) for line in held.lines}
    items = await stock.item_ids_of(work.sql, command.lines)
    _change_lines(held, command.lines, items)
    new = await _new_lines(work, held, command.lines)
    changed = [line for line in held.lines if _content(line) != before[line.id]]
    if changed or new:
        await _keep(work, held, changed, new, before)
        await tell(work, [order_id], ["lines", "net", "state"])
    return await see_order(work.sql, order_id, currency=work.setting.currency)


def _content(line: PurchaseOrderLine) -> Content:
    return Content(line.quantity, line.unit_price, line.due_on)


def _change_lines(held: Held, wanted: Sequence[ChangePurchaseLine], items: dict[str, UUID]) -> None:
    """Let each line be as it is wanted, or be dropped.

    Raises NotALine, InvalidInput, LessThanReceived.
    """
    named = {one.id: one for one in wanted if one.id}
    _must_be_named_once(wanted)
    known = {line.id: line.item_id for line in held.lines}
    if not named.keys() <= known.keys():
        raise NotALine(number=held.order.number)
    _must_keep_items(wanted, known, items)
    for line in held.lines:
        asked, sku = named.get(line.id), held.skus[line.item_id]
        if asked is None:
            line.order(Decimal(0), sku=sku)
            continue
        line.order(asked.quantity, sku=sku)
        line.unit_price = asked.unit_price.amount if asked.unit_price else line.unit_price
        line.due_on = asked.due_on or line.due_on


def _must_keep_items(
    wanted: Sequence[ChangePurchaseLine], known: dict[UUID, UUID], items: dict[str, UUID]
) -> None:
    wrong = [
        FieldError(f"/lines/{at}", "other_item", "A line's item stays. Add a line for another one.")
        for at, one in enumerate(wanted)
        if one.id and known[one.id] != items[one.sku]
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


def _must_be_named_once(wanted: Sequence[ChangePurchaseLine]) -> None:
    ids = [one.id for one in wanted if one.id]
    wrong = [
        FieldError(f"/lines/{at}/id", "duplicate_line", "This line is named twice.")
        for at, one in enumerate(wanted)
        if one.id and ids.count(one.id) > 1
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


async def _new_lines(
    work: Work, held: Held, wanted: Sequence[ChangePurchaseLine]
) -> list[PurchaseOrderLine]:
    """What is ordered besides, after the last line. Raises NoSupplierPrice and the like."""
    added = [one for one in wanted if one.id is None]
    if not added:
        return []
    drafts = await agreed_lines(work, held.order.supplier_id, added, held.order.ordered_on)
    last = max(line.position for line in held.lines)
    return [
        new_line(held.order.id, position, draft) for position, draft in enumerate(drafts, last + 1)
    ]


async def _keep(
    work: Work,
    held: Held,
    changed: Sequence[PurchaseOrderLine],
    new: Sequence[PurchaseOrderLine],
    before: dict[UUID, Content],
) -> None:
    """Store the order as it is now, and expect what it says. Raises NotBought, PartyArchived."""
    more = [line for line in changed if line.quantity > before[line.id].quantity]
    if more or new:
        begun = {line.item_id for line in (*more, *new)}
        await require_bought(work, [held.order.supplier_id], begun)
    require_bookable(sum((_net(line) for line in (*held.lines, *new)), Decimal(0)))
    held.order.note_lines([*held.lines, *new], work.now)
    await queries.save_orders(work, [held])
    await queries.add_lines(work, new)
    touched = [*changed, *new]
    await stock.expect(work, [expected(line, line.expected) for line in touched])
    await refresh(work, _items(touched))


def _net(line: PurchaseOrderLine) -> Decimal:
    return EXACT.multiply(line.unit_price, line.quantity)


def _items(lines: Iterable[PurchaseOrderLine]) -> list[UUID]:
    return sorted({line.item_id for line in lines})
