"""The door of fulfilment: orders, shipments, returns, invoices of orders."""

from erp.fulfilment.service.billing import invoice_order, note_credited
from erp.fulfilment.service.changing import cancel_order, change_order
from erp.fulfilment.service.goods import return_goods, ship_order
from erp.fulfilment.service.orders import (
    IN_BULK,
    confirm_order,
    credit_decided,
    hold_order,
    place_order,
    see_order,
    see_shipment,
    take_order,
)
from erp.fulfilment.service.reversing import reverse_shipment
from erp.fulfilment.service.telling import REFRESH, order_states, refresh_orders

__all__ = [
    "IN_BULK",
    "REFRESH",
    "cancel_order",
    "change_order",
    "confirm_order",
    "credit_decided",
    "hold_order",
    "invoice_order",
    "note_credited",
    "order_states",
    "place_order",
    "refresh_orders",
    "return_goods",
    "reverse_shipment",
    "see_order",
    "see_shipment",
    "ship_order",
    "take_order",
]
