"""What receivables tell."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from erp.exact import NonNegativeDecimal

__all__ = ["InvoiceChanged"]


class InvoiceChanged(Event):
    """An invoice or credit note was issued, or more or less of it is left to be paid."""

    event_name = "invoice-changed"
    topic = "invoice"
    aggregate = "invoice"

    number: str
    kind: Literal["invoice", "credit_note"]
    state: Literal["issued", "partly_paid", "paid", "credited"]
    customer_id: UUID
    order_id: UUID | None
    credits_id: UUID | None = Field(description="Of a credit note, the invoice it credits.")
    effective_on: date
    due_on: date
    currency: str
    net: NonNegativeDecimal
    tax: NonNegativeDecimal
    gross: NonNegativeDecimal
    open_amount: NonNegativeDecimal = Field(description="What is left to be paid.")
    credited: NonNegativeDecimal = Field(description="What credit notes took back of it.")
