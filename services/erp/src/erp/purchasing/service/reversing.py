"""A return to the supplier that was a mistake: the goods are here, at what they left at."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.days import business_day_of
from erp.ledger import service as ledger
from erp.purchasing.models import PurchaseReceiptLine, PurchaseReturn, PurchaseReturnLine
from erp.purchasing.queries import orders, receipts
from erp.purchasing.queries.orders import Held
from erp.purchasing.schemas import PurchaseReturnView, ReverseReturn
from erp.purchasing.service.returning import expected_of, publish_return, see_return
from erp.purchasing.service.suggesting import refresh
from erp.purchasing.service.telling import tell
from erp.stock import service as stock
from erp.stock.service import ReceiptLine

__all__ = ["reverse_return"]

Going = Sequence[tuple[PurchaseReturnLine, UUID]]
"""What went back, and of which item."""

_SOURCE = "purchase_return_reversal"
_NOTHING = Decimal(0)


async def reverse_return(work: Work, return_id: UUID, command: ReverseReturn) -> PurchaseReturnView:
    """Take a return back, as if the goods had never left: the opposite is posted (E7, E44).

    They are in stock at what they left at, and billed, or not, as before. Raises NotFound,
    NotAReturn, ReturnReversed, ReturnCredited, MoreThanOrdered (others came for them),
    InvalidInput (before the return), Forbidden (a past day), and what `stock.receive` raises.
    """
    day = business_day_of(work, command.effective_on)
    head = await receipts.return_head(work.sql, return_id)
    if head is None:
        raise NotFound(entity="purchase return", id=return_id)
    held = (await orders.hold_orders(work, [head[0]]))[head[0]]
    made = await receipts.return_for_update(work, return_id)
    made.reverse(on=day, reason=command.reason)
    lines = await receipts.lines_of_return(work, return_id)
    came = {line.id: line for line in await receipts.lines_of_receipt(work, head[1])}
    given_up = held.order.given_up(held.lines)
    left = sum((_come_again(held, made, one, came[one.receipt_line_id]) for one in lines), _NOTHING)
    if given_up:
        held.order.touch(work.now)
    else:
        held.order.note_undone(held.lines, work.now)
    await work.flush()
    await orders.save_orders(work, [held])
    await receipts.save_receipt_lines(work, list(came.values()))
    item_ids = {one.id: came[one.receipt_line_id].item_id for one in lines}
    await _lay_in(work, made, [(one, item_ids[one.id]) for one in lines], left)
    touched = {came[one.receipt_line_id].order_line_id for one in lines}
    if not given_up:
        await stock.expect(work, expected_of(line for line in held.lines if line.id in touched))
    await refresh(work, sorted(set(item_ids.values())))
    await tell(work, [held.order.id], ["lines", "state"])
    await publish_return(work, made)
    return await see_return(work.sql, return_id)


def _come_again(
    held: Held, made: PurchaseReturn, one: PurchaseReturnLine, came: PurchaseReceiptLine
) -> Decimal:
    """Let receipt and order have it again; what stays uncleared. Raises as `reverse_return`."""
    came.come_again(one.quantity, one.value)
    order_line = next(line for line in held.lines if line.id == came.order_line_id)
    return order_line.come_again(
        one.quantity,
        one.cleared,
        billed=one.billed,
        dropped=one.dropped,
        sku=held.skus[came.item_id],
        number=made.number,
    )


async def _lay_in(work: Work, made: PurchaseReturn, lines: Going, left: Decimal) -> None:
    """Lay the goods in at what they left at; the difference to what they clear goes back too."""
    source_id, day = made.reversal_id or made.id, made.reversed_on or made.effective_on
    memo = f"{made.number} {made.reversal_reason}"
    await stock.receive(
        work,
        [
            ReceiptLine(item_id, one.quantity, one.cost, serials=one.serials)
            for one, item_id in lines
        ],
        source_type=_SOURCE,
        source_id=source_id,
        effective_on=day,
        counterpart="grni",
        memo=memo,
    )
    differences = [(item_id, one.cost - one.cleared) for one, item_id in lines]
    sides = [(ledger.debit, "grni"), (ledger.credit, "purchase_variance")]
    posting = ledger.Posting(
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
    await ledger.post(work, [posting])
