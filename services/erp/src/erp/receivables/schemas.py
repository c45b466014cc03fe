"""Views of invoices."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from erp.exact import NonNegativeDecimal

__all__ = ["InvoiceLineView", "InvoiceView"]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class InvoiceLineView(View):
    """One line; `role` is the income account it is posted to."""

    position: int
    role: str
    order_line_id: UUID | None
    item_id: UUID | None
    description: str
    quantity: NonNegativeDecimal
    unit_price: NonNegativeDecimal
    discount: NonNegativeDecimal
    net: NonNegativeDecimal
    tax_code: str


class InvoiceView(View):
    """An invoice or credit note, and what is left to be paid of it."""

    id: UUID
    version: int
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
    open_amount: NonNegativeDecimal
    lines: list[InvoiceLineView]
    created_at: datetime
