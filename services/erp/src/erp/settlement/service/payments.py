"""Booking payments and allocating them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import MissingReference
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.ledger import service as ledger
from erp.settlement import queries
from erp.settlement.events import AllocationTold, OrdersPaid, PaymentReceived
from erp.settlement.models import Allocation, OpenItem, Payment
from erp.settlement.rules.allocating import Share, oldest_first
from erp.settlement.schemas import NewPayment, PaymentView

__all__ = ["book_payments", "give_credit"]

_SIDE = {"in": "receivable", "out": "payable"}


async def book_payments(work: Work, commands: Sequence[NewPayment]) -> list[PaymentView]:
    """Book payments, all or none, each allocated as it says, or to what is due first.

    Raises MissingReference (party, document), OverAllocated, PeriodClosed, CurrencyNotSupported.
    """
    must_be_supported(work, *(one.amount.currency for one in commands))
    await _parties_exist(work, commands)
    items = await _items(work, commands)
    numbers = await queries.next_numbers(work.sql, len(commands))
    payments = [_payment(work, one, number) for one, number in zip(commands, numbers, strict=True)]
    allocations: list[Allocation] = []
    for payment, command in zip(payments, commands, strict=True):
        allocations += _allocated(payment, command, items)
    await queries.add_payments(work, payments)
    touched = {one.open_item_id for one in allocations}
    settled = [item for item in items.values() if item.id in touched]
    await queries.save_settled(work, settled, allocations)
    await ledger.post(work, [_posting(one) for one in payments])
    await _tell(work, payments, allocations, items)
    return [PaymentView.model_validate(one) for one in payments]


async def _parties_exist(work: Work, commands: Sequence[NewPayment]) -> None:
    for direction, table in (("in", "customer"), ("out", "supplier")):
        wanted = {one.party_id for one in commands if one.direction == direction}
        rows = await work.sql.fetch(
            f"select id from {table} where id = any($1::uuid[])", list(wanted)
        )
        missing = wanted - {row["id"] for row in rows}
        if missing:
            raise MissingReference(entity=table, reference=min(missing))


async def _items(work: Work, commands: Sequence[NewPayment]) -> dict[UUID, OpenItem]:
    """Every open item the payments may settle, locked in key order; by document."""
    named = {share.document_id for one in commands for share in one.allocations or ()}
    free = {
        direction: sorted(
            {
                one.party_id
                for one in commands
                if one.direction == direction and one.allocations is None
            }
        )
        for direction in _SIDE
    }
    found = await queries.items_to_settle(
        work, sorted(named), customer_ids=free["in"], supplier_ids=free["out"]
    )
    for document_id in sorted(named - found.keys()):
        raise MissingReference(entity="document", reference=document_id)
    return found


def _payment(work: Work, command: NewPayment, number: str) -> Payment:
    return Payment(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        number=number,
        direction=command.direction,
        party_id=command.party_id,
        effective_on=business_day_of(work, command.effective_on),
        amount=command.amount.amount,
        unallocated=command.amount.amount,
        reference=command.reference,
    )


def _allocated(
    payment: Payment, command: NewPayment, items: dict[UUID, OpenItem]
) -> list[Allocation]:
    """Settle open items with the payment. Raises OverAllocated, MissingReference."""
    by_id = {item.id: item for item in items.values()}
    made = []
    for share in _shares(payment, command, items):
        by_id[share.item_id].settle(share.amount)
        payment.allocate(share.amount)
        made.append(
            Allocation(
                id=uuid7(),
                payment_id=payment.id,
                open_item_id=share.item_id,
                amount=share.amount,
            )
        )
    return made


def _shares(payment: Payment, command: NewPayment, items: dict[UUID, OpenItem]) -> list[Share]:
    own = [
        item
        for item in items.values()
        if item.party_id == payment.party_id and item.side == _SIDE[payment.direction]
    ]
    if command.allocations is None:
        due = sorted(own, key=lambda item: (item.due_on, item.id))
        return oldest_first(payment.amount, [(item.id, item.open_amount) for item in due])
    mine = {item.source_id: item for item in own}
    left, shares = payment.amount, []
    for wanted in command.allocations:
        item = mine.get(wanted.document_id)
        if item is None:
            raise MissingReference(entity="document", reference=wanted.document_id)
        amount = wanted.amount.amount if wanted.amount else min(left, item.open_amount)
        left -= amount
        if amount:
            shares.append(Share(item.id, amount))
    return shares


async def give_credit(
    work: Work, party_id: UUID, amount: Decimal, *, effective_on: date, reference: str
) -> None:
    """Leave a customer a credit: as if so much had been paid and not been allocated yet.

    The credit note that grants it posts it; no money moves here.
    """
    if not amount:
        return
    [number] = await queries.next_numbers(work.sql, 1)
    credit = Payment(
        id=uuid7(),
        number=number,
        direction="in",
        party_id=party_id,
        effective_on=effective_on,
        amount=amount,
        unallocated=amount,
        reference=reference,
    )
    await queries.add_payments(work, [credit])


def _posting(payment: Payment) -> ledger.Posting:
    """Money in: Dr bank, Cr receivable; money out: Dr payable, Cr bank."""
    amount, party = payment.amount, payment.party_id
    if payment.direction == "in":
        lines = (ledger.debit("bank", amount), ledger.credit("receivable", amount, party_id=party))
    else:
        lines = (ledger.debit("payable", amount, party_id=party), ledger.credit("bank", amount))
    return ledger.Posting(
        id=uuid7(),
        effective_on=payment.effective_on,
        source_type="payment",
        source_id=payment.id,
        memo=payment.number,
        lines=lines,
    )


async def _tell(
    work: Work,
    payments: Sequence[Payment],
    allocations: Sequence[Allocation],
    items: dict[UUID, OpenItem],
) -> None:
    by_id = {item.id: item for item in items.values()}
    owes: dict[str, dict[UUID, Decimal]] = {}
    for direction, side in _SIDE.items():
        parties = {one.party_id for one in payments if one.direction == direction}
        owes[direction] = await queries.owed(work.sql, sorted(parties), side) if parties else {}
    for payment in payments:
        told = [
            AllocationTold(
                document_id=by_id[one.open_item_id].source_id,
                document_number=by_id[one.open_item_id].document_number,
                amount=one.amount,
                open_amount=by_id[one.open_item_id].open_amount,
            )
            for one in allocations
            if one.payment_id == payment.id
        ]
        await work.record(_event(work, payment, told, owes[payment.direction][payment.party_id]))
    order_ids = {by_id[one.open_item_id].order_id for one in allocations} - {None}
    if order_ids:
        paid = sorted(order_id for order_id in order_ids if order_id)
        await work.record(OrdersPaid(order_ids=paid))


def _event(
    work: Work, payment: Payment, told: list[AllocationTold], owes: Decimal
) -> PaymentReceived:
    state = PaymentView.model_validate(payment).model_dump(exclude={"created_at"})
    changed = sorted(PaymentReceived.model_fields.keys() - {"id", "version", "changed"})
    return PaymentReceived(
        **state,
        currency=work.setting.currency,
        allocations=told,
        party_owes=owes,
        changed=changed,
    )
