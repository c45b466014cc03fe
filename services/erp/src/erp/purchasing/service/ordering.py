"""Ordering goods: what is suggested, or what a buyer wants."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.purchasing.errors import NoSupplierPrice, SuggestionNotOpen
from erp.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from erp.purchasing.models.prices import PurchaseSuggestion
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries import prices
from erp.purchasing.queries import suggestions as suggested
from erp.purchasing.queries.suggestions import Offer
from erp.purchasing.schemas.orders import (
    NewPurchaseLine,
    NewPurchaseOrder,
    OrdersPlaced,
    OrderSuggestions,
    PurchaseOrderView,
)
from erp.purchasing.service.approving import judge_new, request_approvals
from erp.purchasing.service.orders import (
    expected_line,
    publish_orders,
    require_bought,
)
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.service.booking import item_ids_by_sku
from erp.stock.service.expected_receipts import lock_items, set_expected_receipts
from erp.sums import require_bookable
from records.document_fields.service import keep_fields_of_new
from values.decimals import EXACT

__all__ = [
    "agreed_lines",
    "new_line",
    "order_goods",
    "order_suggestions",
]


_ALL = ["lines", "net", "number", "ordered_on", "state", "supplier_id", "supplier_number"]


class DraftLine(NamedTuple):
    """A line to be ordered."""

    supplier_id: UUID
    item_id: UUID
    quantity: Decimal
    unit_price: Decimal
    due_on: date


async def order_suggestions(work: Work, command: OrderSuggestions) -> OrdersPlaced:
    """Order suggestions, one order for each supplier; many at once.

    Raises SuggestionNotOpen, and NoSupplierPrice when one is named that nobody sells.
    """
    day = business_day_of(work, command.ordered_on)
    chosen, left = await _choose(work, command.ids)
    pairs = [(one.supplier_id, one.item_id) for one in chosen if one.supplier_id]
    offers = await suggested.offers_for(work.sql, pairs)
    drafts = [
        _draft(pair, one.quantity, offers[pair], day)
        for one, pair in zip(chosen, pairs, strict=True)
    ]
    lines = await _place_orders(work, drafts, day)
    for suggestion, line in zip(chosen, lines, strict=True):
        suggestion.mark_ordered(line.id, work.now)
    if chosen:
        await suggested.save_suggestions(work, chosen)
    orders = await publish_orders(work, list({line.purchase_order_id for line in lines}), _ALL)
    return OrdersPlaced(orders=orders, left=[one.id for one in left])


async def _choose(
    work: Work, ids: Sequence[UUID] | None
) -> tuple[list[PurchaseSuggestion], list[PurchaseSuggestion]]:
    """The open suggestions asked for, their items locked; and those that nobody sells."""
    if ids is None:
        item_ids = await suggested.open_items(work.sql)
    else:
        item_ids = await suggested.suggested_items(work.sql, ids)
    await lock_items(work, item_ids)
    found = await suggested.open_suggestions(work, item_ids)
    open_by_id = {one.id: one for one in found.values()}
    wanted = sorted(open_by_id) if ids is None else list(dict.fromkeys(ids))
    for suggestion_id in wanted:
        if suggestion_id not in open_by_id:
            raise SuggestionNotOpen(suggestion=suggestion_id)
    chosen = [open_by_id[suggestion_id] for suggestion_id in wanted]
    left = [one for one in chosen if one.supplier_id is None]
    if ids is not None and left:
        raise NoSupplierPrice(item=left[0].item_id)
    return [one for one in chosen if one.supplier_id is not None], left


def _draft(pair: tuple[UUID, UUID], quantity: Decimal, offer: Offer, day: date) -> DraftLine:
    due_on = day + timedelta(days=offer.lead_time_days)
    return DraftLine(*pair, quantity, offer.amount, due_on)


async def order_goods(
    work: Work, command: NewPurchaseOrder, order_id: UUID | None = None
) -> PurchaseOrderView:
    """Order what a buyer wants from a supplier, under the id given; suggestions it covers shrink.

    Raises MissingReference, NotStocked, FractionOfUnit, NoSupplierPrice, CurrencyNotSupported,
    InvalidInput (too large).
    """
    day = business_day_of(work, command.ordered_on)
    drafts = await _drafts(work, command, day)
    lines = await _place_orders(work, drafts, day, [order_id or uuid7()])
    await update_suggestions(work, sorted({draft.item_id for draft in drafts}))
    order_id = lines[0].purchase_order_id
    await keep_fields_of_new(work, queries.ORDER_FIELDS, {order_id: command.custom})
    [view] = await publish_orders(work, [order_id], _ALL)
    return view


async def _drafts(work: Work, command: NewPurchaseOrder, day: date) -> list[DraftLine]:
    require_supported_currency(
        work, *(line.unit_price.currency for line in command.lines if line.unit_price)
    )
    supplier_id = await prices.supplier_by_number(work.sql, command.supplier_number)
    if supplier_id is None:
        raise MissingReference(entity="supplier", reference=command.supplier_number)
    return await agreed_lines(work, supplier_id, command.lines, day)


async def agreed_lines(
    work: Work, supplier_id: UUID, lines: Sequence[NewPurchaseLine], day: date
) -> list[DraftLine]:
    """Lines ordered from the supplier on a day, at the prices they name or at the supplier's.

    Raises MissingReference, NotStocked, FractionOfUnit, NoSupplierPrice.
    """
    items = await item_ids_by_sku(work.sql, lines)
    pairs = [(supplier_id, items[line.sku]) for line in lines]
    offers = await suggested.offers_for(work.sql, pairs)
    return [
        _agreed_line(pair, line, offers.get(pair), day)
        for pair, line in zip(pairs, lines, strict=True)
    ]


def _agreed_line(
    pair: tuple[UUID, UUID], line: NewPurchaseLine, offer: Offer | None, day: date
) -> DraftLine:
    """The line at the price it names, or at the supplier's."""
    if line.unit_price is not None:
        days = offer.lead_time_days if offer else 0
        offer = Offer(line.unit_price.amount, days)
    if offer is None:
        raise NoSupplierPrice(item=line.sku)
    draft = _draft(pair, line.quantity, offer, day)
    return draft._replace(due_on=line.due_on or draft.due_on)


async def _place_orders(
    work: Work, drafts: Sequence[DraftLine], day: date, ids: Sequence[UUID] | None = None
) -> list[PurchaseOrderLine]:
    """Make an order for each supplier and expect its goods; the lines, as drafted.

    Nothing is expected of those that wait for approval.
    """
    suppliers = list(dict.fromkeys(draft.supplier_id for draft in drafts))
    ids = ids or [uuid7() for _ in suppliers]
    await require_bought(work, suppliers, {draft.item_id for draft in drafts})
    _require_bookable_totals(drafts)
    orders = await _number_orders(work, suppliers, day, ids)
    positions = dict.fromkeys(suppliers, 0)
    lines = []
    for draft in drafts:
        positions[draft.supplier_id] += 1
        lines.append(new_line(orders[draft.supplier_id].id, positions[draft.supplier_id], draft))
    if lines:
        made = list(orders.values())
        asked = await judge_new(work, made, lines, ordered_on=day)
        await queries.add_orders(work, made, lines)
        pending = {one.order.id for one in asked}
        placed = [line for line in lines if line.purchase_order_id not in pending]
        await set_expected_receipts(work, [expected_line(line, line.quantity) for line in placed])
        await request_approvals(work, asked)
    return lines


def _require_bookable_totals(drafts: Sequence[DraftLine]) -> None:
    """Keep amounts within what can be booked and published. Raises InvalidInput (too large)."""
    sums = dict.fromkeys((draft.supplier_id for draft in drafts), Decimal(0))
    for draft in drafts:
        sums[draft.supplier_id] += EXACT.multiply(draft.unit_price, draft.quantity)
    require_bookable(*sums.values())


async def _number_orders(
    work: Work, suppliers: Sequence[UUID], day: date, ids: Sequence[UUID]
) -> dict[UUID, PurchaseOrder]:
    numbers = await queries.next_numbers(work.sql, "purchase_order_number_seq", len(suppliers))
    return {
        supplier_id: PurchaseOrder(
            id=order_id, number=f"PO-{number:05d}", supplier_id=supplier_id, ordered_on=day
        )
        for order_id, supplier_id, number in zip(ids, suppliers, numbers, strict=True)
    }


def new_line(order_id: UUID, position: int, draft: DraftLine) -> PurchaseOrderLine:
    """The draft as a line of an order."""
    return PurchaseOrderLine(
        id=uuid7(),
        purchase_order_id=order_id,
        position=position,
        item_id=draft.item_id,
        quantity=draft.quantity,
        unit_price=draft.unit_price,
        due_on=draft.due_on,
        received=Decimal(0),
    )
