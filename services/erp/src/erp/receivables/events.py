"""What receivables tell."""

from datetime import date
from typing import Literal
from uuid import UUID

from chassis.events.event import Event
from erp.exact import NonNegativeDecimal, Quantity

__all__ = ["InvoiceIssued"]


class InvoiceIssued(Event):
    """An invoice or credit note was issued; `customer_owes` is what the customer owes after it."""

    event_name = "invoice-issued"
    topic = "invoice"
    aggregate = "invoice"

    number: str
    kind: Literal["invoice", "credit_note"]
    customer_id: UUID
    order_id: UUID | None
    effective_on: date
    due_on: date
    currency: str
    net: NonNegativeDecimal
    tax: NonNegativeDecimal
    gross: NonNegativeDecimal
    customer_owes: Quantity
