"""The door of stock: what orders need, goods that move, what is expected and promised."""

from erp.stock.rules.lines import (
    AdjustLine,
    DemandLine,
    DemandState,
    ExpectedLine,
    OrderDemand,
    ReceiptLine,
    ReturnLine,
    ShipLine,
    Shortage,
    SupplierReturnLine,
)
from erp.stock.service.allocating import allocate_lines, allocate_orders
from erp.stock.service.backorders import reservation_start
from erp.stock.service.booking import check_quantities, item_ids_by_sku
from erp.stock.service.demand import cancel_demand, change_ordered_quantity
from erp.stock.service.expected_receipts import (
    available_to_promise,
    backordered_items,
    demand_of_orders,
    lock_items,
    set_expected_receipts,
    shortages,
)
from erp.stock.service.goods import (
    post_adjustment,
    receive_goods,
    receive_return,
    return_to_supplier,
    ship_goods,
)
from erp.stock.service.publishing import availability_states
from erp.stock.service.rescheduling import reschedule_orders
from erp.stock.service.reserving import RESERVE, reserve_due
from erp.stock.service.reversing import reverse_return, reverse_shipment

__all__ = [
    "RESERVE",
    "AdjustLine",
    "DemandLine",
    "DemandState",
    "ExpectedLine",
    "OrderDemand",
    "ReceiptLine",
    "ReturnLine",
    "ShipLine",
    "Shortage",
    "SupplierReturnLine",
    "allocate_lines",
    "allocate_orders",
    "availability_states",
    "available_to_promise",
    "backordered_items",
    "cancel_demand",
    "change_ordered_quantity",
    "check_quantities",
    "demand_of_orders",
    "item_ids_by_sku",
    "lock_items",
    "post_adjustment",
    "receive_goods",
    "receive_return",
    "reschedule_orders",
    "reservation_start",
    "reserve_due",
    "return_to_supplier",
    "reverse_return",
    "reverse_shipment",
    "set_expected_receipts",
    "ship_goods",
    "shortages",
]
