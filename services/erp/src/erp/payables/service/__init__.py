"""The door of payables: entering bills."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.ledger import service as ledger
from erp.lines import stand_in_line
from erp.payables import queries
from erp.payables.errors import DuplicateBill
from erp.payables.models import Bill
from erp.payables.schemas import BillView
from erp.settlement import service as settlement
from erp.sql import Sql

__all__ = ["EnterBill", "enter_bill", "see_bill"]


@dataclass(frozen=True, slots=True)
class EnterBill:
    """A bill to be entered: `received` is what the goods it asks for were booked in at."""

    supplier_id: UUID
    supplier_number: str
    purchase_order_id: UUID | None
    effective_on: date
    due_on: date
    net: Decimal
    received: Decimal


async def enter_bill(work: Work, command: EnterBill) -> UUID:
    """Enter a bill: Dr received not invoiced, Dr or Cr the price difference, Cr payable.

    Raises DuplicateBill (E22), NoPeriod, PeriodClosed.
    """
    year = command.effective_on.year
    await stand_in_line(work, f"bill:{command.supplier_id}:{command.supplier_number}:{year}")
    taken = await work.sql.fetchval(
        "select true from bill where (supplier_id, supplier_number, year) = ($1, $2, $3)",
        command.supplier_id,
        command.supplier_number,
        year,
    )
    if taken:
        raise DuplicateBill(supplier_number=command.supplier_number, year=year)
    bill = Bill(
        id=uuid7(),
        supplier_id=command.supplier_id,
        supplier_number=command.supplier_number,
        year=year,
        purchase_order_id=command.purchase_order_id,
        effective_on=command.effective_on,
        due_on=command.due_on,
        currency=work.setting.currency,
        net=command.net,
        received=command.received,
    )
    work.session.add(bill)
    await work.flush()
    await _open(work, bill)
    await _post(work, bill)
    return bill.id


async def _open(work: Work, bill: Bill) -> None:
    await settlement.open_item(
        work,
        settlement.NewItem(
            side="payable",
            party_id=bill.supplier_id,
            source_type="bill",
            source_id=bill.id,
            order_id=None,
            number=bill.supplier_number,
            amount=bill.net,
            effective_on=bill.effective_on,
            due_on=bill.due_on,
        ),
    )


async def _post(work: Work, bill: Bill) -> None:
    posting = ledger.Posting(
        id=uuid7(),
        effective_on=bill.effective_on,
        source_type="bill",
        source_id=bill.id,
        memo=bill.supplier_number,
        lines=(
            ledger.debit("grni", bill.received),
            ledger.debit("purchase_variance", bill.net - bill.received),
            ledger.credit("payable", bill.net, party_id=bill.supplier_id),
        ),
    )
    await ledger.post(work, [posting])


async def see_bill(sql: Sql, bill_id: UUID) -> BillView:
    """The bill as callers see it. Raises NotFound."""
    seen = await queries.bill_view(sql, bill_id)
    if seen is None:
        raise NotFound(entity="bill", id=bill_id)
    return seen
