"""What the ERP publishes, as far as the bridge maps it."""

from datetime import date
from uuid import UUID

from pydantic import Field

from sync_bridge.messages.reading import Address, Message, Money, Text

__all__ = ["CustomerChanged", "ItemChanged", "PriceChanged"]


class CustomerChanged(Message):
    """`tandem.erp.customer-changed.v1`: a customer as it is now."""

    number: Text = ""
    name: Text = ""
    tax_id: Text = ""
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


class ItemChanged(Message):
    """`tandem.erp.item-changed.v1`: an item as it is now."""

    sku: Text
    name: Text = ""
    description: Text = ""
    category: Text = ""
    unit: Text = ""
    sold: bool = True
    status: Text = "active"
    discontinued_on: date | None = None


class PriceChanged(Message):
    """`tandem.erp.price-changed.v1`: one price of one item as it is now."""

    item_id: UUID
    price_list: Text = ""
    min_quantity: str = "1"
    valid_from: date | None = None
    valid_to: date | None = None
    amount: str
    currency: str
    status: Text = "active"
