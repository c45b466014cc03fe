"""Views of bills."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from erp.exact import NonNegativeDecimal

__all__ = ["BillView"]


class BillView(BaseModel):
    """A supplier's bill, and what is left to be paid of it."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: int
    supplier_id: UUID
    supplier_number: str
    purchase_order_id: UUID | None
    effective_on: date
    due_on: date
    currency: str
    net: NonNegativeDecimal
    received: NonNegativeDecimal
    open_amount: NonNegativeDecimal
    created_at: datetime
