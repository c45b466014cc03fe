"""The supplier's credit note of goods that were billed and went back (E44, E45)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.work.unit_of_work import Work
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.payables import service as payables
from erp.payables.schemas import BillView
from erp.payables.service import EnterBill, GoodsLine
from erp.purchasing.errors import NotALine, NothingToCreditBack
from erp.purchasing.models import PurchaseOrderLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries.orders import Held
from erp.purchasing.schemas import BillLine, CreditReceived
from erp.purchasing.service.telling import tell
from erp.stock import service as stock
from values.decimals import EXACT, rounded
from values.money import digits_of

__all__ = ["credit_received"]


async def credit_received(work: Work, order_id: UUID, command: CreditReceived) -> BillView:
    """Enter the supplier's credit note of goods that were billed and went back.

    What it clears is what went back and is not credited yet; another price than they were
    received at is a variance. It settles the bill named, or the one of the order that is due
    first. Raises NotFound, NotALine, MoreThanSentBack, NothingToCreditBack, FractionOfUnit,
    MissingReference (bill), DuplicateBill, CurrencyNotSupported, NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    prices = [line.unit_price for line in command.lines or () if line.unit_price]
    amounts = [*prices, *([command.tax] if command.tax else [])]
    must_be_supported(work, *(one.currency for one in amounts))
    supplier_id = await queries.supplier_of(work.sql, order_id)
    if supplier_id is None:
        raise NotFound(entity="purchase order", id=order_id)
    # Its bill is locked before the order: whoever takes a bill back locks them so.
    bill_id = command.bill_id or await payables.hold_bill_of_order(work, order_id)
    await payables.hold_bill_to_credit(work, supplier_id, command.bill_id)
    held = (await queries.hold_orders(work, [order_id]))[order_id]
    lines = await _credited(work, held, command.lines)
    held.order.touch(work.now)
    await queries.save_orders(work, [held])
    note = EnterBill(
        kind="credit_note",
        credits_id=bill_id,
        supplier_id=supplier_id,
        supplier_number=command.credit_number,
        purchase_order_id=order_id,
        effective_on=day,
        due_on=day,
        billed_on=command.billed_on,
        net=sum((line.net for line in lines), Decimal(0)),
        received=sum((line.received for line in lines), Decimal(0)),
        tax=command.tax.amount if command.tax else Decimal(0),
        lines=lines,
    )
    note_id = await payables.enter_bill(work, note)
    await tell(work, [order_id], ["lines"])
    return await payables.see_bill(work.sql, note_id)


async def _credited(work: Work, held: Held, asked: Sequence[BillLine] | None) -> list[GoodsLine]:
    """What is credited: the lines named, or all that went back and is not credited yet."""
    if asked is None:
        asked = [
            BillLine(line_id=line.id, quantity=-line.unbilled)
            for line in held.lines
            if line.unbilled < 0
        ]
    if not asked:
        raise NothingToCreditBack(number=held.order.number)
    lines = {line.id: line for line in held.lines}
    for one in asked:
        if one.line_id not in lines:
            raise NotALine(number=held.order.number)
    counted = [(lines[one.line_id].item_id, one.quantity) for one in asked]
    await stock.require_countable(work.sql, counted)
    prices = await payables.billed_prices(work.sql, [one.line_id for one in asked])
    decimals = digits_of(work.setting.currency)
    return [
        _goods_line(lines[one.line_id], one, held, prices.get(one.line_id), decimals=decimals)
        for one in asked
    ]


def _goods_line(
    line: PurchaseOrderLine, asked: BillLine, held: Held, billed: Decimal | None, *, decimals: int
) -> GoodsLine:
    """A line of the credit note, at the price it names, or at which the goods were billed."""
    usual = line.unit_price if billed is None else billed
    price = asked.unit_price.amount if asked.unit_price else usual
    return GoodsLine(
        order_line_id=line.id,
        quantity=asked.quantity,
        unit_price=price,
        net=rounded(EXACT.multiply(price, asked.quantity), decimals),
        received=line.credit(asked.quantity, sku=held.skus[line.item_id], decimals=decimals),
    )
