"""What buying brings into the ERP."""

from approvals.events import DecisionMade, DecisionStarted
from chassis.service import Module
from chassis.telemetry.metrics import Metric
from erp.catalog.events import UnitOrKindChanging
from erp.payables.events import BillReversed
from erp.purchasing.events import PurchaseChanged, PurchaseReturned
from erp.purchasing.handlers import (
    follow_shortages,
    keep_unit_and_kind,
    lock_order_first,
    resume_order,
    unbill_lines,
)
from erp.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from erp.purchasing.models.prices import PurchaseSuggestion, SupplierPrice
from erp.purchasing.models.receipts import (
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseReturn,
    PurchaseReturnLine,
)
from erp.purchasing.router.orders import purchase_order_router
from erp.purchasing.router.prices import suggestion_router, supplier_price_router
from erp.purchasing.router.receipts import purchase_receipt_router, purchase_return_router
from erp.stock.events import ItemsShort

__all__ = ["MODULE"]

MODULE = Module(
    name="purchasing",
    routers=(
        supplier_price_router,
        suggestion_router,
        purchase_order_router,
        purchase_receipt_router,
        purchase_return_router,
    ),
    tags={
        "purchase-orders": "What was ordered from suppliers, received of it and billed for it.",
        "purchase-receipts": "Deliveries of suppliers as they were received.",
        "purchase-returns": "Goods that went back to suppliers.",
        "purchase-suggestions": "What should be ordered, how much of it, and from whom.",
        "supplier-prices": "What suppliers charge, by quantity and day, and how long they take.",
    },
    permissions={
        "purchasing.read": "See supplier prices, purchase suggestions and purchase orders.",
        "purchasing.write": "Note supplier prices; order, receive, send back and bill goods.",
    },
    roles={
        "buyer": {"purchasing.read", "purchasing.write"},
    },
    tables=(
        SupplierPrice,
        PurchaseSuggestion,
        PurchaseOrder,
        PurchaseOrderLine,
        PurchaseReceipt,
        PurchaseReceiptLine,
        PurchaseReturn,
        PurchaseReturnLine,
    ),
    rights={
        "purchase_receipt": "select, insert, update (updated_at)",
        "purchase_receipt_line": "select, insert, update (returned, returned_value)",
    },
    events=(PurchaseChanged, PurchaseReturned),
    handlers={
        UnitOrKindChanging: (keep_unit_and_kind,),
        ItemsShort: (follow_shortages,),
        BillReversed: (unbill_lines,),
        DecisionStarted: (lock_order_first,),
        DecisionMade: (resume_order,),
    },
    metrics=(
        Metric(
            "purchase_suggestions_open",
            "Suggestions to buy that nobody has taken up.",
            "select count(*) from purchase_suggestion where state = 'open'",
        ),
    ),
)
