"""Payments of other systems: known by their id there, so that none is booked twice."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.work.unit_of_work import Work
from erp.settlement.errors import PaymentBooked
from erp.settlement.models import Payment
from erp.settlement.schemas import SentPayment
from erp.settlement.service.payments import book_payments
from records.batches import upsert_each
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, upsert

__all__ = ["upsert_payments"]


async def upsert_payments(
    work: Work, request: BatchRequest, items: Sequence[SentPayment]
) -> BatchReply:
    """Book payments as another system tells them, each once; each is judged alone."""
    return await upsert_each(work, request, Payment, items, _upsert_payment)


async def _upsert_payment(
    work: Work, system: str, external_id: str, command: SentPayment
) -> Upserted:
    """Raises PaymentBooked (another one was booked), and what `book_payments` raises."""

    async def book(payment_id: UUID) -> None:
        await book_payments(work, [command], [payment_id])

    async def stay(_payment_id: UUID) -> bool:
        raise PaymentBooked(external_id=external_id)

    sent = Sent(Payment.__tablename__, system, external_id, command)
    return await upsert(work, sent, create=book, change=stay)
