"""From the ERP to the CRM."""

from typing import Any

from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import erp

__all__ = [
    "account",
    "availability",
    "debt",
    "fulfilment",
    "is_of_crm",
    "is_sold",
    "price",
    "product",
]


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


def is_of_crm(order: erp.OrderChanged) -> bool:
    """Whether the order came from the CRM; the ERP's own orders stay there."""
    return order.id_in("crm") is not None


def fulfilment(order: erp.OrderChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """How one of the CRM's orders stands."""
    return {
        "order_id": order.id_in("crm"),
        "erp": {
            "number": order.number,
            "state": order.state,
            "reason": order.reason,
            "requested_on": order.requested_on.isoformat() if order.requested_on else None,
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
            "ship_to": order.ship_to.plain(),
            "note": order.note,
            "lines": [
                line.plain() | {"line_id": line.external_line_id or None} for line in order.lines
            ],
            "shipments": [shipment.plain() for shipment in order.shipments],
            "last_change": order.last_change.plain() if order.last_change else None,
            "net": order.net,
            "freight": order.charges,
            "invoiced": order.invoiced,
            "paid": order.paid,
            "open_amount": order.open_amount,
        },
    }


def availability(stock: erp.AvailabilityChanged, twins: Twins) -> dict[str, Any]:
    """What is free of a product, and expected."""
    return {
        "product_id": str(twins["product", stock.item_id]),
        "free": stock.free,
        "incoming": stock.incoming,
    }


def debt(balance: erp.BalanceChanged, twins: Twins) -> dict[str, Any]:
    """What the customer owes."""
    return {
        "account_id": str(twins["customer", balance.customer_id]),
        "owes": balance.owed,
        "told_at": balance.told_at.isoformat(),
    }
