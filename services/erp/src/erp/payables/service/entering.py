"""Entering suppliers' bills: posted and opened in one act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post, require_no_control_account
from erp.parties.errors import PartyArchived
from erp.payables import queries
from erp.payables.errors import DuplicateBill
from erp.payables.events import BillChanged
from erp.payables.models import Bill, BillExpense, BillLine
from erp.payables.schemas import BillView, NewBill
from erp.payables.states import BillKind, BillState
from erp.settlement.service.items import NewOpenItem, open_item
from erp.settlement.service.payments import NewCredit, apply_credit
from erp.settlement.states import PaymentDirection, Side
from erp.sums import require_bookable
from records.document_fields.service import keep_fields_of_new
from values.comparing import same_when_read

__all__ = [
    "EnterBill",
    "Expense",
    "GoodsLine",
    "bill_lock_key",
    "enter_bill",
    "enter_manual_bill",
    "get_bill",
    "publish",
]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Expense:
    """What a bill asks for that is no goods, and the account (code or role) it goes to."""

    account: str
    description: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """What a bill asks for of a line of an order, and what of its receipt that clears."""

    order_line_id: UUID
    quantity: Decimal
    unit_price: Decimal
    net: Decimal
    received: Decimal


@dataclass(frozen=True, slots=True)
class EnterBill:
    """A bill to be entered.

    `net` is all it asks for before tax, expenses included; `received` what its goods were booked
    in at. What the goods cost more or less than that is the variance. `billed_on` is the day
    written on it, by default the day on which it is booked. A credit note is the opposite: what
    it says is not owed, of the bill `credits_id` first, which the caller has locked. `opening`:
    it was open when the books were opened.
    """

    supplier_id: UUID
    bill_number: str
    purchase_order_id: UUID | None
    effective_on: date
    due_on: date
    net: Decimal
    received: Decimal
    tax: Decimal = _ZERO
    expenses: Sequence[Expense] = field(default=())
    lines: Sequence[GoodsLine] = field(default=())
    billed_on: date | None = None
    kind: BillKind = BillKind.BILL
    credits_id: UUID | None = None
    opening: bool = False
    custom: Mapping[str, Any] | None = None


async def enter_bill(work: Work, command: EnterBill) -> UUID:
    """Enter a bill: Dr received not invoiced, variance, expenses and tax; Cr payable.

    A credit note is posted the other way round, and settles its bill as far as that is open.
    A bill of nothing owes nothing, and still clears what was received. Raises DuplicateBill (E22),
    MissingReference (account), NoPeriod, PeriodClosed, InvalidInput (a sum of too many digits).
    """
    bill = await _new_bill(work, command)
    work.session.add(bill)
    await work.flush()
    work.session.add_all([*_lines(bill, command.lines), *_expenses(bill, command.expenses)])
    await work.flush()
    await post(work, [_posting(bill, command.expenses)])
    if bill.gross and bill.kind == BillKind.CREDIT_NOTE:
        await apply_credit(work, _credit(bill))
    elif bill.gross:
        await open_item(work, _open_item(bill))
    if bill.kind == BillKind.BILL and not bill.opening:
        await keep_fields_of_new(work, queries.BILL_FIELDS, {bill.id: command.custom})
    await publish(work, bill)
    return bill.id


async def _new_bill(work: Work, command: EnterBill) -> Bill:
    """The bill, its number claimed. Raises DuplicateBill, InvalidInput."""
    require_bookable(command.net + command.tax, pointer="/expenses")
    billed_on = command.billed_on or command.effective_on
    key = same_when_read(command.bill_number)
    await advisory_lock(
        work, bill_lock_key(command.supplier_id, command.bill_number, billed_on.year)
    )
    if await queries.is_entered(
        work.sql, command.supplier_id, key, billed_on.year, kind=command.kind
    ):
        raise DuplicateBill(supplier_number=command.bill_number, year=billed_on.year)
    return Bill(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        kind=command.kind,
        opening=command.opening,
        credits_id=command.credits_id,
        supplier_id=command.supplier_id,
        supplier_number=command.bill_number,
        number_key=key,
        year=billed_on.year,
        purchase_order_id=command.purchase_order_id,
        state=BillState.ENTERED,
        billed_on=billed_on,
        effective_on=command.effective_on,
        due_on=command.due_on,
        currency=work.setting.currency,
        net=command.net,
        tax=command.tax,
        gross=command.net + command.tax,
        received=command.received,
        reversal_reason="",
    )


def bill_lock_key(supplier_id: UUID, number: str, year: int) -> str:
    """The key of the lock that acts on one number of a supplier take."""
    return f"bill:{supplier_id}:{same_when_read(number)}:{year}"


def _lines(bill: Bill, lines: Sequence[GoodsLine]) -> list[BillLine]:
    return [
        BillLine(
            bill_id=bill.id,
            position=position,
            order_line_id=one.order_line_id,
            quantity=one.quantity,
            unit_price=one.unit_price,
            net=one.net,
            received=one.received,
        )
        for position, one in enumerate(lines, 1)
    ]


def _expenses(bill: Bill, expenses: Sequence[Expense]) -> list[BillExpense]:
    return [
        BillExpense(
            bill_id=bill.id,
            position=position,
            account=one.account,
            description=one.description,
            amount=one.amount,
        )
        for position, one in enumerate(expenses, 1)
    ]


async def publish(work: Work, bill: Bill) -> None:
    """Publish the bill as it is now."""
    names = BillChanged.model_fields.keys() - {"changed"}
    state = {name: getattr(bill, name) for name in names}
    await work.record(BillChanged(**state, changed=["state"]))


def _posting(bill: Bill, expenses: Sequence[Expense]) -> Posting:
    goods = bill.net - sum((one.amount for one in expenses), _ZERO)
    sign = -1 if bill.kind == BillKind.CREDIT_NOTE else 1
    return Posting(
        id=uuid7(),
        effective_on=bill.effective_on,
        source_type="bill",
        source_id=bill.id,
        memo=bill.supplier_number,
        lines=(
            debit("grni", sign * bill.received),
            debit("purchase_variance", sign * (goods - bill.received)),
            *(debit(one.account, sign * one.amount) for one in expenses),
            debit("tax_input", sign * bill.tax),
            credit("payable", sign * bill.gross, party_id=bill.supplier_id),
        ),
    )


def _credit(bill: Bill) -> NewCredit:
    return NewCredit(
        party_id=bill.supplier_id,
        source_id=bill.id,
        document_id=bill.credits_id or bill.id,
        amount=bill.gross,
        effective_on=bill.effective_on,
        reference=bill.supplier_number,
        direction=PaymentDirection.OUT,
    )


def _open_item(bill: Bill) -> NewOpenItem:
    return NewOpenItem(
        side=Side.PAYABLE,
        party_id=bill.supplier_id,
        source_type="bill",
        source_id=bill.id,
        order_id=None,
        number=bill.supplier_number,
        amount=bill.gross,
        effective_on=bill.effective_on,
        due_on=bill.due_on,
    )


async def enter_manual_bill(work: Work, command: NewBill) -> BillView:
    """Enter a bill that no purchase order stands for.

    Raises MissingReference (supplier, account), PartyArchived, CurrencyNotSupported,
    ControlAccount, Forbidden (a past day), InvalidInput (a day to come), and as `enter_bill`.
    """
    await require_no_control_account(work, [one.account for one in command.expenses])
    amounts = [*(one.amount for one in command.expenses), *([command.tax] if command.tax else [])]
    require_supported_currency(work, *(one.currency for one in amounts))
    terms = await queries.supplier_terms(work.sql, command.supplier_id)
    if terms is None:
        raise MissingReference(entity="supplier", reference=command.supplier_id)
    if terms["status"] == "archived":
        raise PartyArchived(number=terms["number"])
    day = business_day_of(work, command.effective_on)
    allowed = timedelta(days=terms["payment_terms_days"])
    bill = EnterBill(
        supplier_id=command.supplier_id,
        bill_number=command.supplier_number,
        purchase_order_id=None,
        effective_on=day,
        due_on=command.due_on or (command.billed_on or day) + allowed,
        billed_on=command.billed_on,
        net=sum((one.amount.amount for one in command.expenses), _ZERO),
        received=_ZERO,
        tax=command.tax.amount if command.tax else _ZERO,
        expenses=[
            Expense(one.account, one.description, one.amount.amount) for one in command.expenses
        ],
        custom=command.custom,
    )
    return await get_bill(work, await enter_bill(work, bill))


async def get_bill(at: Reading, bill_id: UUID) -> BillView:
    """The bill as callers see it. Raises NotFound."""
    return await queries.BILLS.get(at, bill_id)
