"""Paths of purchasing."""

from erp.purchasing.router.orders import purchase_order_router
from erp.purchasing.router.prices import suggestion_router, supplier_price_router
from erp.purchasing.router.receipts import purchase_receipt_router, purchase_return_router

__all__ = [
    "purchase_order_router",
    "purchase_receipt_router",
    "purchase_return_router",
    "suggestion_router",
    "supplier_price_router",
]
