"""Taking back a credit that was a mistake: it is owed again, and settles nothing else."""

from datetime import date
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.settlement import queries
from erp.settlement.errors import CreditUsed
from erp.settlement.schemas import Allocate, AllocatePayment
from erp.settlement.service.allocating import lock_payment
from erp.settlement.service.items import NewOpenItem, open_item
from erp.settlement.service.payments import allocate_payment
from values.money import PositiveMoney

__all__ = ["CREDIT_REVERSAL", "reverse_credit"]

CREDIT_REVERSAL = "credit_reversal"


async def reverse_credit(work: Work, source_id: UUID, *, effective_on: date) -> None:
    """Use the whole credit of a document for its reversal, which its own module posts.

    Raises NotFound, CreditUsed.
    """
    payment = await lock_payment(work, await queries.payment_of(work.sql, source_id))
    if payment.unallocated != payment.amount:
        raise CreditUsed(number=payment.number)
    await open_item(
        work,
        NewOpenItem(
            side=payment.side,
            party_id=payment.party_id,
            source_type=CREDIT_REVERSAL,
            source_id=source_id,
            order_id=None,
            number=payment.reference,
            amount=payment.amount,
            effective_on=effective_on,
            due_on=effective_on,
        ),
    )
    whole = PositiveMoney(amount=payment.amount, currency=work.setting.currency)
    share = Allocate(document_id=source_id, amount=whole)
    await allocate_payment(work, payment.id, AllocatePayment(allocations=[share]))
