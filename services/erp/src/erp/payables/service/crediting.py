"""Suppliers' credit notes: of goods that went back, or of a price that is less after all."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.ledger.service.entries import require_no_control_account
from erp.payables import queries
from erp.payables.schemas import BillView, NewCreditNote
from erp.payables.service.entering import EnterBill, Expense, enter_bill, get_bill
from erp.payables.states import BillKind
from erp.settlement.service.items import lock_documents
from erp.sql import Sql

__all__ = ["billed_prices", "enter_manual_credit_note", "lock_bill_of_order", "lock_bill_to_credit"]

_ZERO = Decimal(0)


async def enter_manual_credit_note(work: Work, command: NewCreditNote) -> BillView:
    """Enter a credit note without goods. An archived supplier may credit.

    Raises MissingReference (supplier, bill, account), CurrencyNotSupported, ControlAccount,
    Forbidden (a past day), InvalidInput (a day to come), and as `enter_bill`.
    """
    named = [one.account for one in command.reductions if one.account]
    await require_no_control_account(work, named)
    amounts = [*(one.amount for one in command.reductions), *([command.tax] if command.tax else [])]
    require_supported_currency(work, *(one.currency for one in amounts))
    if await queries.supplier_terms(work.sql, command.supplier_id) is None:
        raise MissingReference(entity="supplier", reference=command.supplier_id)
    await lock_bill_to_credit(work, command.supplier_id, command.bill_id)
    day = business_day_of(work, command.effective_on)
    note = EnterBill(
        kind=BillKind.CREDIT_NOTE,
        credits_id=command.bill_id,
        supplier_id=command.supplier_id,
        bill_number=command.supplier_number,
        purchase_order_id=None,
        effective_on=day,
        due_on=day,
        billed_on=command.billed_on,
        net=sum((one.amount.amount for one in command.reductions), _ZERO),
        received=_ZERO,
        tax=command.tax.amount if command.tax else _ZERO,
        expenses=[
            Expense(one.account or "purchase_variance", one.description, one.amount.amount)
            for one in command.reductions
        ],
    )
    return await get_bill(work, await enter_bill(work, note))


async def lock_bill_to_credit(work: Work, supplier_id: UUID, bill_id: UUID | None) -> None:
    """Let nobody else settle the bill until this act ends. Raises MissingReference."""
    if bill_id is None:
        return
    await lock_documents(work, [bill_id])
    if not await queries.is_creditable(work.sql, supplier_id, bill_id):
        raise MissingReference(entity="bill", reference=bill_id)


async def lock_bill_of_order(work: Work, order_id: UUID) -> UUID | None:
    """The bill of the order that is open and due first, locked; None: there is none."""
    bill_id = await queries.open_bill_of_order(work.sql, order_id)
    if bill_id:
        await lock_documents(work, [bill_id])
    return bill_id


async def billed_prices(sql: Sql, order_line_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """The price at which each order line was billed last; one that was not is left out."""
    return await queries.billed_prices(sql, order_line_ids)
