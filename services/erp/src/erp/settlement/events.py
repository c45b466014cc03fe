"""What settlement tells: payments to everyone, paid orders to the modules above."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from erp.exact import NonNegativeDecimal, Quantity

__all__ = ["AllocationTold", "OrdersPaid", "PaymentReceived"]


class AllocationTold(BaseModel):
    """What of a payment settled which document, and what is left of that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_id: UUID
    document_number: str
    amount: Quantity
    open_amount: NonNegativeDecimal


class PaymentReceived(Event):
    """A customer paid, or we paid a supplier; `party_owes` is what the party owes after it."""

    event_name = "payment-received"
    topic = "payment"
    aggregate = "payment"

    number: str
    direction: Literal["in", "out"]
    party_id: UUID
    effective_on: date
    currency: str
    amount: NonNegativeDecimal
    unallocated: NonNegativeDecimal
    reference: str
    allocations: list[AllocationTold]
    party_owes: Quantity


class OrdersPaid(Event):
    """Invoices of these orders were paid, wholly or in part; stays inside the ERP."""

    event_name = "orders-paid"
    topic = "payment"
    aggregate = "settlement"
    public: ClassVar[bool] = False

    id: UUID = UUID(int=0)
    version: int = 1
    changed: list[str] = Field(default_factory=list)
    order_ids: list[UUID]
