"""What the CRM publishes, as far as the bridge maps it."""

from datetime import date
from uuid import UUID

from pydantic import Field

from sync_bridge.messages.base import Address, Message, Money, Part, Text

__all__ = ["AccountChanged", "OrderBase", "OrderChanged", "OrderLine"]


class AccountChanged(Message):
    """`tandem.crm.account-changed.v1`: an account as it is now."""

    kind: Text = "company"
    name: Text = ""
    stage: Text = "customer"
    tax_id: Text = ""
    email: Text = ""
    phone: Text = ""
    website: Text = ""
    language: Text = ""
    currency: Text = ""
    billing_address: Address = Field(default_factory=Address)
    shipping_address: Address = Field(default_factory=Address)
    merged_into: UUID | None = None


class OrderLine(Part):
    """A line of an order: some of a product at the price that was agreed."""

    id: UUID
    product_id: UUID
    quantity: str
    unit_price: Money
    discount: str = "0"


class BaseLine(Part):
    """A line as the ERP had it."""

    id: UUID
    product_id: UUID
    quantity: str
    unit_price: str
    discount: str = "0"


class OrderBase(Part):
    """The order as the ERP had it when the CRM last took it over."""

    version: int
    history: int | None = None
    requested_on: date | None = None
    lines: list[BaseLine] = Field(default_factory=list)
    freight: str = "0"


class OrderChanged(Message):
    """`tandem.crm.order-changed.v1`: a customer's order as it is now."""

    account_id: UUID
    ordered_on: date
    requested_on: date | None = None
    ship_to: Address = Field(default_factory=Address)
    note: Text = ""
    state: Text = "placed"
    lines: list[OrderLine]
    freight: Money
    content_version: int | None = None
    content_history: int | None = None
    base: OrderBase | None = None
