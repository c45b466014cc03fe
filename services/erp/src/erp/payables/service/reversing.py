"""Taking a wrong bill back: nothing is owed of it, and it may be entered anew."""

from datetime import date
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.ledger.service.entries import reverse_document
from erp.payables import queries
from erp.payables.errors import BillPaid, BillWithoutLines
from erp.payables.events import BillReversed, UnbilledLine
from erp.payables.models import Bill
from erp.payables.schemas import BillView, ReverseBill
from erp.payables.service.entering import get_bill, publish
from erp.payables.states import BillKind
from erp.settlement.service.items import lock_documents
from erp.settlement.service.payments import NewCredit, apply_credit
from erp.settlement.service.undoing import reverse_credit
from erp.settlement.states import PaymentDirection
from values.decimals import plain

__all__ = ["reverse_bill"]


async def reverse_bill(work: Work, bill_id: UUID, command: ReverseBill) -> BillView:
    """Post the opposite of a bill, owe nothing of it, and let its goods be billed anew.

    A credit note that settles nothing is taken back likewise: it is owed again. Raises NotFound,
    BillAlreadyReversed, BillPaid, CreditUsed, BillCredited, BillWithoutLines, InvalidInput
    (before the bill), Forbidden (a past day), NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    await lock_documents(work, [bill_id])
    bill = await queries.bill_for_update(work, bill_id)
    if bill is None:
        raise NotFound(entity="bill", id=bill_id)
    bill.reverse(on=day, reason=command.reason, at=work.now)
    view = await get_bill(work, bill_id)
    _require_reversible(view, day)
    await work.flush()
    await reverse_document(work, bill_id, effective_on=day, memo=command.reason)
    if bill.purchase_order_id:
        await _unbill(work, bill.purchase_order_id, view, day)
    if bill.gross and bill.kind == BillKind.CREDIT_NOTE:
        await reverse_credit(work, bill.id, effective_on=day)
    elif bill.gross:
        _require_unsettled(view)
        await _offset_debt(work, bill, day)
    await publish(work, bill)
    return await get_bill(work, bill_id)


def _require_reversible(bill: BillView, day: date) -> None:
    """Raises InvalidInput, BillWithoutLines."""
    if day < bill.effective_on:
        wrong = FieldError("/effective_on", "before_bill", "It was not entered yet on this day.")
        raise InvalidInput(errors=[wrong])
    if bill.purchase_order_id and not bill.lines:
        raise BillWithoutLines(supplier_number=bill.supplier_number)


def _require_unsettled(bill: BillView) -> None:
    """Raises BillPaid. A credit of its goods, which may settle it as well, is refused before."""
    if bill.open_amount != bill.gross:
        settled = plain(bill.gross - bill.open_amount)
        raise BillPaid(supplier_number=bill.supplier_number, settled=settled)


async def _offset_debt(work: Work, bill: Bill, day: date) -> None:
    await apply_credit(
        work,
        NewCredit(
            party_id=bill.supplier_id,
            source_id=bill.id,
            document_id=bill.id,
            amount=bill.gross,
            effective_on=day,
            reference=bill.reversal_reason,
            direction=PaymentDirection.OUT,
        ),
    )


async def _unbill(work: Work, order_id: UUID, bill: BillView, day: date) -> None:
    lines = [
        UnbilledLine(
            order_line_id=line.order_line_id, quantity=line.quantity, received=line.received
        )
        for line in bill.lines
    ]
    await work.record(
        BillReversed(
            id=bill.id,
            version=bill.version,
            kind=bill.kind,
            bill_number=bill.supplier_number,
            reversed_on=day,
            purchase_order_id=order_id,
            lines=lines,
            changed=["state"],
        )
    )
