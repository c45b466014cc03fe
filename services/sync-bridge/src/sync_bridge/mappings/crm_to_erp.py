"""From the CRM to the ERP."""

from typing import Any

from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import crm

__all__ = ["customer", "is_customer"]


def is_customer(account: crm.AccountChanged) -> bool:
    """Whether the ERP should know the account: prospects stay with sales until they buy."""
    return account.stage == "customer"


def customer(account: crm.AccountChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The ERP's customer of an account."""
    return {
        "name": account.name,
        "tax_id": account.tax_id,
        "email": account.email,
        "phone": account.phone,
        "website": account.website,
        "language": account.language,
        "bill_to": account.billing_address.plain(),
        "ship_to": account.shipping_address.plain(),
    } | ({"currency": account.currency} if account.currency else {})
