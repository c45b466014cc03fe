"""From the CRM to the ERP."""

from typing import Any

from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import crm

__all__ = ["customer", "is_customer", "sales_order"]


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


def sales_order(order: crm.OrderChanged, twins: Twins) -> dict[str, Any]:
    """The ERP's sales order of a customer's order: what was agreed, whole."""
    freight = order.freight
    return {
        "customer_id": str(twins["customer", order.account_id]),
        "ordered_on": order.ordered_on.isoformat(),
        "requested_on": order.requested_on.isoformat() if order.requested_on else None,
        "ship_to": order.ship_to.plain(),
        "note": order.note,
        "cancelled": order.state == "cancelled",
        "lines": [
            {
                "external_line_id": str(line.id),
                "item_id": str(twins["product", line.product_id]),
                "quantity": line.quantity,
                "unit_price": line.unit_price.plain(),
                "discount": line.discount,
            }
            for line in order.lines
        ],
        "charges": [{"kind": "freight", "amount": freight.plain()}],
    }
