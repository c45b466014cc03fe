"""What we owed, or had paid ahead, when the books were opened: posted against opening equity."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.payables import queries
from erp.payables.errors import DuplicateBill
from erp.payables.schemas import (
    NewOpeningPayable,
    NewOpeningPayables,
    OpeningPayableView,
)
from erp.payables.service.entering import EnterBill, Expense, bill_lock_key, enter_bill
from erp.payables.states import BillKind
from erp.settlement.errors import OpeningDiffers
from erp.settlement.schemas import OpeningResult, OpeningsReply
from erp.settlement.states import OpeningKind
from values.comparing import same_when_read

__all__ = ["open_payables"]

_Suppliers = Mapping[UUID | str, Mapping[str, Any]]


async def open_payables(work: Work, command: NewOpeningPayables) -> OpeningsReply:
    """Take over what we owed suppliers, or had paid ahead, all or none; each once.

    They stand with the bills and credit notes; archived suppliers are owed too. Raises InvalidInput
    (suppliers, days, numbers), OpeningDiffers, DuplicateBill (a bill has the number),
    CurrencyNotSupported, NoPeriod, PeriodClosed.
    """
    require_supported_currency(work, *(one.amount.currency for one in command.items))
    day = business_day_of(work, command.effective_on)
    suppliers = await queries.find_suppliers(
        work.sql,
        [one.supplier_id for one in command.items if one.supplier_id],
        [one.supplier_number for one in command.items if one.supplier_number],
    )
    _validate_items(command.items, suppliers, day)
    # All numbers at once, in key order: two batches at the same time wait, never deadlock.
    await advisory_lock(work, *sorted({_lock_key(one, suppliers) for one in command.items}))
    opened = [await _open(work, one, suppliers, day, command.effective_on) for one in command.items]
    return OpeningsReply(items=opened)


def _supplier(one: NewOpeningPayable, suppliers: _Suppliers) -> Mapping[str, Any]:
    return suppliers[one.supplier_id or one.supplier_number or ""]


def _lock_key(one: NewOpeningPayable, suppliers: _Suppliers) -> str:
    return bill_lock_key(_supplier(one, suppliers)["id"], one.number, one.issued_on.year)


def _key(one: NewOpeningPayable, suppliers: _Suppliers) -> tuple[str, str]:
    return _lock_key(one, suppliers), one.kind


def _validate_items(items: Sequence[NewOpeningPayable], suppliers: _Suppliers, day: date) -> None:
    """Raises InvalidInput with every item that is wrong."""
    wrong = []
    for at, one in enumerate(items):
        if (one.supplier_id or one.supplier_number) not in suppliers:
            name = "supplier_id" if one.supplier_id else "supplier_number"
            wrong.append(FieldError(f"/items/{at}/{name}", "unknown", "There is no such supplier."))
        if one.issued_on > day:
            pointer = f"/items/{at}/issued_on"
            wrong.append(
                FieldError(pointer, "after_opening", "It was written after the books were opened.")
            )
    if wrong:
        raise InvalidInput(errors=wrong)
    times = Counter(_key(one, suppliers) for one in items)
    twice = [
        FieldError(f"/items/{at}/number", "twice", "This number stands twice in the list.")
        for at, one in enumerate(items)
        if times[_key(one, suppliers)] > 1
    ]
    if twice:
        raise InvalidInput(errors=twice)


async def _open(
    work: Work,
    one: NewOpeningPayable,
    suppliers: _Suppliers,
    day: date,
    effective_on: date | None,
) -> OpeningResult:
    """Take one over, once. Raises DuplicateBill, OpeningDiffers, and as a bill."""
    supplier, key = _supplier(one, suppliers), same_when_read(one.number)
    existing = await queries.entered_bill(
        work.sql, supplier["id"], key, one.issued_on.year, credit=one.kind == OpeningKind.CREDIT
    )
    if existing is not None:
        try:
            view = await queries.OPENING_PAYABLES.get(work, existing)
        except NotFound as entered:  # a bill of ours has the number
            taken = DuplicateBill(supplier_number=one.number, year=one.issued_on.year)
            raise taken from entered
        if not _is_same_item(view, one, effective_on):
            raise OpeningDiffers(number=one.number)
        return OpeningResult(number=one.number, id=existing, status="unchanged")
    made = await enter_bill(work, _bill(one, supplier["id"], day))
    return OpeningResult(number=one.number, id=made, status="created")


def _bill(one: NewOpeningPayable, supplier_id: UUID, day: date) -> EnterBill:
    amount = one.amount.amount
    return EnterBill(
        kind=BillKind.OPENING if one.kind == OpeningKind.DEBT else BillKind.CREDIT_NOTE,
        opening=True,
        supplier_id=supplier_id,
        bill_number=one.number,
        purchase_order_id=None,
        effective_on=day,
        due_on=one.due_on or one.issued_on,
        billed_on=one.issued_on,
        net=amount,
        received=Decimal(0),
        expenses=[Expense("equity_opening", "Opening balance", amount)],
    )


def _is_same_item(
    view: OpeningPayableView, one: NewOpeningPayable, effective_on: date | None
) -> bool:
    return (
        (view.kind, view.amount) == (one.kind, one.amount.amount)
        and (view.issued_on, view.due_on) == (one.issued_on, one.due_on or one.issued_on)
        and effective_on in {None, view.effective_on}
    )
