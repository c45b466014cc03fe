"""Goods that go back to the supplier, and receipts that were a mistake.

Both take goods out of stock at the value they were received at, and off what is owed for goods
that came and are not billed (E36, E44). Stock may bear another cost: the rest is a variance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.inspections.service.returning import require_none_pending, require_rest_stays
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.purchasing.errors import (
    NotALine,
    ReceiptBilled,
    ReceiptReversed,
    ReceiptSentBack,
    ReceiptWithoutLines,
)
from erp.purchasing.events import PurchaseReturned
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.models.receipts import PurchaseReceiptLine, PurchaseReturn, PurchaseReturnLine
from erp.purchasing.queries import orders, receipts
from erp.purchasing.schemas.receipts import (
    PurchaseReturnView,
    ReturnLine,
    ReturnToSupplier,
    ReverseReceipt,
)
from erp.purchasing.service.locked_receipts import LockedReceipt, requested_lines
from erp.purchasing.service.orders import expected_lines, publish_orders
from erp.purchasing.service.suggesting import update_suggestions
from erp.purchasing.states import PurchaseReturnKind
from erp.stock.lines import LotLine, SupplierReturnLine
from erp.stock.service.expected_receipts import set_expected_receipts
from erp.stock.service.goods import return_to_supplier
from erp.stock.states import StockDocumentKind
from values.decimals import plain
from values.money import digits_of

__all__ = ["lock_order_of_receipt", "publish_return", "return_goods", "reverse_receipt"]


@dataclass(frozen=True)
class OutgoingLine:
    """What leaves of a receipt's line: the value it came at, and what that clears."""

    line: PurchaseReceiptLine
    order_line: PurchaseOrderLine
    quantity: Decimal
    value: Decimal
    cleared: Decimal
    billed: Decimal
    dropped: Decimal
    serials: Sequence[str]
    lots: Sequence[LotLine]


async def return_goods(
    work: Work,
    receipt_id: UUID,
    command: ReturnToSupplier,
    *,
    came_as: Mapping[str, str] = MappingProxyType({}),
) -> PurchaseReturnView:
    """Send goods of a receipt back: they are expected anew, or not ordered any more.

    Goods that are not billed go back first. `came_as`: the lots that came, of which named ones
    were split off since. Raises NotFound, ReceiptReversed, ReceiptWithoutLines,
    PurchaseOrderClosed (nothing is expected of a closed order), NotALine, MoreThanOnReceipt,
    SerialNotOnReceipt, LotNotOnReceipt, NothingToSendBack, InspectionPending, ReceiptWithheld,
    InvalidInput (before the receipt), and what `stock.return_to_supplier` raises.
    """
    day = business_day_of(work, command.effective_on)
    receipt = replace(await _lock_receipt(work, receipt_id, day), came_as=came_as)
    if command.expect_again:
        receipt.locked.order.require_not_closed()
    requested = requested_lines(receipt, command.lines)
    named = [lot.number for line in requested for lot in line.lots]
    await require_none_pending(work, receipt_id, None if command.lines is None else named)
    await _require_rest_stays(work, receipt, requested)
    purchase_return = _new_return(
        work, receipt, PurchaseReturnKind.RETURN, day, command.reason, again=command.expect_again
    )
    purchase_return.number = await _next_number(work)
    await _send_out(work, receipt, requested, purchase_return)
    return await receipts.RETURNS.get(work, purchase_return.id)


async def reverse_receipt(
    work: Work, receipt_id: UUID, command: ReverseReceipt
) -> PurchaseReturnView:
    """Take a mistaken receipt back whole: its goods did not come, and are expected as before.

    Raises NotFound, ReceiptReversed, ReceiptSentBack, ReceiptBilled, ReceiptWithoutLines,
    InspectionPending, ReceiptWithheld, InvalidInput (before the receipt), and what
    `return_to_supplier` raises: the goods are gone.
    """
    day = business_day_of(work, command.effective_on)
    receipt = await _lock_receipt(work, receipt_id, day)
    if receipt.head.returned_as:
        raise ReceiptSentBack(number=receipt.head.number)
    await require_none_pending(work, receipt_id)
    requested = requested_lines(receipt, None)
    await _require_rest_stays(work, receipt, requested)
    for line in receipt.lines:
        unbilled = receipt.order_lines[line.order_line_id].unbilled
        if unbilled < line.quantity:
            raise ReceiptBilled(
                sku=receipt.sku(line),
                number=receipt.head.number,
                quantity=plain(line.quantity),
                unbilled=plain(max(unbilled, Decimal(0))),
            )
    again = not receipt.locked.order.is_closed
    purchase_return = _new_return(
        work, receipt, PurchaseReturnKind.REVERSAL, day, command.reason, again=again
    )
    purchase_return.number = await _next_number(work)
    await _send_out(work, receipt, requested, purchase_return)
    return await receipts.RETURNS.get(work, purchase_return.id)


async def lock_order_of_receipt(work: Work, receipt_id: UUID) -> None:
    """Lock what sending goods back locks before stock, for an act that touches stock before it."""
    head = await receipts.receipt_head(work.sql, receipt_id)
    if head is not None:
        await orders.lock_orders(work, [head.purchase_order_id])


async def _require_rest_stays(
    work: Work, receipt: LockedReceipt, requested: Sequence[ReturnLine]
) -> None:
    """Raises ReceiptWithheld."""
    going, left = receipt.going(requested), receipt.left()
    skus = receipt.locked.skus
    await require_rest_stays(work, receipt.head.id, going, left=left, skus=skus)


async def _lock_receipt(work: Work, receipt_id: UUID, day: date) -> LockedReceipt:
    """The receipt and its order, locked. Raises NotFound, ReceiptReversed, and the like."""
    head = await receipts.receipt_head(work.sql, receipt_id)
    if head is None:
        raise NotFound(entity="purchase_receipt", id=receipt_id)
    locked = (await orders.lock_orders(work, [head.purchase_order_id]))[head.purchase_order_id]
    # What went back meanwhile is known only now: whoever sends goods back locks the order.
    head = await receipts.receipt_head(work.sql, receipt_id) or head
    if head.returned_as == PurchaseReturnKind.REVERSAL:
        raise ReceiptReversed(number=head.number)
    if day < head.effective_on:
        wrong = FieldError("/effective_on", "before_receipt", "It had not come yet on this day.")
        raise InvalidInput(errors=[wrong])
    lines = await receipts.lines_of_receipt(work, receipt_id)
    if not lines:
        raise ReceiptWithoutLines(number=head.number)
    gone = await receipts.lots_sent_back(work.sql, receipt_id)
    order_lines = {line.id: line for line in locked.lines}
    return LockedReceipt(head, lines, locked, order_lines, lots_gone=gone)


def _new_return(
    work: Work,
    receipt: LockedReceipt,
    kind: PurchaseReturnKind,
    day: date,
    reason: str,
    *,
    again: bool,
) -> PurchaseReturn:
    return PurchaseReturn(
        id=uuid7(),
        kind=kind,
        purchase_receipt_id=receipt.head.id,
        purchase_order_id=receipt.head.purchase_order_id,
        effective_on=day,
        reason=reason,
        expected_again=again,
        recorded_at=work.now,
        updated_at=work.now,
        actor=work.actor.reference,
    )


async def _next_number(work: Work) -> str:
    [number] = await orders.next_numbers(work.sql, "purchase_return_number_seq", 1)
    return f"PR-{number:05d}"


async def _send_out(
    work: Work,
    receipt: LockedReceipt,
    requested: Sequence[ReturnLine],
    purchase_return: PurchaseReturn,
) -> None:
    """Take goods out of order, receipt, stock and books, and publish it."""
    locked, again = receipt.locked, purchase_return.expected_again
    outgoing = [_take_off(work, receipt, one, purchase_return) for one in requested]
    locked.order.update_state(locked.lines, work.now)
    await orders.save_orders(work, [locked])
    costs = await return_to_supplier(
        work,
        [
            SupplierReturnLine(one.line.item_id, one.quantity, one.value, one.serials, one.lots)
            for one in outgoing
        ],
        source_type=StockDocumentKind(f"purchase_{purchase_return.kind}"),
        source_id=purchase_return.id,
        effective_on=purchase_return.effective_on,
        counterpart="grni",
        memo=purchase_return.reason,
    )
    await _post_difference(work, purchase_return, outgoing, costs)
    await receipts.add_return(
        work,
        purchase_return,
        _lines(purchase_return, outgoing, costs, receipt.came_as),
        receipt.lines,
    )
    touched = {one.order_line.id: one.order_line for one in outgoing}.values()
    if again:
        await set_expected_receipts(work, expected_lines(touched))
    await update_suggestions(work, sorted({line.item_id for line in touched}))
    await publish_orders(work, [locked.order.id], ["lines", "state"])
    await publish_return(work, purchase_return)


def _take_off(
    work: Work, receipt: LockedReceipt, requested: ReturnLine, purchase_return: PurchaseReturn
) -> OutgoingLine:
    """Take so many off the receipt's line and the order's. Raises as `return_goods`."""
    lines = {line.order_line_id: line for line in receipt.lines}
    line = lines.get(requested.line_id)
    if line is None:
        raise NotALine(number=receipt.head.number)
    decimals = digits_of(work.setting.currency)
    leaving: dict[str, Decimal] = {}
    for lot in requested.lots:
        number = receipt.came_as.get(lot.number, lot.number)
        leaving[number] = leaving.get(number, Decimal(0)) + lot.quantity
    value = line.send_back(
        requested.quantity,
        requested.serials,
        leaving,
        gone=receipt.lots_gone.get(line.id),
        sku=receipt.sku(line),
        decimals=decimals,
    )
    gone = receipt.lots_gone.setdefault(line.id, {})
    for number, quantity in leaving.items():
        gone[number] = gone.get(number, Decimal(0)) + quantity
    order_line = receipt.order_lines[requested.line_id]
    ordered, here = order_line.quantity, max(order_line.unbilled, Decimal(0))
    cleared = order_line.send_back(
        requested.quantity,
        value,
        ordered=purchase_return.expected_again or receipt.locked.order.is_closed,
        counted=purchase_return.kind == PurchaseReturnKind.RETURN,
        decimals=decimals,
    )
    return OutgoingLine(
        line=line,
        order_line=order_line,
        quantity=requested.quantity,
        value=value,
        cleared=cleared,
        billed=max(requested.quantity - here, Decimal(0)),
        dropped=ordered - order_line.quantity,
        serials=requested.serials,
        lots=[lot.line() for lot in requested.lots],
    )


async def _post_difference(
    work: Work,
    purchase_return: PurchaseReturn,
    outgoing: Sequence[OutgoingLine],
    costs: Sequence[Decimal],
) -> None:
    """What the goods clear, beyond what they cost stock, is a variance."""
    differences = [
        (one.line.item_id, one.cleared - cost) for one, cost in zip(outgoing, costs, strict=True)
    ]
    posting = Posting(
        id=uuid7(),
        effective_on=purchase_return.effective_on,
        source_type=StockDocumentKind(f"purchase_{purchase_return.kind}"),
        source_id=purchase_return.id,
        memo=purchase_return.reason,
        lines=tuple(
            line
            for item_id, amount in differences
            for line in (
                debit("grni", amount, item_id=item_id),
                credit("purchase_variance", amount, item_id=item_id),
            )
        ),
    )
    await post(work, [posting])


def _lines(
    purchase_return: PurchaseReturn,
    outgoing: Sequence[OutgoingLine],
    costs: Sequence[Decimal],
    came_as: Mapping[str, str],
) -> list[PurchaseReturnLine]:
    return [
        PurchaseReturnLine(
            purchase_return_id=purchase_return.id,
            position=position,
            receipt_line_id=one.line.id,
            quantity=one.quantity,
            value=one.value,
            cost=cost,
            cleared=one.cleared,
            billed=one.billed,
            dropped=one.dropped,
            serials=list(one.serials),
            lots=[
                {
                    "number": lot.number,
                    "quantity": plain(lot.quantity),
                    "came_as": came_as.get(lot.number, lot.number),
                }
                for lot in one.lots
            ],
        )
        for position, (one, cost) in enumerate(zip(outgoing, costs, strict=True), 1)
    ]


async def publish_return(work: Work, purchase_return: PurchaseReturn) -> None:
    """Publish a return: its second version is the one that took it back."""
    view = await receipts.RETURNS.get(work, purchase_return.id)
    state = view.model_dump(exclude={"recorded_at", "actor", "custom"})
    await work.record(
        PurchaseReturned(
            **state,
            version=2 if purchase_return.reversed_on else 1,
            changed=sorted(state.keys() - {"id", "currency"}),
        )
    )
