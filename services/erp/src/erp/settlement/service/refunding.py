"""Giving money back that a party paid, or was credited, and nothing asks for."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.settlement import queries
from erp.settlement.errors import NothingToRefund
from erp.settlement.models import Payment
from erp.settlement.schemas import Allocate, AllocatePayment, PaymentView, Refund
from erp.settlement.service.allocating import lock_payment
from erp.settlement.service.items import NewOpenItem, open_item
from erp.settlement.service.payments import allocate_payment
from erp.settlement.states import Side
from values.money import PositiveMoney

__all__ = ["refund_payment"]


async def refund_payment(work: Work, payment_id: UUID, command: Refund) -> PaymentView:
    """Give back what is left of a payment or credit note: it is used for the refund then.

    To a customer: Dr receivable, Cr bank; from a supplier the other way round, on payables. The
    refund is an open item that the payment settles at once, so the books agree on every day
    (E14). Raises NotFound, NothingToRefund, OverAllocated, InvalidInput (before the payment),
    NoPeriod, PeriodClosed, CurrencyNotSupported.
    """
    if command.amount:
        require_supported_currency(work, command.amount.currency)
    day = business_day_of(work, command.effective_on)
    payment = await lock_payment(work, payment_id)
    amount = command.amount.amount if command.amount else payment.unallocated
    if not payment.unallocated:
        raise NothingToRefund(number=payment.number)
    if day < payment.effective_on:
        wrong = FieldError("/effective_on", "before_payment", "It was not paid yet on this day.")
        raise InvalidInput(errors=[wrong])
    refund_id = uuid7()
    [number] = await queries.next_numbers(work.sql, 1)
    memo = f"{number} {command.reference}".strip()
    await post(work, [_posting(payment, refund_id, amount, day, memo)])
    await open_item(
        work,
        NewOpenItem(
            side=payment.side,
            party_id=payment.party_id,
            source_type="refund",
            source_id=refund_id,
            order_id=None,
            number=number,
            amount=amount,
            effective_on=day,
            due_on=day,
        ),
    )
    given = PositiveMoney(amount=amount, currency=work.setting.currency)
    share = Allocate(document_id=refund_id, amount=given)
    return await allocate_payment(work, payment_id, AllocatePayment(allocations=[share]))


def _posting(payment: Payment, refund_id: UUID, amount: Decimal, day: date, memo: str) -> Posting:
    sign = 1 if payment.side == Side.RECEIVABLE else -1
    return Posting(
        id=uuid7(),
        effective_on=day,
        source_type="refund",
        source_id=refund_id,
        memo=memo,
        lines=(
            debit(payment.side, amount * sign, party_id=payment.party_id),
            credit("bank", amount * sign),
        ),
    )
