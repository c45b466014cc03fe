"""Events of fulfilment: the whole state of an order, whenever anything of it changes."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from erp.fulfilment.states import ChangeKind, ChangeState, OrderState, ShipmentKind
from values.address import Address
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, NonNegativeDecimal, PositiveQuantity, PriceAmount, Quantity

__all__ = [
    "OrderChangeAnswer",
    "OrderChanged",
    "OrderExternalRef",
    "OrderLineState",
    "OrderShipment",
    "ShippedLot",
    "ShippedSerial",
]


class StatePart(BaseModel):
    """A part of the order's state."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderExternalRef(StatePart):
    """The order's id in another system."""

    system: str
    external_id: str
    source_version: int | None = Field(
        default=None, description="The newest version there that was decided on here."
    )
    source_history: int | None = Field(
        default=None, description="The history of their database in which that version counts."
    )


class OrderLineState(InCurrency, StatePart):
    """How a line stands; of goods of a confirmed order: quantity = reserved + waiting + shipped."""

    id: UUID
    external_line_id: str = Field(description="The sender's id of the line; empty: it has none.")
    item_id: UUID
    sku: str
    quantity: Quantity
    unit_price: PriceAmount = Decimal(0)
    discount: NonNegativeDecimal = Field(Decimal(0), description="Part of the price, 0 to 1.")
    reserved: Quantity
    waiting: Quantity
    shipped: Quantity
    returned: Quantity
    invoiced: Quantity
    net: Amount
    currency: str = part_currency()
    soft_reservation_id: UUID | None = Field(
        default=None, description="The soft reservation that it names; null: none."
    )


class ShippedSerial(StatePart):
    """A piece that went along, by its serial."""

    order_line_id: UUID
    sku: str
    serial: str


class ShippedLot(StatePart):
    """So many of a lot that went along."""

    order_line_id: UUID
    sku: str
    lot_id: UUID
    lot: str
    quantity: PositiveQuantity


class OrderShipment(StatePart):
    """A shipment, or goods that came back."""

    id: UUID
    number: str
    kind: ShipmentKind
    shipped_on: date
    carrier: str
    tracking_number: str
    reversed_on: date | None = Field(
        default=None, description="The day on which it was taken back as a mistake; null: it stays."
    )
    serials: list[ShippedSerial] = Field(default=[], description="Of the pieces that have one.")
    lots: list[ShippedLot] = Field(default=[], description="What of it was of which lot.")


class OrderChangeAnswer(StatePart):
    """The last change or cancellation that was asked for after confirmation, and the answer."""

    kind: ChangeKind
    state: ChangeState
    reason: str
    source_version: int | None = Field(
        default=None, description="The sender's version that asked for it; null: nobody sent it."
    )
    source_history: int | None = Field(
        default=None, description="The history of the sender's database; null: it gave none."
    )


class OrderChanged(InCurrency, Event):
    """An order was placed, decided, reserved, shipped, invoiced, paid, changed or cancelled."""

    event_name = "order-changed"
    topic = "order"
    aggregate = "sales-order"

    number: str
    customer_id: UUID
    external_refs: list[OrderExternalRef]
    state: OrderState
    reason: str = Field(description="Why it is held or rejected; empty otherwise.")
    currency: str
    ordered_on: date
    requested_on: date | None
    promised_on: date | None = Field(description="The confirmed day; null: no known day.")
    ship_to: Address = Address()
    note: str = ""
    lines: list[OrderLineState]
    shipments: list[OrderShipment]
    last_change: OrderChangeAnswer | None
    net: Amount
    charges: Amount
    invoiced: Amount = Field(
        description="What was invoiced, before tax; credit notes not taken off."
    )
    paid: Amount = Field(description="What money has settled of its invoices, tax included.")
    open_amount: Amount = Field(
        description="What is left to be paid of its invoices, tax included."
    )
