"""From the CRM to the ERP."""

from typing import Any

from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import crm

__all__ = ["content_history", "crosses", "customer", "is_customer", "sales_order"]


def is_customer(account: crm.AccountChanged) -> bool:
    """Whether the ERP should know the account: prospects stay with sales until they buy.

    One that was merged before it crossed is not there any more: the one that it is now crosses.
    """
    return account.stage == "customer" and account.merged_into is None


def customer(account: crm.AccountChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The ERP's customer of an account."""
    return {
        "kind": account.kind,
        "name": account.name,
        "tax_id": account.tax_id,
        "email": account.email,
        "phone": account.phone,
        "website": account.website,
        "language": account.language,
        "bill_to": account.billing_address.plain(),
        "ship_to": account.shipping_address.plain(),
    } | ({"currency": account.currency} if account.currency else {})


def content_history(order: crm.OrderChanged) -> int | None:
    """The history in which the version of the content counts; None: that of the event."""
    return order.content_history


def crosses(order: crm.OrderChanged) -> bool:
    """Whether the ERP should know the order: one that it would not take stays until it changes."""
    return order.state != "rejected"


def sales_order(order: crm.OrderChanged, twins: Twins) -> dict[str, Any]:
    """The ERP's sales order of a customer's order: what was agreed, whole.

    Its version is that of the last change in the CRM: what the CRM took over from the ERP since is
    no news there.
    """
    freight = order.freight
    return {
        "source_version": order.content_version or order.version,
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
        "base": _base(order.base, freight.currency, twins) if order.base else None,
    }


def _base(base: crm.OrderBase, currency: str, twins: Twins) -> dict[str, Any]:
    """The order as the ERP had it, in the ERP's words."""
    return {
        "version": base.version,
        "history": base.history,
        "requested_on": base.requested_on.isoformat() if base.requested_on else None,
        "lines": [
            {
                "external_line_id": str(line.id),
                "item_id": str(twins["product", line.product_id]),
                "quantity": line.quantity,
                "unit_price": {"amount": line.unit_price, "currency": currency},
                "discount": line.discount,
            }
            for line in base.lines
        ],
        "charges": [{"kind": "freight", "amount": {"amount": base.freight, "currency": currency}}],
    }
