"""Events of purchasing."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event
from erp.purchasing.states import PurchaseOrderState, PurchaseReturnKind
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, PositiveQuantity, PriceAmount, Quantity

__all__ = [
    "PurchaseChanged",
    "PurchaseLineState",
    "PurchaseReturned",
    "ReceivedSerial",
    "SentBackLine",
    "SentBackLot",
]


class PurchaseLineState(InCurrency):
    """A line of the order: how much was ordered, came, and was billed."""

    id: UUID
    item_id: UUID
    sku: str
    quantity: Quantity
    received: Quantity = Field(description="What came and did not go back.")
    returned: Quantity = Field(default=Decimal(0), description="What went back, in all.")
    billed: Quantity = Field(description="What was billed and not credited.")
    credited: Quantity = Field(default=Decimal(0), description="What was credited, in all.")
    unit_price: PriceAmount
    due_on: date
    currency: str = part_currency()


class ReceivedSerial(BaseModel):
    """A piece that came with a receipt, by its serial."""

    receipt_id: UUID
    sku: str
    serial: str


class PurchaseChanged(InCurrency, Event):
    """A purchase order was placed, changed, received, sent back, billed, credited or closed."""

    event_name = "purchase-changed"
    topic = "purchase"
    aggregate = "purchase-order"

    number: str
    supplier_id: UUID
    supplier_number: str
    state: PurchaseOrderState
    ordered_on: date
    currency: str
    net: Amount = Field(description="The sum of the lines, each rounded.")
    lines: list[PurchaseLineState]
    serials: list[ReceivedSerial] = Field(
        default=[], description="Of the pieces that came and have one."
    )


class SentBackLot(BaseModel):
    """So many of a lot that went back."""

    number: str
    quantity: PositiveQuantity


class SentBackLine(InCurrency):
    """What went back of an order's line, at which value it was received, and what it cost stock."""

    line_id: UUID
    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    value: Amount
    cost: Amount
    serials: list[str] = Field(description="Serial numbers of the pieces that went back.")
    lots: list[SentBackLot] = Field(default=[], description="What of it was of which lot.")
    currency: str = part_currency()


class PurchaseReturned(InCurrency, Event):
    """Goods of a receipt went back to the supplier, or (a reversal) the receipt was a mistake."""

    event_name = "purchase-returned"
    topic = "purchase"
    aggregate = "purchase-return"

    number: str
    kind: PurchaseReturnKind
    purchase_receipt_id: UUID
    purchase_receipt_number: str
    purchase_order_id: UUID
    purchase_order_number: str
    supplier_id: UUID
    effective_on: date
    reason: str
    expected_again: bool = Field(description="Whether the supplier owes the goods anew.")
    reversed_on: date | None = Field(
        default=None, description="Since when the goods are here after all."
    )
    reversal_id: UUID | None = Field(
        default=None, description="Id of what took the return back; null: it holds."
    )
    reversal_reason: str = ""
    currency: str
    lines: list[SentBackLine]
