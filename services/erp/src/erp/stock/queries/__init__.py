"""Locks, reads and set-based writes of stock."""

from erp.stock.queries.backdating import changes_after
from erp.stock.queries.locking import (
    LockedStock,
    SourceDocument,
    advance_availability,
    availability_states,
    backorders_and_receipts,
    backorders_of,
    create_stock_records,
    demand_of_lines,
    items_of_lines,
    last_reserved,
    load_for_update,
    moves_of_document,
    net_shipped,
)
from erp.stock.queries.promises import (
    items_of_orders,
    queue_positions,
    store_promises,
    unpromised_orders,
)
from erp.stock.queries.saving import save
from erp.stock.queries.serials import (
    first_serials,
    has_moves,
    serial_history,
    serial_positions,
)
from erp.stock.queries.views import (
    available,
    backordered_items,
    demand_states,
    goods_by_sku,
    items_to_reserve,
    level_page,
    shortages,
    supply_and_demand,
    units_of_items,
    valuation_lines,
)

__all__ = [
    "LockedStock",
    "SourceDocument",
    "advance_availability",
    "availability_states",
    "available",
    "backordered_items",
    "backorders_and_receipts",
    "backorders_of",
    "changes_after",
    "create_stock_records",
    "demand_of_lines",
    "demand_states",
    "first_serials",
    "goods_by_sku",
    "has_moves",
    "items_of_lines",
    "items_of_orders",
    "items_to_reserve",
    "last_reserved",
    "level_page",
    "load_for_update",
    "moves_of_document",
    "net_shipped",
    "queue_positions",
    "save",
    "serial_history",
    "serial_positions",
    "shortages",
    "store_promises",
    "supply_and_demand",
    "units_of_items",
    "unpromised_orders",
    "valuation_lines",
]
