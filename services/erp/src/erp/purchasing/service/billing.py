"""The supplier's bill of what was received: it clears what the receipt posted (E44)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.ledger import service as ledger
from erp.parties.service.suppliers import see_supplier
from erp.payables import service as payables
from erp.payables.events import BillReversed
from erp.payables.schemas import BillView
from erp.payables.service import EnterBill, GoodsLine
from erp.purchasing.errors import NotALine, NothingToBill
from erp.purchasing.models import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import Held
from erp.purchasing.schemas import BillLine, BillReceived
from erp.purchasing.service.telling import tell
from erp.stock import service as stock
from values.decimals import EXACT, rounded
from values.money import digits_of

__all__ = ["bill_received", "unbill"]


class Billed(NamedTuple):
    """What is billed of a line, and at which price."""

    line: PurchaseOrderLine
    quantity: Decimal
    unit_price: Decimal


async def bill_received(work: Work, order_id: UUID, command: BillReceived) -> BillView:
    """Enter the supplier's bill of received lines; a deviating price becomes a variance.

    No quantity is billed twice (E45). Raises NotFound, MoreThanReceived, NothingToBill,
    NotALine (a line of another order), DuplicateBill, CurrencyNotSupported, NoPeriod,
    PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    if command.tax:
        must_be_supported(work, command.tax.currency)
    held = (await queries.hold_orders(work, [order_id])).get(order_id)
    if held is None:
        raise NotFound(entity="purchase order", id=order_id)
    billed = _billed(work, held, command.lines)
    await stock.require_countable(work.sql, [(one.line.item_id, one.quantity) for one in billed])
    lines = _goods_lines(work, held, billed)
    if not lines:
        raise NothingToBill(number=held.order.number)
    held.order.touch(work.now)
    await queries.save_orders(work, [held])
    bill = EnterBill(
        supplier_id=held.order.supplier_id,
        supplier_number=command.bill_number,
        purchase_order_id=order_id,
        effective_on=day,
        due_on=command.due_on
        or await _due_on(work, held.order.supplier_id, command.billed_on or day),
        net=sum((line.net for line in lines), Decimal(0)),
        received=sum((line.received for line in lines), Decimal(0)),
        tax=command.tax.amount if command.tax else Decimal(0),
        lines=lines,
        billed_on=command.billed_on,
    )
    bill_id = await payables.enter_bill(work, bill)
    await tell(work, [order_id], ["lines"])
    return await payables.see_bill(work.sql, bill_id)


def _goods_lines(work: Work, held: Held, billed: Sequence[Billed]) -> list[GoodsLine]:
    """What the bill asks for of each line, and what of its receipt that clears."""
    decimals = digits_of(work.setting.currency)
    return [
        GoodsLine(
            order_line_id=line.id,
            quantity=quantity,
            unit_price=unit_price,
            net=rounded(EXACT.multiply(unit_price, quantity), decimals),
            received=line.bill(quantity, sku=held.skus[line.item_id], decimals=decimals),
        )
        for line, quantity, unit_price in billed
    ]


async def unbill(work: Work, event: BillReversed) -> None:
    """Let what a bill, now taken back, had billed be billed anew; or credited, credited anew.

    Raises BillCredited.
    """
    order_id, lines = event.purchase_order_id, event.lines
    held = (await queries.hold_orders(work, [order_id]))[order_id]
    by_id, left = {line.id: line for line in held.lines}, Decimal(0)
    for one in lines:
        line = by_id[one.order_line_id]
        if event.kind == "credit_note":
            left += line.uncredit(one.quantity, one.received)
        else:
            left += line.unbill(one.quantity, one.received, bill=event.supplier_number)
    await _write_off(work, event, left)
    held.order.touch(work.now)
    await queries.save_orders(work, [held])
    await tell(work, [order_id], ["lines"])


async def _write_off(work: Work, event: BillReversed, left: Decimal) -> None:
    """What is not cleared of goods that are not here any more is a variance."""
    posting = ledger.Posting(
        id=uuid7(),
        effective_on=event.reversed_on,
        source_type="bill",
        source_id=event.id,
        memo=event.supplier_number,
        lines=(ledger.debit("grni", left), ledger.credit("purchase_variance", left)),
    )
    await ledger.post(work, [posting])


def _billed(work: Work, held: Held, asked: Sequence[BillLine] | None) -> list[Billed]:
    """What is billed: the lines named, or all that came and was not billed yet."""
    if asked is None:
        return [
            Billed(line, line.unbilled, line.unit_price) for line in held.lines if line.unbilled > 0
        ]
    must_be_supported(work, *(one.unit_price.currency for one in asked if one.unit_price))
    lines = {line.id: line for line in held.lines}
    for one in asked:
        if one.line_id not in lines:
            raise NotALine(number=held.order.number)
    return [
        Billed(
            lines[one.line_id],
            one.quantity,
            one.unit_price.amount if one.unit_price else lines[one.line_id].unit_price,
        )
        for one in asked
    ]


async def _due_on(work: Work, supplier_id: UUID, day: date) -> date:
    """By the supplier's terms of payment."""
    supplier = await see_supplier(work.sql, supplier_id)
    return day + timedelta(days=supplier.payment_terms_days)
