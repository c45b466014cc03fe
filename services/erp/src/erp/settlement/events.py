"""Events of settlement: payments and balances for everyone, settled documents for modules above."""

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.events.event import Event, InternalEvent
from erp.settlement.states import PaymentDirection, PaymentKind, PaymentState
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, SignedAmount

__all__ = [
    "BalanceChanged",
    "DocumentsSettled",
    "OrdersPaid",
    "PaymentAllocation",
    "PaymentReceived",
]


class PaymentAllocation(InCurrency):
    """What of a payment settles which document, and what is left of that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_id: UUID
    document_number: str
    amount: Amount
    open_amount: Amount
    currency: str = part_currency()


class PaymentReceived(InCurrency, Event):
    """A customer paid, we paid a supplier, or the payment settles other documents than before.

    A credit note and a write-off are published likewise: no money moves with those.
    """

    event_name = "payment-received"
    topic = "payment"
    aggregate = "payment"

    number: str
    kind: PaymentKind
    direction: PaymentDirection = Field(description="Whether the money came in or went out.")
    party_id: UUID
    effective_on: date
    currency: str
    amount: Amount
    unallocated: Amount
    reference: str
    allocations: list[PaymentAllocation]
    state: PaymentState = Field(
        default=PaymentState.BOOKED, description="`reversed`: a write-off that was taken back."
    )
    reversed_on: date | None = Field(
        default=None, description="Since when the document is owed again; null: not taken back."
    )
    reversal_reason: str = ""


class BalanceChanged(InCurrency, Event):
    """What a customer owes us changed: an invoice, a credit note or a payment was booked."""

    event_name = "balance-changed"
    topic = "payment"
    aggregate = "balance"

    customer_id: UUID
    currency: str
    open_amount: Amount = Field(description="Left to be paid of invoices.")
    unallocated: Amount = Field(description="Paid or credited, and not used yet.")
    owed: SignedAmount = Field(description="Open less unallocated; negative: we owe the customer.")
    told_at: datetime = Field(description="Grows with the version.")


class DocumentsSettled(InternalEvent):
    """More, or less, is left to be paid of documents, whose open items are locked still."""

    event_name = "documents-settled"
    topic = "payment"
    aggregate = "settlement"

    document_ids: list[UUID]
    opening_ids: list[UUID] = Field(default=[], description="Those that are opening receivables.")


class OrdersPaid(InternalEvent):
    """Invoices of these orders were paid, credited or reopened.

    Published while open items are locked, and callers lock an order before its open items: a
    handler must not wait for an order's row here (leave a job).
    """

    event_name = "orders-paid"
    topic = "payment"
    aggregate = "settlement"

    order_ids: list[UUID]
