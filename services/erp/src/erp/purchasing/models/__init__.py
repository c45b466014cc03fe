"""What purchasing keeps: prices and suggestions, orders, receipts and returns, a file for each."""

from erp.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from erp.purchasing.models.prices import PurchaseSuggestion, SupplierPrice
from erp.purchasing.models.receipts import (
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseReturn,
    PurchaseReturnLine,
)

__all__ = [
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseReceipt",
    "PurchaseReceiptLine",
    "PurchaseReturn",
    "PurchaseReturnLine",
    "PurchaseSuggestion",
    "SupplierPrice",
]
