"""Events of payables."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event, InternalEvent
from erp.payables.states import BillKind, BillState
from values.amounts import InCurrency
from values.decimals import Amount

__all__ = ["BillChanged", "BillReversed", "UnbilledLine"]


class BillChanged(InCurrency, Event):
    """A supplier's bill or credit note was entered or taken back."""

    event_name = "bill-changed"
    topic = "purchase"
    aggregate = "bill"

    kind: BillKind = Field(
        default=BillKind.BILL,
        description="A credit note takes its amounts off what we owe; an opening was owed when "
        "the books were opened.",
    )
    credits_id: UUID | None = Field(
        default=None, description="The bill that a credit note is about."
    )
    supplier_id: UUID
    supplier_number: str = Field(description="The supplier's number of the bill.")
    state: BillState
    purchase_order_id: UUID | None
    billed_on: date = Field(description="The day written on the bill.")
    effective_on: date
    due_on: date
    currency: str
    net: Amount
    tax: Amount
    gross: Amount
    received: Amount = Field(description="What its goods were booked in at.")
    reversed_on: date | None
    reversal_reason: str


class UnbilledLine(BaseModel):
    """A line of a purchase order, and what of it is not billed any more."""

    model_config = ConfigDict(frozen=True)

    order_line_id: UUID
    quantity: Decimal
    received: Decimal


class BillReversed(InternalEvent):
    """A bill, or a credit note, of a purchase order was taken back: its lines are billed anew."""

    event_name = "bill-reversed"
    topic = "purchase"
    aggregate = "bill"

    kind: BillKind
    bill_number: str
    reversed_on: date
    purchase_order_id: UUID
    lines: list[UnbilledLine]
