"""Payments and credit notes: booked, allocated to open items, and taken back from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, debit
from erp.ledger.posting import credit as ledger_credit
from erp.ledger.service.entries import post
from erp.settlement import queries
from erp.settlement.errors import NotAllocated, RefundNotReleasable, WriteOffNotReleasable
from erp.settlement.models import REST_WRITTEN_OFF, WRITE_OFFS, Allocation, OpenItem, Payment
from erp.settlement.rules.allocating import AllocationShare, allocate_oldest_first
from erp.settlement.schemas import (
    Allocate,
    AllocatePayment,
    NewPayment,
    PaymentView,
    ReleasePayment,
)
from erp.settlement.service.allocating import (
    ALL_FIELDS,
    allocate,
    lock_payment,
    publish_payments,
    settle_items,
)
from erp.settlement.service.items import adjust_balance
from erp.settlement.service.overpaid import open_rest_items
from erp.settlement.service.writing_off import write_off_document_rests
from erp.settlement.states import PaymentDirection, PaymentKind
from records.document_fields.service import keep_fields_of_new

__all__ = [
    "NewCredit",
    "add_unallocated_credits",
    "allocate_payment",
    "apply_credit",
    "book_payments",
    "release_payment",
]


@dataclass(frozen=True, slots=True)
class NewCredit:
    """A credit note, posted by its own module; it settles the document first.

    `direction`: in, what a customer owes us less; out, what we owe a supplier less.
    """

    party_id: UUID
    source_id: UUID
    document_id: UUID
    amount: Decimal
    effective_on: date
    reference: str
    direction: PaymentDirection = PaymentDirection.IN


async def book_payments(
    work: Work, commands: Sequence[NewPayment], ids: Sequence[UUID] | None = None
) -> list[PaymentView]:
    """Book payments, all or none, each allocated as it says, or to what is due first.

    `ids`: those that they get, in their order.

    Raises MissingReference (party, document), OverAllocated, NoPeriod, PeriodClosed,
    CurrencyNotSupported, WriteOffTooLarge, RestTooLarge.
    """
    _require_supported(work, commands)
    await _require_parties(work, commands)
    items = await _items(work, commands)
    numbers = await queries.next_numbers(work.sql, len(commands))
    ids = ids or [uuid7() for _ in commands]
    payments = [_payment(work, *one) for one in zip(commands, numbers, ids, strict=True)]
    allocations: list[Allocation] = []
    for payment, command in zip(payments, commands, strict=True):
        allocations += _allocate_shares(work, payment, command.allocations, items)
    pairs = zip(payments, commands, strict=True)
    rests, rest_items = await open_rest_items(
        work, [one for one, said in pairs if said.write_off_rest]
    )
    await queries.add_payments(work, payments)
    await post(work, [_posting(one) for one in payments])
    for one in payments:
        adjust_balance(work, one.side, one.party_id, unallocated=one.amount)
    await settle_items(work, [*allocations, *rests], items | rest_items)
    for payment, command in zip(payments, commands, strict=True):
        await write_off_document_rests(work, payment, command.allocations or (), items)
    pairs = zip(payments, commands, strict=True)
    custom = {one.id: command.custom for one, command in pairs}
    await keep_fields_of_new(work, queries.PAYMENT_FIELDS, custom)
    return await publish_payments(work, [one.id for one in payments], ALL_FIELDS)


def _require_supported(work: Work, commands: Sequence[NewPayment]) -> None:
    require_supported_currency(work, *(one.amount.currency for one in commands))
    for one in commands:
        _require_supported_shares(work, one.allocations)


def _require_supported_shares(work: Work, allocations: Sequence[Allocate] | None) -> None:
    require_supported_currency(
        work, *(one.amount.currency for one in allocations or () if one.amount)
    )


async def _require_parties(work: Work, commands: Sequence[NewPayment]) -> None:
    missing = await queries.missing_party(
        work.sql,
        [one.party_id for one in commands if one.direction == PaymentDirection.IN],
        [one.party_id for one in commands if one.direction == PaymentDirection.OUT],
    )
    if missing:
        raise MissingReference(entity=missing[0], reference=missing[1])


async def _items(work: Work, commands: Sequence[NewPayment]) -> dict[UUID, OpenItem]:
    """Every open item the payments may settle, locked in key order; by document."""
    free = [one for one in commands if one.allocations is None]
    return await queries.items_to_settle(
        work,
        [share.document_id for one in commands for share in one.allocations or ()],
        [one.party_id for one in free if one.direction == PaymentDirection.IN],
        [one.party_id for one in free if one.direction == PaymentDirection.OUT],
    )


def _payment(work: Work, command: NewPayment, number: str, payment_id: UUID) -> Payment:
    return Payment(
        id=payment_id,
        number=number,
        kind=PaymentKind.PAYMENT,
        direction=command.direction,
        party_id=command.party_id,
        effective_on=business_day_of(work, command.effective_on),
        amount=command.amount.amount,
        unallocated=command.amount.amount,
        reference=command.reference,
        source_id=None,
    )


def _allocate_shares(
    work: Work,
    payment: Payment,
    requested: Sequence[Allocate] | None,
    items: Mapping[UUID, OpenItem],
    *,
    on: date | None = None,
) -> list[Allocation]:
    """Settle open items with the payment. Raises OverAllocated, MissingReference."""
    own = {
        item.source_id: item
        for item in items.values()
        if item.party_id == payment.party_id and item.side == payment.side
    }
    return [
        allocate(work, payment, own[share.document_id], share.amount, on=on)
        for share in _shares(payment, requested, own)
        if share.amount
    ]


def _shares(
    payment: Payment, requested: Sequence[Allocate] | None, own: Mapping[UUID, OpenItem]
) -> Iterable[AllocationShare]:
    """What the payment settles, one after the other: each sees what the last one has left."""
    if requested is None:
        due = sorted(own.values(), key=lambda item: (item.due_on, item.id))
        yield from allocate_oldest_first(
            payment.unallocated, [(item.source_id, item.open_amount) for item in due]
        )
        return
    for one in requested:
        item = own.get(one.document_id)
        if item is None:
            raise MissingReference(entity="document", reference=one.document_id)
        most = min(payment.unallocated, item.open_amount)
        yield AllocationShare(item.source_id, one.amount.amount if one.amount else most)


async def apply_credit(work: Work, credit: NewCredit) -> Decimal:
    """Let a credit note settle its document as far as that is open: how much that was.

    The rest stays unused. No money moves and nothing is posted here. The document is locked
    (`lock_documents`).
    """
    items = await queries.open_items_for_update(work, [credit.document_id])
    [number] = await queries.next_numbers(work.sql, 1)
    payment = _credit(credit, number)
    allocations = _allocate_shares(work, payment, None, items)
    await queries.add_payments(work, [payment])
    adjust_balance(work, payment.side, payment.party_id, unallocated=payment.amount)
    await settle_items(work, allocations, items)
    await publish_payments(work, [payment.id], ALL_FIELDS)
    return payment.amount - payment.unallocated


async def add_unallocated_credits(work: Work, new_credits: Sequence[NewCredit]) -> None:
    """Store credits that settle nothing yet; their own module posts them."""
    numbers = await queries.next_numbers(work.sql, len(new_credits))
    payments = [_credit(one, number) for one, number in zip(new_credits, numbers, strict=True)]
    await queries.add_payments(work, payments)
    for one in payments:
        adjust_balance(work, one.side, one.party_id, unallocated=one.amount)
    await publish_payments(work, [one.id for one in payments], ALL_FIELDS)


def _credit(credit: NewCredit, number: str) -> Payment:
    return Payment(
        id=uuid7(),
        number=number,
        kind=PaymentKind.CREDIT_NOTE,
        direction=credit.direction,
        party_id=credit.party_id,
        effective_on=credit.effective_on,
        amount=credit.amount,
        unallocated=credit.amount,
        reference=credit.reference,
        source_id=credit.source_id,
    )


async def allocate_payment(work: Work, payment_id: UUID, command: AllocatePayment) -> PaymentView:
    """Settle documents with what is left of a payment, by default what is due first.

    Raises NotFound, MissingReference, OverAllocated, WriteOffTooLarge.
    """
    _require_supported_shares(work, command.allocations)
    payment = await lock_payment(work, payment_id)
    free = [payment.party_id] if command.allocations is None else []
    items = await queries.items_to_settle(
        work,
        [one.document_id for one in command.allocations or ()],
        free if payment.direction == PaymentDirection.IN else [],
        free if payment.direction == PaymentDirection.OUT else [],
    )
    allocations = _allocate_shares(work, payment, command.allocations, items, on=work.today())
    return await _save_changes(work, payment, allocations, items, command.allocations or ())


async def release_payment(work: Work, payment_id: UUID, command: ReleasePayment) -> PaymentView:
    """Take back what of a payment settled a document, exactly (E15).

    Raises NotFound, NotAllocated, RefundNotReleasable, WriteOffNotReleasable.
    """
    payment = await lock_payment(work, payment_id)
    items = await queries.open_items_for_update(work, [command.document_id])
    item = items.get(command.document_id)
    settled = item and await queries.allocated(work, payment.id, item.id)
    if not item or not settled or item.source_type == "credit_reversal":
        raise NotAllocated(number=payment.number)
    if payment.kind in WRITE_OFFS:
        raise WriteOffNotReleasable(number=payment.number)
    if item.source_type == REST_WRITTEN_OFF:
        raise WriteOffNotReleasable(number=item.document_number)
    if item.source_type == "refund":
        raise RefundNotReleasable(number=item.document_number)
    allocations = [allocate(work, payment, item, -settled, on=work.today())]
    return await _save_changes(work, payment, allocations, items)


async def _save_changes(
    work: Work,
    payment: Payment,
    allocations: Sequence[Allocation],
    items: Mapping[UUID, OpenItem],
    requested: Sequence[Allocate] = (),
) -> PaymentView:
    if allocations:
        payment.touch(work.now)
        await work.flush()
        await settle_items(work, allocations, items)
    await write_off_document_rests(work, payment, requested, items, on=work.today())
    if allocations:
        [view] = await publish_payments(work, [payment.id], ["allocations", "unallocated"])
        return view
    return await queries.PAYMENTS.get(work, payment.id)


def _posting(payment: Payment) -> Posting:
    """Money in: Dr bank, Cr receivable; money out: Dr payable, Cr bank."""
    amount, party = payment.amount, payment.party_id
    if payment.direction == PaymentDirection.IN:
        lines = (debit("bank", amount), ledger_credit("receivable", amount, party_id=party))
    else:
        lines = (debit("payable", amount, party_id=party), ledger_credit("bank", amount))
    return Posting(
        id=uuid7(),
        effective_on=payment.effective_on,
        source_type="payment",
        source_id=payment.id,
        memo=payment.number,
        lines=lines,
    )
