"""What orders tell: what was agreed, whole, whenever it changes."""

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event, Exact, MoneyText
from crm.addresses import Address

__all__ = ["LineState", "OrderChanged"]


class LineState(BaseModel):
    """A line: some of a product at the price that was agreed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    product_id: UUID
    product_code: str
    quantity: Exact
    unit_price: MoneyText
    discount: Exact = Field(description="Part of the price, 0 to 1.")
    net: Exact


class OrderChanged(Event):
    """An order was placed, changed or cancelled by the customer."""

    event_name = "order-changed"
    topic = "order"
    aggregate = "order"

    number: str
    account_id: UUID
    ordered_on: date
    requested_on: date | None
    ship_to: Address
    note: str
    currency: str
    state: Literal["placed", "cancelled"]
    lines: list[LineState]
    freight: MoneyText
    net: Exact
    total: Exact

    @classmethod
    def every_field(cls) -> list[str]:
        """Names of all fields of the state: what a new order changes."""
        return sorted(cls.model_fields.keys() - {"id", "version", "changed"})


def money(amount: Decimal, currency: str) -> MoneyText:
    """Money as events carry it."""
    return MoneyText(amount=amount, currency=currency)
