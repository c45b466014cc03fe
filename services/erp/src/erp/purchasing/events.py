"""What purchasing tells."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event
from erp.exact import NonNegativeDecimal, Quantity

__all__ = ["PurchaseChanged", "PurchaseLineState", "ReceivedSerial"]


class PurchaseLineState(BaseModel):
    """A line of the order: how much was ordered, came, and was billed."""

    id: UUID
    item_id: UUID
    sku: str
    quantity: Quantity
    received: Quantity
    billed: Quantity
    unit_price: NonNegativeDecimal
    due_on: date


class ReceivedSerial(BaseModel):
    """A piece that came with a receipt, by its serial."""

    receipt_id: UUID
    sku: str
    serial: str


class PurchaseChanged(Event):
    """A purchase order was placed, received, billed or closed."""

    event_name = "purchase-changed"
    topic = "purchase"
    aggregate = "purchase-order"

    number: str
    supplier_id: UUID
    supplier_number: str
    state: Literal["ordered", "partly_received", "received", "closed"]
    ordered_on: date
    currency: str
    net: NonNegativeDecimal = Field(description="The sum of the lines, each rounded.")
    lines: list[PurchaseLineState]
    serials: list[ReceivedSerial] = Field(
        default=[], description="Of the pieces that came and have one."
    )
