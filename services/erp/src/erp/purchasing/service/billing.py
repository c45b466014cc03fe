"""The supplier's bill of what was received: it clears what the receipt posted (E44)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.parties.service.suppliers import SUPPLIER
from erp.payables.events import BillReversed
from erp.payables.schemas import BillView
from erp.payables.service.entering import EnterBill, GoodsLine, enter_bill, get_bill
from erp.payables.states import BillKind
from erp.purchasing.errors import NotALine, NothingToBill
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.schemas.orders import BillLine, BillPurchaseOrder
from erp.purchasing.service.orders import publish_orders
from erp.stock.service.booking import check_quantities
from values.decimals import EXACT, rounded
from values.money import digits_of

__all__ = ["bill_order", "unbill"]


class BilledLine(NamedTuple):
    """What is billed of a line, and at which price."""

    line: PurchaseOrderLine
    quantity: Decimal
    unit_price: Decimal


async def bill_order(work: Work, order_id: UUID, command: BillPurchaseOrder) -> BillView:
    """Enter the supplier's bill of received lines; a deviating price becomes a variance.

    No quantity is billed twice (E45). Raises NotFound, MoreThanReceived, NothingToBill,
    NotALine (a line of another order), DuplicateBill, CurrencyNotSupported, NoPeriod,
    PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    if command.tax:
        require_supported_currency(work, command.tax.currency)
    locked = (await queries.lock_orders(work, [order_id])).get(order_id)
    if locked is None:
        raise NotFound(entity="purchase_order", id=order_id)
    locked.order.require_placed()
    billed = _billed_lines(work, locked, command.lines)
    await check_quantities(work.sql, [(one.line.item_id, one.quantity) for one in billed])
    lines = _goods_lines(work, locked, billed)
    if not lines:
        raise NothingToBill(number=locked.order.number)
    locked.order.touch(work.now)
    await queries.save_orders(work, [locked])
    bill = EnterBill(
        supplier_id=locked.order.supplier_id,
        bill_number=command.bill_number,
        purchase_order_id=order_id,
        effective_on=day,
        due_on=command.due_on
        or await _due_on(work, locked.order.supplier_id, command.billed_on or day),
        net=sum((line.net for line in lines), Decimal(0)),
        received=sum((line.received for line in lines), Decimal(0)),
        tax=command.tax.amount if command.tax else Decimal(0),
        lines=lines,
        billed_on=command.billed_on,
        custom=command.custom,
    )
    bill_id = await enter_bill(work, bill)
    await publish_orders(work, [order_id], ["lines"])
    return await get_bill(work, bill_id)


def _goods_lines(
    work: Work, locked: LockedPurchaseOrder, billed: Sequence[BilledLine]
) -> list[GoodsLine]:
    """What the bill asks for of each line, and what of its receipt that clears."""
    decimals = digits_of(work.setting.currency)
    return [
        GoodsLine(
            order_line_id=line.id,
            quantity=quantity,
            unit_price=unit_price,
            net=rounded(EXACT.multiply(unit_price, quantity), decimals),
            received=line.bill(quantity, sku=locked.skus[line.item_id], decimals=decimals),
        )
        for line, quantity, unit_price in billed
    ]


async def unbill(work: Work, event: BillReversed) -> None:
    """Let what a bill, now taken back, had billed be billed anew; or credited, credited anew.

    Raises BillCredited.
    """
    order_id, lines = event.purchase_order_id, event.lines
    locked = (await queries.lock_orders(work, [order_id]))[order_id]
    by_id, left = {line.id: line for line in locked.lines}, Decimal(0)
    for one in lines:
        line = by_id[one.order_line_id]
        if event.kind == BillKind.CREDIT_NOTE:
            left += line.uncredit(one.quantity, one.received)
        else:
            left += line.unbill(one.quantity, one.received, bill=event.bill_number)
    await _write_off(work, event, left)
    locked.order.touch(work.now)
    await queries.save_orders(work, [locked])
    await publish_orders(work, [order_id], ["lines"])


async def _write_off(work: Work, event: BillReversed, left: Decimal) -> None:
    """What is not cleared of goods that are not here any more is a variance."""
    posting = Posting(
        id=uuid7(),
        effective_on=event.reversed_on,
        source_type="bill",
        source_id=event.id,
        memo=event.bill_number,
        lines=(debit("grni", left), credit("purchase_variance", left)),
    )
    await post(work, [posting])


def _billed_lines(
    work: Work, locked: LockedPurchaseOrder, requested: Sequence[BillLine] | None
) -> list[BilledLine]:
    """What is billed: the lines named, or all that came and was not billed yet."""
    if requested is None:
        return [
            BilledLine(line, line.unbilled, line.unit_price)
            for line in locked.lines
            if line.unbilled > 0
        ]
    require_supported_currency(
        work, *(one.unit_price.currency for one in requested if one.unit_price)
    )
    lines = {line.id: line for line in locked.lines}
    for one in requested:
        if one.line_id not in lines:
            raise NotALine(number=locked.order.number)
    return [
        BilledLine(
            lines[one.line_id],
            one.quantity,
            one.unit_price.amount if one.unit_price else lines[one.line_id].unit_price,
        )
        for one in requested
    ]


async def _due_on(work: Work, supplier_id: UUID, day: date) -> date:
    """By the supplier's terms of payment."""
    supplier = await SUPPLIER.reads.get(work, supplier_id)
    return day + timedelta(days=supplier.payment_terms_days)
