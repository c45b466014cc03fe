"""Commands and views of receivables."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from erp.receivables.states import InvoiceKind, InvoiceState
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
from values.decimals import (
    Amount,
    NonNegativeDecimal,
    NonNegativeQuantity,
    PositiveQuantity,
    PriceAmount,
)
from values.money import MoneyView, PositiveMoney, UnitPriceView
from values.text import Code, Command, DocumentNumber, Line, Name

__all__ = [
    "CreditInvoice",
    "CreditLine",
    "InvoiceLineView",
    "InvoiceQuery",
    "InvoiceTaxView",
    "InvoiceView",
    "IssuedInvoice",
    "NewInvoice",
    "NewInvoiceLine",
    "NewOpening",
    "NewOpenings",
    "NewTaxCode",
    "OpeningQuery",
    "OpeningView",
    "TaxCodeView",
    "WriteOffDebt",
]

EffectiveOn = Annotated[
    Day | None, Field(description="Default: today. A past day needs the permission `backdate`.")
]
Part = Annotated[NonNegativeDecimal, Field(le=1, description="A part of 1: 0.05 is 5 %.")]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class NewTaxCode(Command):
    """Add a rate of tax. A code's rate never changes: a new rate is a new code."""

    code: Code
    name: Name
    rate: Annotated[NonNegativeDecimal, Field(lt=1, description="A part of 1: 0.13 is 13 %.")]


class TaxCodeView(View):
    """A rate of tax."""

    code: str
    name: str
    rate: NonNegativeDecimal


class NewInvoiceLine(Command):
    """A service that no order stands for. Goods are invoiced by their order."""

    description: Name
    quantity: PositiveQuantity = Decimal(1)
    unit_price: UnitPriceView
    discount: Part = Decimal(0)
    tax_code: Code = "Z0"


class NewInvoice(CustomValues):
    """Invoice what no order stands for."""

    customer_id: UUID
    effective_on: EffectiveOn = None
    lines: list[NewInvoiceLine] = Field(min_length=1, max_length=200)


class CreditLine(Command):
    """So much of a line of the invoice."""

    position: Annotated[int, Field(strict=True, ge=1)]
    quantity: PositiveQuantity


class CreditInvoice(Command):
    """Credit an invoice, by default all that is left of it."""

    reason: Line = ""
    invoice_again: StrictBool = Field(
        default=True,
        description="Of an order's invoice: true, what is credited may be invoiced anew, or comes "
        "back; false, the customer keeps it for nothing.",
    )
    effective_on: EffectiveOn = None
    lines: list[CreditLine] | None = Field(default=None, min_length=1, max_length=500)


class NewOpening(OpeningItemFields):
    """What a customer owed, or had paid ahead, when the books were opened."""

    customer_id: UUID | None = None
    customer_number: Name | None = Field(default=None, description="Instead of customer_id.")

    @model_validator(mode="after")
    def _names_a_customer(self) -> "NewOpening":
        if (self.customer_id is None) == (self.customer_number is None):
            raise PydanticCustomError(
                "one_customer", "Name the customer by customer_id or by customer_number, not both."
            )
        return self


class NewOpenings(Command):
    """Take over what customers owed, or had paid ahead, all or none."""

    effective_on: Day | None = Field(
        default=None,
        description="The day the books were opened. Default: today. A past day needs the "
        "permission `backdate`.",
    )
    items: list[NewOpening] = Field(min_length=1, max_length=500)


class WriteOffDebt(Command):
    """Write off an open invoice or its rest: nobody will pay it."""

    document_id: UUID = Field(description="The invoice, or what was open before our books.")
    amount: PositiveMoney | None = Field(default=None, description="Default: all that is open.")
    reclaim_tax: StrictBool = Field(
        default=False,
        description="True: the output tax in the amount is claimed back; false: all of it is loss.",
    )
    reason: Name = Field(description="Why nobody will pay, such as: insolvent.")
    effective_on: EffectiveOn = None


class IssuedInvoice(View):
    """An invoice or credit note; its number is given when it is committed."""

    id: UUID
    gross: MoneyView


class OpeningView(OpeningItemView):
    """What a customer owed, or had paid ahead, when the books were opened."""

    customer_id: UUID


class OpeningQuery(OpeningItemQuery):
    """Which opening items are wanted."""

    customer_id: UUID | None = None


class InvoiceLineView(InCurrency, View):
    """One line; `role` is the income account it is posted to."""

    position: int
    role: str
    order_line_id: UUID | None
    item_id: UUID | None
    description: str
    quantity: NonNegativeQuantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal
    net: Amount
    tax_code: str
    credited_quantity: NonNegativeQuantity
    currency: str = part_currency()


class InvoiceTaxView(InCurrency, View):
    """The tax of one code on the document."""

    tax_code: str
    rate: NonNegativeDecimal
    base: Amount
    tax: Amount
    currency: str = part_currency()


class InvoiceView(InCurrency, CustomView, View):
    """An invoice or credit note, and what is left to be paid of it."""

    id: UUID
    version: EtagVersion
    revision: Revision
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
    open_amount: Amount
    credited: Amount
    reason: str
    lines: list[InvoiceLineView]
    taxes: list[InvoiceTaxView]
    created_at: datetime


class InvoiceQuery(Tagged, TotalQuery, OpenAmountQuery):
    """Which invoices are wanted; the total is that with tax."""

    customer_id: UUID | None = None
    order_id: UUID | None = None
    credits_id: UUID | None = None
    kind: Annotated[str, AnyOf(InvoiceKind)] | None = None
    state: Annotated[str, AnyOf(InvoiceState)] | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")
    number: DocumentNumber | None = Field(
        default=None, description="As it is printed: INV-2026-000001."
    )
