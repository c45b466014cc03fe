"""Writing off the rest of a payment, where it is a cent or two; and taking that back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post, require_no_control_account
from erp.settings import settings_of
from erp.settlement import queries
from erp.settlement.errors import (
    NothingToWriteOff,
    RestNotWrittenOff,
    RestTooLarge,
    RestWrittenOff,
)
from erp.settlement.models import REST_WRITTEN_OFF, Allocation, OpenItem, Payment
from erp.settlement.schemas import PaymentView, ReverseWriteOff, WriteOffRest
from erp.settlement.service.allocating import (
    allocate,
    lock_payment,
    publish_payments,
    settle_items,
)
from erp.settlement.service.items import NewOpenItem, open_items
from erp.settlement.service.writing_off import NewWriteOff, write_off
from erp.settlement.states import PaymentKind, Side
from values.amounts import amount_facts

__all__ = ["open_rest_items", "reverse_rest_write_off", "write_off_rest"]

_CHANGED = ["allocations", "unallocated"]


async def write_off_rest(work: Work, payment_id: UUID, command: WriteOffRest) -> PaymentView:
    """Keep the few cents that a party paid too much; or give up those that we paid too much.

    Of a customer: Dr receivable, Cr payment differences; of a supplier the other way round. The
    rest is an open item that the payment settles at once, so the books agree on every day (E14).
    Raises NotFound, NothingToWriteOff, RestTooLarge, RestWrittenOff, InvalidInput (before the
    payment), ControlAccount, MissingReference (account), NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    payment = await lock_payment(work, payment_id)
    if not payment.unallocated:
        raise NothingToWriteOff(document=payment.number)
    if await queries.written_off_rest(work.sql, payment_id):
        raise RestWrittenOff(number=payment.number)
    if day < payment.effective_on:
        wrong = FieldError("/effective_on", "before_payment", "It was not paid yet on this day.")
        raise InvalidInput(errors=[wrong])
    allocations, items = await open_rest_items(work, [payment], on=day, reason=command.reason)
    payment.touch(work.now)
    await work.flush()
    await settle_items(work, allocations, items)
    [view] = await publish_payments(work, [payment_id], _CHANGED)
    return view


async def open_rest_items(
    work: Work, payments: Sequence[Payment], *, on: date | None = None, reason: str = ""
) -> tuple[list[Allocation], dict[UUID, OpenItem]]:
    """Post what is left of each payment as written off; what settles which items then.

    The caller stores it, with the payments. Raises as `write_off_rest`.
    """
    left = [one for one in payments if one.unallocated]
    if not left:
        return [], {}
    settings = settings_of(work.setting)
    for one in left:
        if one.unallocated > settings.write_off_max:
            facts = {"rest": one.unallocated, "most": settings.write_off_max}
            raise RestTooLarge(number=one.number, **amount_facts(work.setting.currency, **facts))
    account = settings.write_off_account
    await require_no_control_account(work, [account])
    numbers = await queries.next_numbers(work.sql, len(left))
    new_items = [_item(one, number, on) for one, number in zip(left, numbers, strict=True)]
    await open_items(work, new_items)
    await post(work, [_posting(new, account, reason) for new in new_items])
    items = await queries.open_items_for_update(work, [new.source_id for new in new_items])
    allocations = [
        allocate(work, payment, items[new.source_id], new.amount)
        for payment, new in zip(left, new_items, strict=True)
    ]
    return allocations, items


def _item(payment: Payment, number: str, on: date | None) -> NewOpenItem:
    day = on or payment.effective_on
    return NewOpenItem(
        side=payment.side,
        party_id=payment.party_id,
        source_type=REST_WRITTEN_OFF,
        source_id=uuid7(),
        order_id=None,
        number=number,
        amount=payment.unallocated,
        effective_on=day,
        due_on=day,
    )


def _posting(new: NewOpenItem, account: str, reason: str) -> Posting:
    """Of a customer: Dr receivable, Cr difference; of a supplier the other way round."""
    sign = 1 if new.side == Side.RECEIVABLE else -1
    return Posting(
        id=uuid7(),
        effective_on=new.effective_on,
        source_type="write_off",
        source_id=new.source_id,
        memo=f"{new.number} {reason}".strip(),
        lines=(
            debit(new.side, new.amount * sign, party_id=new.party_id),
            credit(account, new.amount * sign),
        ),
    )


async def reverse_rest_write_off(
    work: Work, payment_id: UUID, command: ReverseWriteOff
) -> PaymentView:
    """Have the rest again that was written off, such as when the customer asks for it.

    What was kept is lost again, as a small difference that settles the written off item (E7,
    E14). Raises NotFound, RestNotWrittenOff, InvalidInput (before the write-off), and as
    `write_off`.
    """
    day = business_day_of(work, command.effective_on)
    payment = await lock_payment(work, payment_id)
    document_id = await queries.written_off_rest(work.sql, payment_id)
    if document_id is None:
        raise RestNotWrittenOff(number=payment.number)
    items = await queries.open_items_for_update(work, [document_id])
    item = items[document_id]
    if day < item.effective_on:
        wrong = FieldError("/effective_on", "before_write_off", "It was still left on this day.")
        raise InvalidInput(errors=[wrong])
    amount = Decimal(item.amount)
    allocations = [allocate(work, payment, item, -amount, on=day)]
    payment.touch(work.now)
    await work.flush()
    await settle_items(work, allocations, items)
    loss = NewWriteOff(
        kind=PaymentKind.SMALL_DIFFERENCE,
        document_id=document_id,
        amount=amount,
        effective_on=day,
        reason=f"{payment.number} {command.reason}".strip(),
        account=settings_of(work.setting).write_off_account,
    )
    await write_off(work, loss)
    [view] = await publish_payments(work, [payment_id], _CHANGED)
    return view
