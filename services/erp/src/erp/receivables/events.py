"""Events of receivables."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event, InternalEvent
from erp.receivables.states import InvoiceKind, InvoiceState
from erp.settlement.states import OpeningKind
from values.amounts import InCurrency
from values.decimals import Amount

__all__ = [
    "CreditedLine",
    "InvoiceChanged",
    "InvoiceCreditStarted",
    "InvoiceCredited",
    "OpeningReceivableChanged",
]


class InvoiceChanged(InCurrency, Event):
    """An invoice or credit note was issued, or more or less of it is left to be paid."""

    event_name = "invoice-changed"
    topic = "invoice"
    aggregate = "invoice"

    number: str
    kind: InvoiceKind
    state: InvoiceState
    customer_id: UUID
    order_id: UUID | None
    credits_id: UUID | None = Field(description="Of a credit note, the invoice it credits.")
    effective_on: date
    due_on: date
    currency: str
    net: Amount
    tax: Amount
    gross: Amount
    open_amount: Amount = Field(description="What is left to be paid.")
    credited: Amount = Field(description="What credit notes took back of it.")


class OpeningReceivableChanged(InCurrency, Event):
    """What a customer owed when the books were opened was taken over, or less of it is left.

    What the customer had paid ahead, a credit, is published once; `payment-received` says how it
    is used.
    """

    event_name = "opening-receivable-changed"
    topic = "invoice"
    aggregate = "opening-receivable"

    number: str
    kind: OpeningKind = OpeningKind.DEBT
    customer_id: UUID
    issued_on: date
    due_on: date
    effective_on: date = Field(description="The day the books were opened.")
    currency: str
    amount: Amount
    open_amount: Amount = Field(description="What is left to be paid.")
    written_off: Amount = Field(description="What nobody will pay of it.")


class InvoiceCreditStarted(InternalEvent):
    """An invoice of the order is about to be credited: the order is locked first."""

    event_name = "crediting-order"
    topic = "invoice"
    aggregate = "invoice"

    order_id: UUID


class CreditedLine(BaseModel):
    """So much of an order line was credited."""

    model_config = ConfigDict(frozen=True)

    order_line_id: UUID
    quantity: Decimal


class InvoiceCredited(InternalEvent):
    """Parts of an order's invoice were credited by hand, not because goods came back.

    `charges` are those that are credited in full; `net` is before tax. Unless `invoice_again`, what
    is credited is the customer's for nothing.
    """

    event_name = "invoice-credited"
    topic = "invoice"
    aggregate = "invoice"

    order_id: UUID
    lines: list[CreditedLine]
    charges: list[Decimal]
    net: Decimal
    invoice_again: bool
