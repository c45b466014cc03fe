"""Commands and views of payables."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from erp.payables.states import BillKind, BillState
from erp.settlement.schemas import (
    OpenAmountQuery,
    OpeningItemFields,
    OpeningItemQuery,
    OpeningItemView,
)
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, TotalQuery
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import Amount, PositiveAmount, PositiveQuantity, PriceAmount
from values.money import MoneyView, PositiveMoney
from values.text import Code, Command, Line, Name

__all__ = [
    "BillExpenseView",
    "BillLineView",
    "BillQuery",
    "BillView",
    "CreditView",
    "NewBill",
    "NewCreditNote",
    "NewExpense",
    "NewOpeningPayable",
    "NewOpeningPayables",
    "NewReduction",
    "OpeningPayableQuery",
    "OpeningPayableView",
    "ReverseBill",
]


class NewExpense(Command):
    """What a bill asks for, and the account it goes to."""

    account: Annotated[Code, Field(description="The account's code.")]
    description: Line = ""
    amount: PositiveMoney


class NewBill(CustomValues):
    """Enter a bill that no purchase order stands for: rent, power, a service."""

    supplier_id: UUID
    supplier_number: Name = Field(description="The supplier's number of the bill.")
    billed_on: Day | None = Field(
        default=None,
        description="The day written on the bill, in whose year its number is unique. "
        "Default: `effective_on`.",
    )
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )
    due_on: Day | None = Field(default=None, description="Default: `billed_on` and the terms.")
    expenses: list[NewExpense] = Field(min_length=1, max_length=200)
    tax: MoneyView | None = Field(default=None, description="The input tax on the bill.")


class NewReduction(Command):
    """What the supplier takes off, and the account that gains it."""

    account: Code | None = Field(
        default=None,
        description="The account's code. Default: the purchase variance, for a price of goods.",
    )
    description: Line = ""
    amount: PositiveMoney


class NewCreditNote(Command):
    """Enter a supplier's credit note without goods: a price reduction, a bonus, a mistake."""

    supplier_id: UUID
    supplier_number: Name = Field(description="The supplier's number of the credit note.")
    bill_id: UUID | None = Field(
        default=None,
        description="The bill it settles first. Null: it is unused until it is allocated.",
    )
    billed_on: Day | None = Field(
        default=None,
        description="The day written on it, in whose year its number is unique. "
        "Default: `effective_on`.",
    )
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )
    reductions: list[NewReduction] = Field(min_length=1, max_length=200)
    tax: MoneyView | None = Field(default=None, description="The input tax on the credit note.")


class NewOpeningPayable(OpeningItemFields):
    """What we owed a supplier, or had paid ahead, when the books were opened."""

    supplier_id: UUID | None = None
    supplier_number: Name | None = Field(default=None, description="Instead of supplier_id.")

    @model_validator(mode="after")
    def _names_a_supplier(self) -> "NewOpeningPayable":
        if (self.supplier_id is None) == (self.supplier_number is None):
            raise PydanticCustomError(
                "one_supplier", "Name the supplier by supplier_id or by supplier_number, not both."
            )
        return self


class NewOpeningPayables(Command):
    """Take over what we owed suppliers, or had paid ahead, all or none."""

    effective_on: Day | None = Field(
        default=None,
        description="The day the books were opened. Default: today. A past day needs the "
        "permission `backdate`.",
    )
    items: list[NewOpeningPayable] = Field(min_length=1, max_length=500)


class ReverseBill(Command):
    """Take a bill or credit note back: it was wrong, and may be entered anew."""

    reason: Line = Field(default="", description="Why, as the books shall say.")
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class OpeningPayableView(OpeningItemView):
    """What we owed a supplier, or had paid ahead, when the books were opened: one of the bills."""

    supplier_id: UUID
    state: BillState = Field(description="`reversed`: it was taken back as a bill is.")


class OpeningPayableQuery(OpeningItemQuery):
    """Which opening items are wanted."""

    supplier_id: UUID | None = None


class BillExpenseView(InCurrency, View):
    """What a bill asks for that is no goods, and the account it goes to."""

    position: int
    account: str
    description: str
    amount: PositiveAmount
    currency: str = part_currency()


class BillLineView(InCurrency, View):
    """What a bill asks for of a line of a purchase order."""

    position: int
    order_line_id: UUID
    quantity: PositiveQuantity
    unit_price: PriceAmount
    net: Amount
    received: Amount = Field(description="What was received that it clears.")
    currency: str = part_currency()


class CreditView(InCurrency, View):
    """A credit note as settlement knows it: by its payment it is allocated, released, refunded."""

    payment_id: UUID
    unallocated: Amount
    currency: str = part_currency()


class BillView(InCurrency, CustomView, View):
    """A supplier's bill, and what is left to be paid of it; or a credit note."""

    id: UUID
    version: EtagVersion
    revision: Revision
    kind: BillKind
    credits_id: UUID | None = Field(description="The bill that a credit note is about.")
    supplier_id: UUID
    supplier_number: str
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
    open_amount: Amount
    credit: CreditView | None = Field(description="Of a credit note that is worth something.")
    lines: list[BillLineView] = Field(description="Of goods; empty of older bills.")
    expenses: list[BillExpenseView]
    reversed_on: date | None
    reversal_reason: str
    created_at: datetime


class BillQuery(Tagged, TotalQuery, OpenAmountQuery):
    """Which bills are wanted; the total is that with tax."""

    kind: Annotated[str, AnyOf(BillKind)] | None = None
    supplier_id: UUID | None = None
    purchase_order_id: UUID | None = None
    supplier_number: Line | None = Field(
        default=None, description="As a person reads it: case, width and blanks do not count."
    )
    state: Annotated[str, AnyOf(BillState)] | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")
