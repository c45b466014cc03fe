"""What the CRM publishes, as far as the bridge maps it."""

from pydantic import Field

from sync_bridge.messages.reading import Address, Message, Text

__all__ = ["AccountChanged"]


class AccountChanged(Message):
    """`tandem.crm.account-changed.v1`: an account as it is now."""

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
