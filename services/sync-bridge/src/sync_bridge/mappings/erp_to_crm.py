"""From the ERP to the CRM."""

from typing import Any

from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import erp

__all__ = ["account", "is_sold", "price", "product"]


def account(customer: erp.CustomerChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The CRM's account of a customer, with the read copy of the terms of business."""
    limit = customer.credit_limit
    return {
        "name": customer.name,
        "tax_id": customer.tax_id,
        "email": customer.email,
        "phone": customer.phone,
        "website": customer.website,
        "language": customer.language,
        "billing_address": customer.bill_to.plain(),
        "shipping_address": customer.ship_to.plain(),
        "erp": {
            "customer_number": customer.number,
            "credit_limit": limit.plain() if limit else None,
            "payment_terms_days": customer.payment_terms_days,
            "dunning_block": customer.dunning_block,
        },
    } | ({"currency": customer.currency} if customer.currency else {})


def is_sold(item: erp.ItemChanged) -> bool:
    """Whether sales should know the item: what is only bought stays with the ERP."""
    return item.sold


def product(item: erp.ItemChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The CRM's product of an item; on sale while the item is active and sold."""
    return {
        "code": item.sku,
        "name": item.name,
        "description": item.description,
        "category": item.category,
        "unit": item.unit,
        "active": item.sold and item.status == "active",
        "discontinued_on": item.discontinued_on.isoformat() if item.discontinued_on else None,
    }


def price(price: erp.PriceChanged, twins: Twins) -> dict[str, Any]:
    """The CRM's price of a product, which must be across already."""
    return {
        "product": str(twins["product", price.item_id]),
        "price_list": price.price_list,
        "min_quantity": price.min_quantity,
        "valid_from": price.valid_from.isoformat() if price.valid_from else None,
        "valid_to": price.valid_to.isoformat() if price.valid_to else None,
        "price": {"amount": price.amount, "currency": price.currency},
        "status": price.status,
    }
