"""The supplier's credit note of goods that were billed and went back (E44, E45)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.payables.schemas import BillView
from erp.payables.service.crediting import billed_prices, lock_bill_of_order, lock_bill_to_credit
from erp.payables.service.entering import EnterBill, GoodsLine, enter_bill, get_bill
from erp.payables.states import BillKind
from erp.purchasing.errors import NotALine, NothingToCreditBack
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.schemas.orders import BillLine, CreditPurchaseOrder
from erp.purchasing.service.orders import publish_orders
from erp.stock.service.booking import check_quantities
from values.decimals import EXACT, rounded
from values.money import digits_of

__all__ = ["credit_order"]


async def credit_order(work: Work, order_id: UUID, command: CreditPurchaseOrder) -> BillView:
    """Enter the supplier's credit note of goods that were billed and went back.

    What it clears is what went back and is not credited yet; another price than they were
    received at is a variance. It settles the bill named, or the one of the order that is due
    first. Raises NotFound, NotALine, MoreThanSentBack, NothingToCreditBack, FractionOfUnit,
    MissingReference (bill), DuplicateBill, CurrencyNotSupported, NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    prices = [line.unit_price for line in command.lines or () if line.unit_price]
    amounts = [*prices, *([command.tax] if command.tax else [])]
    require_supported_currency(work, *(one.currency for one in amounts))
    supplier_id = await queries.supplier_of(work.sql, order_id)
    if supplier_id is None:
        raise NotFound(entity="purchase_order", id=order_id)
    # Its bill is locked before the order: whoever takes a bill back locks them so.
    bill_id = command.bill_id or await lock_bill_of_order(work, order_id)
    await lock_bill_to_credit(work, supplier_id, command.bill_id)
    locked = (await queries.lock_orders(work, [order_id]))[order_id]
    locked.order.require_placed()
    lines = await _credited_lines(work, locked, command.lines)
    locked.order.touch(work.now)
    await queries.save_orders(work, [locked])
    note = EnterBill(
        kind=BillKind.CREDIT_NOTE,
        credits_id=bill_id,
        supplier_id=supplier_id,
        bill_number=command.credit_number,
        purchase_order_id=order_id,
        effective_on=day,
        due_on=day,
        billed_on=command.billed_on,
        net=sum((line.net for line in lines), Decimal(0)),
        received=sum((line.received for line in lines), Decimal(0)),
        tax=command.tax.amount if command.tax else Decimal(0),
        lines=lines,
    )
    note_id = await enter_bill(work, note)
    await publish_orders(work, [order_id], ["lines"])
    return await get_bill(work, note_id)


async def _credited_lines(
    work: Work, locked: LockedPurchaseOrder, requested: Sequence[BillLine] | None
) -> list[GoodsLine]:
    """What is credited: the lines named, or all that went back and is not credited yet."""
    if requested is None:
        requested = [
            BillLine(line_id=line.id, quantity=-line.unbilled)
            for line in locked.lines
            if line.unbilled < 0
        ]
    if not requested:
        raise NothingToCreditBack(number=locked.order.number)
    lines = {line.id: line for line in locked.lines}
    for one in requested:
        if one.line_id not in lines:
            raise NotALine(number=locked.order.number)
    counted = [(lines[one.line_id].item_id, one.quantity) for one in requested]
    await check_quantities(work.sql, counted)
    prices = await billed_prices(work.sql, [one.line_id for one in requested])
    decimals = digits_of(work.setting.currency)
    return [
        _goods_line(lines[one.line_id], one, locked, prices.get(one.line_id), decimals=decimals)
        for one in requested
    ]


def _goods_line(
    line: PurchaseOrderLine,
    requested: BillLine,
    locked: LockedPurchaseOrder,
    billed: Decimal | None,
    *,
    decimals: int,
) -> GoodsLine:
    """A line of the credit note, at the price it names, or at which the goods were billed."""
    usual = line.unit_price if billed is None else billed
    price = requested.unit_price.amount if requested.unit_price else usual
    return GoodsLine(
        order_line_id=line.id,
        quantity=requested.quantity,
        unit_price=price,
        net=rounded(EXACT.multiply(price, requested.quantity), decimals),
        received=line.credit(requested.quantity, sku=locked.skus[line.item_id], decimals=decimals),
    )
