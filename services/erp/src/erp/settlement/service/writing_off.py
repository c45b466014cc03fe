"""Writing off what nobody will pay: cents that differ, and bad debts; and taking that back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post, require_no_control_account, reverse_document
from erp.settings import settings_of
from erp.settlement import queries
from erp.settlement.errors import (
    IsBadDebt,
    IsCreditNote,
    IsPayment,
    IsSmallDifference,
    NothingToWriteOff,
    WriteOffReversed,
    WriteOffTooLarge,
)
from erp.settlement.models import OpenItem, Payment
from erp.settlement.schemas import (
    Allocate,
    PaymentView,
    ReverseWriteOff,
)
from erp.settlement.service.allocating import (
    ALL_FIELDS,
    allocate,
    lock_payment,
    publish_payments,
    settle_items,
)
from erp.settlement.service.items import NewOpenItem, adjust_balance, open_item
from erp.settlement.states import PaymentDirection, PaymentKind, Side
from values.amounts import amount_facts

__all__ = ["NewWriteOff", "reverse_write_off", "write_off", "write_off_document_rests"]

_ZERO = Decimal(0)
_WRONG_KIND = {
    PaymentKind.PAYMENT: IsPayment,
    PaymentKind.CREDIT_NOTE: IsCreditNote,
    PaymentKind.BAD_DEBT: IsBadDebt,
    PaymentKind.SMALL_DIFFERENCE: IsSmallDifference,
}
"""Why what is of another kind is not taken back."""
_REVERSED = ["allocations", "reversal_reason", "reversed_on", "state"]


@dataclass(frozen=True, slots=True)
class NewWriteOff:
    """So much of a document that nobody will pay; `tax` of it is claimed back.

    `kind`: `small_difference` or `bad_debt`; `account` (code or role) bears the rest.
    """

    kind: PaymentKind
    document_id: UUID
    amount: Decimal
    effective_on: date
    reason: str
    account: str
    tax: Decimal = _ZERO


async def write_off(work: Work, new: NewWriteOff) -> PaymentView:
    """Settle a document with a loss: Dr account (and output tax), Cr receivable.

    The document is locked (`lock_open_item`). Raises NotFound, NothingToWriteOff, OverAllocated,
    InvalidInput (before the document), ControlAccount, MissingReference (account), NoPeriod,
    PeriodClosed.
    """
    items = await queries.open_items_for_update(work, [new.document_id])
    if new.document_id not in items:
        raise NotFound(entity="open_item", id=new.document_id)
    item = items[new.document_id]
    if not item.open_amount:
        raise NothingToWriteOff(document=item.document_number)
    if new.effective_on < item.effective_on:
        wrong = FieldError("/effective_on", "before_document", "It was not owed yet on this day.")
        raise InvalidInput(errors=[wrong])
    [view] = await _write_off(work, [new], items)
    return view


async def write_off_document_rests(
    work: Work,
    payment: Payment,
    requested: Sequence[Allocate],
    items: Mapping[UUID, OpenItem],
    *,
    on: date | None = None,
) -> None:
    """Write off what a payment leaves open of documents for which it is asked, if it is small.

    Raises WriteOffTooLarge, ControlAccount, MissingReference (account), NoPeriod, PeriodClosed.
    """
    named = {one.document_id for one in requested if one.write_off_rest}
    left = [item for item in items.values() if item.source_id in named and item.open_amount]
    if not left:
        return
    settings = settings_of(work.setting)
    _require_small(left, settings.write_off_max, work.setting.currency)
    day = max(payment.effective_on, on or payment.effective_on)
    new = [
        NewWriteOff(
            kind=PaymentKind.SMALL_DIFFERENCE,
            document_id=item.source_id,
            amount=item.open_amount,
            effective_on=max(day, item.effective_on),
            reason=payment.number,
            account=settings.write_off_account,
        )
        for item in left
    ]
    await _write_off(work, new, items)


def _require_small(left: Sequence[OpenItem], most: Decimal, currency: str) -> None:
    for item in left:
        if item.open_amount > most:
            facts = amount_facts(currency, open=item.open_amount, most=most)
            raise WriteOffTooLarge(document=item.document_number, **facts)


async def _write_off(
    work: Work, write_offs: Sequence[NewWriteOff], items: Mapping[UUID, OpenItem]
) -> list[PaymentView]:
    await require_no_control_account(work, sorted({one.account for one in write_offs}))
    numbers = await queries.next_numbers(work.sql, len(write_offs))
    payments = [
        _payment(new, items[new.document_id], number)
        for new, number in zip(write_offs, numbers, strict=True)
    ]
    allocations = [
        allocate(work, payment, items[new.document_id], new.amount, on=new.effective_on)
        for new, payment in zip(write_offs, payments, strict=True)
    ]
    await queries.add_payments(work, payments)
    await post(work, [_posting(*one) for one in zip(write_offs, payments, strict=True)])
    for payment in payments:
        adjust_balance(work, payment.side, payment.party_id, unallocated=payment.amount)
    await settle_items(work, allocations, items)
    return await publish_payments(work, [one.id for one in payments], ALL_FIELDS)


def _payment(new: NewWriteOff, item: OpenItem, number: str) -> Payment:
    return Payment(
        id=uuid7(),
        number=number,
        kind=new.kind,
        direction=PaymentDirection.IN if item.side == Side.RECEIVABLE else PaymentDirection.OUT,
        party_id=item.party_id,
        effective_on=new.effective_on,
        amount=new.amount,
        unallocated=new.amount,
        reference=new.reason,
        source_id=None,
    )


def _posting(new: NewWriteOff, payment: Payment) -> Posting:
    """Of a customer: Dr loss and output tax, Cr receivable; of a supplier the other way round."""
    sign = 1 if payment.side == Side.RECEIVABLE else -1
    return Posting(
        id=uuid7(),
        effective_on=payment.effective_on,
        source_type="write_off",
        source_id=payment.id,
        memo=f"{payment.number} {new.reason}".strip(),
        lines=(
            debit(new.account, (new.amount - new.tax) * sign),
            debit("tax_output", new.tax * sign),
            credit(payment.side, new.amount * sign, party_id=payment.party_id),
        ),
    )


async def reverse_write_off(
    work: Work, payment_id: UUID, command: ReverseWriteOff, *, kind: PaymentKind
) -> PaymentView:
    """Take a write-off back: the opposite is posted, and the document is owed again (E7).

    The write-off itself is used up by an item of the same amount, so the books agree on every day
    (E14). Raises NotFound, IsPayment and the like (it is of another kind), WriteOffReversed,
    InvalidInput (before the write-off), NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    payment = await lock_payment(work, payment_id)
    if payment.kind != kind:
        raise _WRONG_KIND[PaymentKind(payment.kind)](number=payment.number, id=payment_id)
    settled = await queries.document_written_off(work.sql, payment_id)
    if settled is None:
        raise WriteOffReversed(number=payment.number)
    if day < payment.effective_on:
        wrong = FieldError("/effective_on", "before_write_off", "It was still owed on this day.")
        raise InvalidInput(errors=[wrong])
    await reverse_document(work, payment_id, effective_on=day, memo=command.reason)
    used = await _offset(work, payment, day)
    items = await queries.open_items_for_update(work, [settled, used])
    allocations = [
        allocate(work, payment, items[settled], -payment.amount, on=day),
        allocate(work, payment, items[used], payment.amount, on=day),
    ]
    payment.mark_reversed(on=day, reason=command.reason)
    payment.touch(work.now)
    await work.flush()
    await settle_items(work, allocations, items)
    [view] = await publish_payments(work, [payment_id], _REVERSED)
    return view


async def _offset(work: Work, payment: Payment, day: date) -> UUID:
    """Open an item for what is taken back, which the write-off settles; its document."""
    [number] = await queries.next_numbers(work.sql, 1)
    document_id = uuid7()
    await open_item(
        work,
        NewOpenItem(
            side=payment.side,
            party_id=payment.party_id,
            source_type="write_off_reversal",
            source_id=document_id,
            order_id=None,
            number=number,
            amount=payment.amount,
            effective_on=day,
            due_on=day,
        ),
    )
    return document_id
