"""Goods that go back to the supplier, and receipts that were a mistake.

Both take goods out of stock at the value they were received at, and off what is owed for goods
that came and are not billed (E36, E44). Stock may bear another cost: the rest is a variance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput, NotFound
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.days import business_day_of
from erp.ledger import service as ledger
from erp.purchasing.errors import (
    NotALine,
    NothingToSendBack,
    ReceiptBilled,
    ReceiptReversed,
    ReceiptSentBack,
    ReceiptWithoutLines,
)
from erp.purchasing.events import PurchaseReturned
from erp.purchasing.models import (
    PurchaseOrderLine,
    PurchaseReceiptLine,
    PurchaseReturn,
    PurchaseReturnLine,
)
from erp.purchasing.queries import orders, receipts
from erp.purchasing.queries.orders import Held
from erp.purchasing.queries.receipts import ReceiptHead
from erp.purchasing.schemas import (
    PurchaseReturnView,
    ReturnLine,
    ReturnReceived,
    ReverseReceipt,
)
from erp.purchasing.service.suggesting import refresh
from erp.purchasing.service.telling import tell
from erp.sql import Sql
from erp.stock import service as stock
from erp.stock.service import ExpectedLine, SendBackLine
from values.decimals import plain
from values.money import digits_of

__all__ = ["expected_of", "publish_return", "return_received", "reverse_receipt", "see_return"]


@dataclass(frozen=True)
class Receipt:
    """A receipt with its lines, and its order, locked."""

    head: ReceiptHead
    lines: list[PurchaseReceiptLine]
    held: Held
    order_lines: dict[UUID, PurchaseOrderLine] = field(default_factory=dict)

    def sku(self, line: PurchaseReceiptLine) -> str:
        """The SKU of what came with the line."""
        return self.held.skus[line.item_id]


@dataclass(frozen=True)
class Leaving:
    """What leaves of a receipt's line: the value it came at, and what that clears."""

    line: PurchaseReceiptLine
    order_line: PurchaseOrderLine
    quantity: Decimal
    value: Decimal
    cleared: Decimal
    billed: Decimal
    dropped: Decimal
    serials: Sequence[str]


async def return_received(
    work: Work, receipt_id: UUID, command: ReturnReceived
) -> PurchaseReturnView:
    """Send goods of a receipt back: they are expected anew, or not ordered any more.

    Goods that are not billed go back first. Raises NotFound, ReceiptReversed,
    ReceiptWithoutLines, PurchaseOrderClosed (nothing is expected of a closed order), NotALine,
    MoreThanOnReceipt, SerialNotOnReceipt, NothingToSendBack, InvalidInput (before the receipt),
    and what `stock.send_back` raises.
    """
    day = business_day_of(work, command.effective_on)
    receipt = await _hold(work, receipt_id, day)
    if command.expect_again:
        receipt.held.order.must_not_be_closed()
    wanted = _wanted(receipt, command.lines)
    made = _new(work, receipt, "return", day, command.reason, again=command.expect_again)
    made.number = await _number(work)
    await _take_out(work, receipt, wanted, made)
    return await see_return(work.sql, made.id)


async def reverse_receipt(
    work: Work, receipt_id: UUID, command: ReverseReceipt
) -> PurchaseReturnView:
    """Take a mistaken receipt back whole: its goods did not come, and are expected as before.

    Raises NotFound, ReceiptReversed, ReceiptSentBack, ReceiptBilled, ReceiptWithoutLines,
    InvalidInput (before the receipt), and what `stock.send_back` raises: the goods are gone.
    """
    day = business_day_of(work, command.effective_on)
    receipt = await _hold(work, receipt_id, day)
    if receipt.head.gone:
        raise ReceiptSentBack(number=receipt.head.number)
    for line in receipt.lines:
        unbilled = receipt.order_lines[line.order_line_id].unbilled
        if unbilled < line.quantity:
            raise ReceiptBilled(
                sku=receipt.sku(line),
                number=receipt.head.number,
                quantity=plain(line.quantity),
                unbilled=plain(max(unbilled, Decimal(0))),
            )
    again = receipt.held.order.state != "closed"
    made = _new(work, receipt, "reversal", day, command.reason, again=again)
    made.number = await _number(work)
    await _take_out(work, receipt, _wanted(receipt, None), made)
    return await see_return(work.sql, made.id)


async def _hold(work: Work, receipt_id: UUID, day: date) -> Receipt:
    """The receipt and its order, locked. Raises NotFound, ReceiptReversed, and the like."""
    head = await receipts.receipt_head(work.sql, receipt_id)
    if head is None:
        raise NotFound(entity="purchase receipt", id=receipt_id)
    held = (await orders.hold_orders(work, [head.purchase_order_id]))[head.purchase_order_id]
    # What went back meanwhile is known only now: whoever sends goods back holds the order.
    head = await receipts.receipt_head(work.sql, receipt_id) or head
    if head.gone == "reversal":
        raise ReceiptReversed(number=head.number)
    if day < head.effective_on:
        wrong = FieldError("/effective_on", "before_receipt", "It had not come yet on this day.")
        raise InvalidInput(errors=[wrong])
    lines = await receipts.lines_of_receipt(work, receipt_id)
    if not lines:
        raise ReceiptWithoutLines(number=head.number)
    return Receipt(head, lines, held, {line.id: line for line in held.lines})


def _wanted(receipt: Receipt, asked: Sequence[ReturnLine] | None) -> list[ReturnLine]:
    """What goes back: the lines named, or all that did not go back yet."""
    if asked is not None:
        return list(asked)
    left = [
        ReturnLine(line_id=line.order_line_id, quantity=line.left, serials=line.serials)
        for line in receipt.lines
        if line.left
    ]
    if not left:
        raise NothingToSendBack(number=receipt.head.number)
    return left


def _new(
    work: Work, receipt: Receipt, kind: str, day: date, reason: str, *, again: bool
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
        actor=work.actor.reference,
    )


async def _number(work: Work) -> str:
    [number] = await orders.next_numbers(work.sql, "purchase_return_number_seq", 1)
    return f"PR-{number:05d}"


async def _take_out(
    work: Work, receipt: Receipt, wanted: Sequence[ReturnLine], made: PurchaseReturn
) -> None:
    """Take goods out of order, receipt, stock and books, and tell it."""
    held, again = receipt.held, made.expected_again
    leaving = [_leave(work, receipt, one, made) for one in wanted]
    held.order.note_lines(held.lines, work.now)
    await orders.save_orders(work, [held])
    costs = await stock.send_back(
        work,
        [SendBackLine(one.line.item_id, one.quantity, one.value, one.serials) for one in leaving],
        source_type=f"purchase_{made.kind}",
        source_id=made.id,
        effective_on=made.effective_on,
        counterpart="grni",
        memo=made.reason,
    )
    await _post_difference(work, made, leaving, costs)
    await receipts.add_return(work, made, _lines(made, leaving, costs), receipt.lines)
    touched = {one.order_line.id: one.order_line for one in leaving}.values()
    if again:
        await stock.expect(work, expected_of(touched))
    await refresh(work, sorted({line.item_id for line in touched}))
    await tell(work, [held.order.id], ["lines", "state"])
    await publish_return(work, made)


def _leave(work: Work, receipt: Receipt, asked: ReturnLine, made: PurchaseReturn) -> Leaving:
    """Take so many off the receipt's line and the order's. Raises as `return_received`."""
    lines = {line.order_line_id: line for line in receipt.lines}
    line = lines.get(asked.line_id)
    if line is None:
        raise NotALine(number=receipt.head.number)
    decimals = digits_of(work.setting.currency)
    value = line.send_back(asked.quantity, asked.serials, sku=receipt.sku(line), decimals=decimals)
    order_line = receipt.order_lines[asked.line_id]
    ordered, here = order_line.quantity, max(order_line.unbilled, Decimal(0))
    cleared = order_line.send_back(
        asked.quantity,
        value,
        ordered=made.expected_again or receipt.held.order.state == "closed",
        counted=made.kind == "return",
        decimals=decimals,
    )
    return Leaving(
        line=line,
        order_line=order_line,
        quantity=asked.quantity,
        value=value,
        cleared=cleared,
        billed=max(asked.quantity - here, Decimal(0)),
        dropped=ordered - order_line.quantity,
        serials=asked.serials,
    )


def expected_of(lines: Iterable[PurchaseOrderLine]) -> list[ExpectedLine]:
    """What is expected of lines, as stock takes it."""
    return [ExpectedLine(line.id, line.item_id, line.expected, line.due_on) for line in lines]


async def _post_difference(
    work: Work, made: PurchaseReturn, leaving: Sequence[Leaving], costs: Sequence[Decimal]
) -> None:
    """What the goods clear, beyond what they cost stock, is a variance."""
    differences = [
        (one.line.item_id, one.cleared - cost) for one, cost in zip(leaving, costs, strict=True)
    ]
    posting = ledger.Posting(
        id=uuid7(),
        effective_on=made.effective_on,
        source_type=f"purchase_{made.kind}",
        source_id=made.id,
        memo=made.reason,
        lines=tuple(
            line
            for item_id, amount in differences
            for line in (
                ledger.debit("grni", amount, item_id=item_id),
                ledger.credit("purchase_variance", amount, item_id=item_id),
            )
        ),
    )
    await ledger.post(work, [posting])


def _lines(
    made: PurchaseReturn, leaving: Sequence[Leaving], costs: Sequence[Decimal]
) -> list[PurchaseReturnLine]:
    return [
        PurchaseReturnLine(
            purchase_return_id=made.id,
            position=position,
            receipt_line_id=one.line.id,
            quantity=one.quantity,
            value=one.value,
            cost=cost,
            cleared=one.cleared,
            billed=one.billed,
            dropped=one.dropped,
            serials=list(one.serials),
        )
        for position, (one, cost) in enumerate(zip(leaving, costs, strict=True), 1)
    ]


async def publish_return(work: Work, made: PurchaseReturn) -> None:
    """Tell of a return: its second version is the one that took it back."""
    seen = await see_return(work.sql, made.id)
    state = seen.model_dump(exclude={"recorded_at", "actor"})
    await work.record(
        PurchaseReturned(
            **state,
            version=2 if made.reversed_on else 1,
            currency=work.setting.currency,
            changed=sorted(state.keys() - {"id"}),
        )
    )


async def see_return(sql: Sql, return_id: UUID) -> PurchaseReturnView:
    """What went back, as callers see it. Raises NotFound."""
    seen = await receipts.return_view(sql, return_id)
    if seen is None:
        raise NotFound(entity="purchase return", id=return_id)
    return seen
