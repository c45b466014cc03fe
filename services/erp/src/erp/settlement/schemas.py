"""Commands and views of settlement."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from erp.exact import NonNegativeDecimal, Quantity
from erp.fields import Command, Line
from erp.money import MoneyView

__all__ = [
    "Allocate",
    "NewPayment",
    "NewPayments",
    "OpenItemView",
    "PartyBalance",
    "PaymentView",
    "PaymentsReply",
    "Side",
]

Side = Literal["receivable", "payable"]


class Allocate(Command):
    """So much for a document; without an amount, as much as is open and left."""

    document_id: UUID = Field(description="The invoice or bill.")
    amount: MoneyView | None = None


class NewPayment(Command):
    """Book a payment. Without allocations it settles what is due first."""

    direction: Literal["in", "out"] = "in"
    party_id: UUID = Field(description="The customer who paid, or the supplier we paid.")
    amount: MoneyView
    effective_on: date | None = None
    reference: Line = Field(default="", description="What the bank statement says.")
    allocations: list[Allocate] | None = Field(default=None, max_length=200)

    @field_validator("amount")
    @classmethod
    def _above_zero(cls, amount: MoneyView) -> MoneyView:
        if not amount.amount:
            raise PydanticCustomError("amount_not_zero", "Give an amount above zero.")
        return amount


class NewPayments(Command):
    """Book many payments in one act, all or none."""

    items: list[NewPayment] = Field(min_length=1, max_length=200)


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class PaymentView(View):
    """A payment; `unallocated` is the party's credit."""

    id: UUID
    version: int
    number: str
    direction: Literal["in", "out"]
    party_id: UUID
    effective_on: date
    amount: NonNegativeDecimal
    unallocated: NonNegativeDecimal
    reference: str
    created_at: datetime


class PaymentsReply(View):
    """The payments that were booked, in the order sent."""

    items: list[PaymentView]


class OpenItemView(View):
    """What is left to be paid of a document."""

    id: UUID
    side: Side
    party_id: UUID
    source_type: str
    source_id: UUID
    order_id: UUID | None
    document_number: str
    effective_on: date
    due_on: date
    amount: NonNegativeDecimal
    open_amount: NonNegativeDecimal
    created_at: datetime


class PartyBalance(View):
    """What a party owes us (or we owe it): open documents less unallocated payments."""

    party_id: UUID
    open: NonNegativeDecimal
    overdue: NonNegativeDecimal
    unallocated: NonNegativeDecimal
    balance: Quantity = Decimal(0)
