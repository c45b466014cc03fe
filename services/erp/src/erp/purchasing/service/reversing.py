"""A return to the supplier that was a mistake: the goods are here, at what they left at."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.purchasing.errors import ReturnOfCase
from erp.purchasing.models.receipts import PurchaseReceiptLine, PurchaseReturn, PurchaseReturnLine
from erp.purchasing.queries import orders, receipts
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.queries.receipts import RETURNS
from erp.purchasing.schemas.receipts import PurchaseReturnView, ReverseReturn
from erp.purchasing.service.orders import expected_lines, publish_orders
from erp.purchasing.service.returning import publish_return
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.lines import LotLine, ReceiptLine
from erp.stock.service.expected_receipts import set_expected_receipts
from erp.stock.service.goods import receive_goods
from erp.stock.states import StockDocumentKind

__all__ = ["reverse_return"]

ReturnedLines = Sequence[tuple[PurchaseReturnLine, UUID]]
"""What went back, and of which item."""

_SOURCE = StockDocumentKind.PURCHASE_RETURN_REVERSAL
_ZERO = Decimal(0)


async def reverse_return(work: Work, return_id: UUID, command: ReverseReturn) -> PurchaseReturnView:
    """Take a return back, as if the goods had never left: the opposite is posted (E7, E44).

    They are in stock at what they left at, and billed, or not, as before. Raises NotFound,
    NotAReturn, ReturnReversed, ReturnOfCase, ReturnCredited, MoreThanOrdered (others came for
    them), InvalidInput (before the return), Forbidden (a past day), and what
    `stock.receive_goods` raises.
    """
    day = business_day_of(work, command.effective_on)
    head = await receipts.return_head(work.sql, return_id)
    if head is None:
        raise NotFound(entity="purchase_return", id=return_id)
    locked = (await orders.lock_orders(work, [head[0]]))[head[0]]
    purchase_return = await receipts.return_for_update(work, return_id)
    if case := await receipts.case_of_return(work.sql, return_id):
        raise ReturnOfCase(number=purchase_return.number, case=case)
    purchase_return.reverse(on=day, reason=command.reason)
    purchase_return.updated_at = work.now
    lines = await receipts.lines_of_return(work, return_id)
    came = {line.id: line for line in await receipts.lines_of_receipt(work, head[1])}
    is_closed_short = locked.order.is_closed_short(locked.lines)
    left = sum(
        (_undo_line(locked, purchase_return, one, came[one.receipt_line_id]) for one in lines),
        _ZERO,
    )
    if is_closed_short:
        locked.order.touch(work.now)
    else:
        locked.order.reopen(locked.lines, work.now)
    await work.flush()
    await orders.save_orders(work, [locked])
    await receipts.save_receipt_lines(work, head[1], list(came.values()))
    item_ids = {one.id: came[one.receipt_line_id].item_id for one in lines}
    await _restock(work, purchase_return, [(one, item_ids[one.id]) for one in lines], left)
    touched = {came[one.receipt_line_id].order_line_id for one in lines}
    if not is_closed_short:
        await set_expected_receipts(
            work, expected_lines(line for line in locked.lines if line.id in touched)
        )
    await update_suggestions(work, sorted(set(item_ids.values())))
    await publish_orders(work, [locked.order.id], ["lines", "state"])
    await publish_return(work, purchase_return)
    return await RETURNS.get(work, return_id)


def _undo_line(
    locked: LockedPurchaseOrder,
    purchase_return: PurchaseReturn,
    one: PurchaseReturnLine,
    came: PurchaseReceiptLine,
) -> Decimal:
    """Let receipt and order have it again; what stays uncleared. Raises as `reverse_return`."""
    came.undo_return(one.quantity, one.value)
    order_line = next(line for line in locked.lines if line.id == came.order_line_id)
    return order_line.undo_return(
        one.quantity,
        one.cleared,
        billed=one.billed,
        dropped=one.dropped,
        sku=locked.skus[came.item_id],
        number=purchase_return.number,
    )


async def _restock(
    work: Work, purchase_return: PurchaseReturn, lines: ReturnedLines, left: Decimal
) -> None:
    """Lay the goods in at what they left at; the difference to what they clear goes back too."""
    source_id, day = (
        purchase_return.reversal_id or purchase_return.id,
        purchase_return.reversed_on or purchase_return.effective_on,
    )
    memo = f"{purchase_return.number} {purchase_return.reversal_reason}"
    await receive_goods(
        work,
        [
            ReceiptLine(
                item_id,
                one.quantity,
                one.cost,
                serials=one.serials,
                lots=[LotLine(lot["number"], Decimal(lot["quantity"])) for lot in one.lots],
            )
            for one, item_id in lines
        ],
        source_type=_SOURCE,
        source_id=source_id,
        effective_on=day,
        counterpart="grni",
        memo=memo,
    )
    differences = [(item_id, one.cost - one.cleared) for one, item_id in lines]
    sides = [(debit, "grni"), (credit, "purchase_variance")]
    posting = Posting(
        id=uuid7(),
        effective_on=day,
        source_type=_SOURCE,
        source_id=source_id,
        memo=memo,
        lines=(
            *(
                side(role, amount, item_id=item_id)
                for item_id, amount in differences
                for side, role in sides
            ),
            *(side(role, left) for side, role in sides),
        ),
    )
    await post(work, [posting])
