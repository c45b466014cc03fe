"""Suppliers' credit notes: of goods that went back, or of a price that is less after all."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import MissingReference
from chassis.work.unit_of_work import Work
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.ledger import service as ledger
from erp.payables import queries
from erp.payables.schemas import BillView, NewCreditNote
from erp.payables.service.entering import EnterBill, Expense, enter_bill, see_bill
from erp.settlement import service as settlement
from erp.sql import Sql

__all__ = ["billed_prices", "credit_by_hand", "hold_bill_of_order", "hold_bill_to_credit"]

_NOTHING = Decimal(0)


async def credit_by_hand(work: Work, command: NewCreditNote) -> BillView:
    """Enter a credit note without goods. An archived supplier may credit.

    Raises MissingReference (supplier, bill, account), CurrencyNotSupported, ControlAccount,
    Forbidden (a past day), InvalidInput (a day to come), and as `enter_bill`.
    """
    named = [one.account for one in command.reductions if one.account]
    await ledger.accounts_must_be_free(work, named)
    amounts = [*(one.amount for one in command.reductions), *([command.tax] if command.tax else [])]
    must_be_supported(work, *(one.currency for one in amounts))
    if await queries.supplier_terms(work.sql, command.supplier_id) is None:
        raise MissingReference(entity="supplier", reference=command.supplier_id)
    await hold_bill_to_credit(work, command.supplier_id, command.bill_id)
    day = business_day_of(work, command.effective_on)
    note = EnterBill(
        kind="credit_note",
        credits_id=command.bill_id,
        supplier_id=command.supplier_id,
        supplier_number=command.supplier_number,
        purchase_order_id=None,
        effective_on=day,
        due_on=day,
        billed_on=command.billed_on,
        net=sum((one.amount.amount for one in command.reductions), _NOTHING),
        received=_NOTHING,
        tax=command.tax.amount if command.tax else _NOTHING,
        expenses=[
            Expense(one.account or "purchase_variance", one.description, one.amount.amount)
            for one in command.reductions
        ],
    )
    return await see_bill(work.sql, await enter_bill(work, note))


async def hold_bill_to_credit(work: Work, supplier_id: UUID, bill_id: UUID | None) -> None:
    """Let nobody else settle the bill until this act ends. Raises MissingReference."""
    if bill_id is None:
        return
    await settlement.hold_documents(work, [bill_id])
    if not await queries.bill_to_credit(work.sql, supplier_id, bill_id):
        raise MissingReference(entity="bill", reference=bill_id)


async def hold_bill_of_order(work: Work, order_id: UUID) -> UUID | None:
    """The bill of the order that is open and due first, held; None: there is none."""
    bill_id = await queries.open_bill_of_order(work.sql, order_id)
    if bill_id:
        await settlement.hold_documents(work, [bill_id])
    return bill_id


async def billed_prices(sql: Sql, order_line_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """The price at which each order line was billed last; one that was not is left out."""
    return await queries.billed_prices(sql, order_line_ids)
