"""What the ERP publishes, as far as the bridge maps it."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from sync_bridge.messages.base import Address, Message, Money, Part, Text

__all__ = [
    "AvailabilityChanged",
    "BalanceChanged",
    "CustomerChanged",
    "ItemChanged",
    "OrderChanged",
    "PriceChanged",
    "PriceListChanged",
]


class CustomerChanged(Message):
    """`tandem.erp.customer-changed.v1`: a customer as it is now."""

    number: Text = ""
    kind: Text = "company"
    name: Text = ""
    tax_id: Text = ""
    tax_id_shared: bool = False
    email: Text = ""
    phone: Text = ""
    website: Text = ""
    language: Text = ""
    currency: Text = ""
    bill_to: Address = Field(default_factory=Address)
    ship_to: Address = Field(default_factory=Address)
    credit_limit: Money | None = None
    payment_terms_days: int | None = None
    dunning_block: bool = False
    price_list: str | None = None
    status: Text = "active"


class ItemChanged(Message):
    """`tandem.erp.item-changed.v1`: an item as it is now."""

    sku: Text
    name: Text = ""
    description: Text = ""
    category: Text = ""
    unit: Text = ""
    unit_decimals: int | None = None
    sold: bool = True
    status: Text = "active"
    discontinued_on: date | None = None


class PriceChanged(Message):
    """`tandem.erp.price-changed.v1`: one price of one item as it is now."""

    item_id: UUID
    price_list: Text = ""
    min_quantity: str = "0"
    valid_from: date | None = None
    valid_to: date | None = None
    amount: str
    currency: str
    status: Text = "active"


class PriceListChanged(Message):
    """`tandem.erp.price-list-changed.v1`: a price list as it is now."""

    code: Text
    name: Text = ""
    is_default: bool = False


class AvailabilityChanged(Message):
    """`tandem.erp.availability-changed.v1`: what of an item is free and expected."""

    item_id: UUID
    free: str
    incoming: str


class Ref(Part):
    """A record's id in another system."""

    system: Text
    external_id: Text
    source_version: int | None = None
    source_history: int | None = None


class OrderLine(Part):
    """How a line stands."""

    id: UUID | None = None
    item_id: UUID | None = None
    external_line_id: Text = ""
    sku: Text = ""
    quantity: str
    unit_price: str = "0"
    discount: str = "0"
    reserved: str
    waiting: str
    shipped: str
    returned: str = "0"
    invoiced: str


class Shipment(Part):
    """A shipment, or goods that came back; a mistaken one is taken back on a day."""

    number: Text
    kind: Text
    shipped_on: date
    carrier: Text = ""
    tracking_number: Text = ""
    reversed_on: date | None = None


class Change(Part):
    """The last change that was asked for, and the answer."""

    kind: Text
    state: Text
    reason: Text = ""
    source_version: int | None = None
    source_history: int | None = None


class OrderChanged(Message):
    """`tandem.erp.order-changed.v1`: how an order stands."""

    number: Text
    customer_id: UUID | None = None
    external_refs: list[Ref] = Field(default_factory=list)
    state: Text
    reason: Text = ""
    requested_on: date | None = None
    promised_on: date | None = None
    ship_to: Address = Field(default_factory=Address)
    note: Text = ""
    lines: list[OrderLine] = Field(default_factory=list)
    shipments: list[Shipment] = Field(default_factory=list)
    last_change: Change | None = None
    net: str = "0"
    charges: str = "0"
    invoiced: str = "0"
    paid: str = "0"
    open_amount: str = "0"

    def known_in(self, system: str) -> Ref | None:
        """The order's id in another system, and its version there; None: it is not from there."""
        return next((ref for ref in self.external_refs if ref.system == system), None)


class BalanceChanged(Message):
    """`tandem.erp.balance-changed.v1`: what a customer owes now, and when that was said."""

    customer_id: UUID
    owed: str
    told_at: datetime
