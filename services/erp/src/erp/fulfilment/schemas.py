"""Commands and views of sales orders, shipments and returns."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from erp.fulfilment.events import (
    OrderChangeAnswer,
    OrderExternalRef,
    OrderLineState,
    OrderShipment,
    ShippedLot,
    ShippedSerial,
)
from erp.fulfilment.states import ChargeKind, OrderState, ShipmentKind
from erp.stock.schemas.goods import MovedLot, Serials
from erp.stock.schemas.lot_lines import Lots
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, TotalQuery
from records.tagged import Tagged
from values.address import Address, AddressChange, AddressPatch
from values.amounts import InCurrency
from values.days import Day
from values.decimals import Amount, NonNegativeDecimal, PositiveQuantity
from values.external import ExternalId, SourceVersion
from values.money import MoneyView, UnitPriceView
from values.text import Command, DocumentNumber, Line, Name, Note, OptionalNote, SerialNumber

__all__ = [
    "BatchOrder",
    "ChangeLine",
    "ChangeOrder",
    "InvoiceOrder",
    "Invoiced",
    "LineQuantity",
    "NewCharge",
    "NewOrder",
    "NewOrderLine",
    "OrderBase",
    "OrderQuery",
    "OrderView",
    "PlacedOrderLine",
    "ReturnGoods",
    "ReverseShipment",
    "ShipOrder",
    "ShipQuantity",
    "ShipmentLineView",
    "ShipmentQuery",
    "ShipmentView",
    "Shipped",
    "UpsertOrder",
    "UpsertOrders",
]

Discount = Annotated[NonNegativeDecimal, Field(le=1, description="Part of the price, 0 to 1.")]


class NewOrderLine(Command):
    """Some of an item. Without a price, the price list's of the order's day holds."""

    item_id: UUID | None = None
    sku: Name | None = Field(default=None, description="Instead of item_id.")
    external_line_id: Line = Field(default="", description="The sender's id of the line.")
    description: Line = ""
    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = None
    discount: Discount = Decimal(0)

    @model_validator(mode="after")
    def _names_an_item(self) -> "NewOrderLine":
        if (self.item_id is None) == (self.sku is None):
            raise PydanticCustomError("one_item", "Name the item by item_id or by sku, not both.")
        return self


class PlacedOrderLine(NewOrderLine):
    """Some of an item, of an order of our own."""

    soft_reservation_id: UUID | None = Field(
        default=None,
        description="The soft reservation that the line uses as the order is confirmed, once: it "
        "gets the promised day, and what it does not take is free again.",
    )


class ChangeLine(NewOrderLine):
    """A line as it shall be. One that is named keeps its price and discount where none is given."""

    id: UUID | None = Field(
        default=None,
        description="Which line of the order it is, so that its item need not be named; else the "
        "one of its external_line_id and item, else a new one.",
    )

    @model_validator(mode="after")
    def _names_an_item(self) -> "ChangeLine":
        if self.item_id is not None and self.sku is not None:
            raise PydanticCustomError("one_item", "Name the item by item_id or by sku, not both.")
        if self.id is None and self.item_id is None and self.sku is None:
            raise PydanticCustomError("line_named", "Name the line by its id, or an item.")
        return self


class BaseLine(Command):
    """A line as the sender knew it."""

    external_line_id: Line
    item_id: UUID
    quantity: PositiveQuantity
    unit_price: UnitPriceView
    discount: Discount = Decimal(0)


class NewCharge(Command):
    """What the customer pays in addition to the goods."""

    kind: ChargeKind = ChargeKind.FREIGHT
    amount: MoneyView


Lines = Annotated[list[NewOrderLine], Field(min_length=1, max_length=500)]


Charges = Annotated[list[NewCharge], Field(max_length=20)]


class OrderHeader(CustomValues):
    """What every order says."""

    customer_id: UUID
    ordered_on: Day | None = Field(
        default=None, description="Default: today. A past day needs `backdate`."
    )
    requested_on: Day | None = Field(default=None, description="When the customer wants it.")


class NewOrder(OrderHeader):
    """Take an order; as a draft it is decided by `confirm`."""

    lines: Annotated[list[PlacedOrderLine], Field(min_length=1, max_length=500)]
    ship_to: Address = Address()
    note: Note = ""
    charges: Charges = Field(default=[])
    draft: StrictBool = False


class OrderBase(Command):
    """The order as the sender knew it from us before it was changed there."""

    version: Annotated[int, Field(strict=True, ge=1)] = Field(description="Our version of it.")
    history: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None,
        description="The history of our database in which that version counts, as our events name "
        "it. After a restore from a backup a state of an earlier one is not compared.",
    )
    requested_on: Day | None = None
    lines: list[BaseLine] = Field(max_length=500)
    charges: Charges = Field(default=[])


class UpsertOrder(OrderHeader):
    """An order as another system knows it; fields and parts left out stay as they are here.

    Its lines, its charges and its base are whole.
    """

    external_id: ExternalId | None = Field(default=None, description="Needed in a batch only.")
    ship_to: AddressPatch = AddressChange()
    note: OptionalNote = ""
    charges: Annotated[Charges | None, AfterValidator(lambda them: them or [])] = Field(
        default=[], description="All of them; null: none."
    )
    source_version: SourceVersion
    cancelled: StrictBool = Field(default=False, description="The customer wants it no longer.")
    lines: Lines = Field(
        description="All of them. Where each has an `external_line_id`, a line that the sender "
        "only repeats stays as it was changed here, and so do the day wanted and the charges. "
        "Where one has none, all of it becomes what is sent: changes made here meanwhile are set "
        "back. A line without it is taken for the first one of its item that has none."
    )
    base: OrderBase | None = Field(
        default=None,
        description="What the sender changed is what differs from this; the rest stays as it is "
        "here. Without it: what differs from what was sent before.",
    )


class BatchOrder(UpsertOrder):
    """An order of a batch, named by the sender's id."""

    external_id: ExternalId


class UpsertOrders(Command):
    """Orders as another system knows them."""

    items: list[BatchOrder] = Field(min_length=1, max_length=200)


class ChangeOrder(Command):
    """The lines as they shall be, whole; what else is left out stays as it is."""

    requested_on: Day | None = Field(default=None, description="Null: no day is wanted.")
    lines: Annotated[list[ChangeLine], Field(min_length=1, max_length=500)]
    charges: Charges = Field(default=[], description="All of them; an empty list: none.")


class LineQuantity(Command):
    """So many of a line of the order."""

    order_line_id: UUID
    quantity: PositiveQuantity


class ShipQuantity(LineQuantity):
    """So many of a line; of goods tracked by serial, which pieces; of those in lots, which lots.

    A return names them. A shipment may leave them out: the pieces that came in first leave, and
    the lots that the item's picking takes first.
    """

    serials: Serials = Field(default=[])
    lots: Lots = Field(default=[])


class ShipOrder(CustomValues):
    """Ship what is reserved, or the quantities named."""

    effective_on: Day | None = None
    carrier: Line = ""
    tracking_number: Line = ""
    lines: list[ShipQuantity] | None = Field(default=None, min_length=1, max_length=500)


class ReturnGoods(Command):
    """Goods that came back; what of them was invoiced, and is not credited yet, is credited."""

    effective_on: Day | None = None
    note: Note = ""
    credit: StrictBool = Field(
        default=True, description="False: nothing is credited now; credit the invoice later."
    )
    lines: list[ShipQuantity] = Field(min_length=1, max_length=500)


class ReverseShipment(Command):
    """Take a mistaken shipment, or return, back whole: as if its goods had never moved."""

    reason: Name = Field(description="Why, such as: the wrong customer's parcel.")
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )


class InvoiceOrder(CustomValues):
    """Invoice what was shipped and not invoiced, and the charges with the first invoice."""

    effective_on: Day | None = None
    before_delivery: StrictBool = Field(
        default=False,
        description="True: what is ordered and not shipped is invoiced too. It is not invoiced "
        "again when it is shipped.",
    )
    lines: list[LineQuantity] | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Only these lines, so many of each; default: all that can be invoiced.",
    )


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Shipped(View):
    """A shipment that was posted."""

    shipment_id: UUID
    number: str
    order_version: int = Field(description="The number in the order's ETag.")
    order_revision: int = Field(description="The `aggversion` of the order's event.")
    serials: list[ShippedSerial] = Field(description="Of the pieces that have one.")
    lots: list[ShippedLot] = Field(description="Lots that went along, and how much of each.")


class Invoiced(View):
    """An invoice that was issued; its number is given when it is committed."""

    invoice_id: UUID
    gross: MoneyView
    order_version: int = Field(description="The number in the order's ETag.")
    order_revision: int = Field(description="The `aggversion` of the order's event.")


class OrderView(InCurrency, CustomView, View):
    """The order with its lines, and how each of them stands."""

    id: UUID
    version: EtagVersion
    revision: Revision
    number: str
    customer_id: UUID
    external_refs: list[OrderExternalRef]
    state: OrderState
    reason: str
    currency: str
    ordered_on: date
    requested_on: date | None
    promised_on: date | None
    ship_to: Address
    note: str
    lines: list[OrderLineState]
    shipments: list[OrderShipment]
    last_change: OrderChangeAnswer | None
    net: Amount
    charges: Amount
    invoiced: Amount
    paid: Amount
    open_amount: Amount
    created_at: datetime
    updated_at: datetime


class OrderQuery(Tagged, TotalQuery):
    """Which sales orders are wanted; the total is that of lines and charges, without tax."""

    state: Annotated[str, AnyOf(OrderState)] | None = None
    ordered_on_gte: Day | None = Field(default=None, description="The first day.")
    ordered_on_lte: Day | None = Field(default=None, description="The last day.")
    customer_id: UUID | None = None
    number: DocumentNumber | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class ShipmentQuery(Tagged):
    """Which shipments and returns are wanted."""

    order_id: UUID | None = None
    customer_id: UUID | None = None
    kind: Annotated[str, AnyOf(ShipmentKind)] | None = None
    reversed: bool | None = Field(
        default=None, description="Only what was, or was not, taken back as a mistake."
    )
    number: DocumentNumber | None = None
    shipped_on_gte: Day | None = Field(default=None, description="The first day.")
    shipped_on_lte: Day | None = Field(default=None, description="The last day.")
    serial: SerialNumber | None = Field(
        default=None, description="Only those with a piece of this serial."
    )
    lot_id: UUID | None = Field(default=None, description="Only those with goods of this lot.")


class ShipmentLineView(View):
    """What of an order line went along."""

    order_line_id: UUID
    item_id: UUID
    sku: str
    description: str
    quantity: PositiveQuantity
    serials: list[str] = Field(description="Of the pieces that have one.")
    lots: list[MovedLot] = Field(description="What of it was of which lot.")


class ShipmentView(CustomView, View):
    """Goods that left for a customer, or came back."""

    id: UUID
    number: str
    kind: ShipmentKind
    order_id: UUID
    order_number: str
    customer_id: UUID
    shipped_on: date
    carrier: str
    tracking_number: str
    reversed_on: date | None = Field(
        description="The day on which it was taken back as a mistake; null: it was not."
    )
    reversal_reason: str = Field(description="Why it was taken back; empty: it was not.")
    lines: list[ShipmentLineView]
    created_at: datetime
