"""The door of fulfilment: orders, shipments, returns, invoices of orders."""

from erp.fulfilment.service.billing import invoice_order, record_credit
from erp.fulfilment.service.changing import cancel_order, change_order
from erp.fulfilment.service.orders import (
    IN_BULK,
    confirm_order,
    credit_decided,
    lock_order_by_id,
    place_order,
    take_order,
)
from erp.fulfilment.service.publishing import REFRESH, order_states, refresh_orders
from erp.fulfilment.service.reversing import reverse_shipment
from erp.fulfilment.service.shipping import return_goods, ship_order

__all__ = [
    "IN_BULK",
    "REFRESH",
    "cancel_order",
    "change_order",
    "confirm_order",
    "credit_decided",
    "invoice_order",
    "lock_order_by_id",
    "order_states",
    "place_order",
    "record_credit",
    "refresh_orders",
    "return_goods",
    "reverse_shipment",
    "ship_order",
    "take_order",
]
