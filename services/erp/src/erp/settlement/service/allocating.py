"""What settles open items: allocated, stored, counted and published."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from erp.settlement import queries
from erp.settlement.events import PaymentReceived
from erp.settlement.models import Allocation, OpenItem, Payment
from erp.settlement.schemas import PaymentView
from erp.settlement.service.items import adjust_balance, publish_settled_documents

__all__ = ["ALL_FIELDS", "allocate", "lock_payment", "publish_payments", "settle_items"]

ALL_FIELDS = sorted(PaymentReceived.model_fields.keys() - {"id", "version", "changed"})


async def lock_payment(work: Work, payment_id: UUID) -> Payment:
    """The payment, locked until the act ends. Raises NotFound."""
    payment = await queries.payment_for_update(work, payment_id)
    if payment is None:
        raise NotFound(entity="payment", id=payment_id)
    return payment


def allocate(
    work: Work, payment: Payment, item: OpenItem, amount: Decimal, *, on: date | None = None
) -> Allocation:
    """Settle so much of the item with the payment, or (a negative amount) take it back."""
    currency = work.setting.currency
    item.settle(amount, kind=payment.kind, currency=currency)
    payment.allocate(amount, currency=currency)
    # Neither can be settled before it is there: so the books agree on every day (E14).
    day = max(payment.effective_on, item.effective_on, on or payment.effective_on)
    return Allocation(
        id=uuid7(),
        recorded_at=work.now,
        payment_id=payment.id,
        open_item_id=item.id,
        effective_on=day,
        amount=amount,
    )


async def settle_items(
    work: Work, allocations: Sequence[Allocation], items: Mapping[UUID, OpenItem]
) -> None:
    """Store allocations with what they leave open, adjust the balances, and publish it."""
    if not allocations:
        return
    by_id = {item.id: item for item in items.values()}
    touched = {by_id[one.open_item_id].id: by_id[one.open_item_id] for one in allocations}
    await queries.save_settled(work, list(touched.values()), allocations)
    for one in allocations:
        item = by_id[one.open_item_id]
        adjust_balance(
            work, item.side, item.party_id, open_amount=-one.amount, unallocated=-one.amount
        )
    await publish_settled_documents(work, list(touched.values()))


async def publish_payments(
    work: Work, payment_ids: Sequence[UUID], changed: Sequence[str]
) -> list[PaymentView]:
    """Publish payments as they are now; what callers see of them."""
    views = await queries.payment_views(work.sql, payment_ids, currency=work.setting.currency)
    for view in views:
        state = view.model_dump(exclude={"created_at", "revision", "source_id", "custom"})
        event = PaymentReceived(**state, changed=list(changed))
        await work.record(event)
    return views
