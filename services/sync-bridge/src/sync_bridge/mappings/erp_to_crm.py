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
    "price_list",
    "product",
]


def account(customer: erp.CustomerChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The CRM's account of a customer, with the read copy of the terms of business."""
    limit = customer.credit_limit
    return {
        "kind": customer.kind,
        "name": customer.name,
        "tax_id": customer.tax_id,
        "email": customer.email,
        "phone": customer.phone,
        "website": customer.website,
        "language": customer.language,
        "billing_address": customer.bill_to.plain(),
        "shipping_address": customer.ship_to.plain(),
        "price_list": customer.price_list,
        "erp": {
            "customer_number": customer.number,
            "credit_limit": limit.plain() if limit else None,
            "payment_terms_days": customer.payment_terms_days,
            "dunning_block": customer.dunning_block,
            "archived": customer.status == "archived",
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
    } | ({} if item.unit_decimals is None else {"unit_decimals": item.unit_decimals})


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


def price_list(listed: erp.PriceListChanged, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    """The CRM's copy of a price list: which one holds where none is named."""
    return {"code": listed.code, "name": listed.name, "is_default": listed.is_default}


def is_of_crm(order: erp.OrderChanged) -> bool:
    """Whether the order came from the CRM; the ERP's own orders stay there."""
    return order.known_in("crm") is not None


def fulfilment(order: erp.OrderChanged, twins: Twins) -> dict[str, Any]:
    """How one of the CRM's orders stands, and on which version of it the ERP had decided."""
    known = order.known_in("crm")
    customer = order.customer_id
    return {
        "order_id": known.external_id if known else None,
        "erp": {
            "source_version": known.source_version if known else None,
            "source_history": known.source_history if known else None,
            "account_id": str(twins["customer", customer]) if customer else None,
            "number": order.number,
            "state": order.state,
            "reason": order.reason,
            "requested_on": order.requested_on.isoformat() if order.requested_on else None,
            "promised_on": order.promised_on.isoformat() if order.promised_on else None,
            "ship_to": order.ship_to.plain(),
            "note": order.note,
            "lines": [_line(line, twins) for line in order.lines],
            "shipments": [shipment.plain() for shipment in order.shipments],
            "last_change": order.last_change.plain() if order.last_change else None,
            "net": order.net,
            "freight": order.charges,
            "invoiced": order.invoiced,
            "paid": order.paid,
            "open_amount": order.open_amount,
        },
    }


def _line(line: erp.OrderLine, twins: Twins) -> dict[str, Any]:
    """A line under the CRM's id of it; one that the ERP added keeps the ERP's."""
    product = str(twins["product", line.item_id]) if line.item_id else None
    named = line.external_line_id or (str(line.id) if line.id else None)
    return line.plain() | {"line_id": named, "product_id": product}


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
