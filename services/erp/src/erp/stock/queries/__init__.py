"""Locks, reads and set-based writes of stock."""

from erp.stock.queries.dated import changes_after
from erp.stock.queries.locking import (
    Holding,
    Origin,
    hold,
    items_of,
    lines_of,
    net_shipped,
    open_items,
    save,
    tell_availability,
    waiting_of,
)
from erp.stock.queries.promises import (
    items_of_orders,
    note_promises,
    turns_of,
    unpromised_orders,
)
from erp.stock.queries.serials import (
    first_serials,
    has_moved,
    known_serials,
    serial_history,
    serial_page,
)
from erp.stock.queries.shown import (
    available,
    demand_states,
    goods_by_sku,
    level_page,
    move_page,
    short_items,
    shortages,
    supply_and_demand,
    warehouses,
    worth_of_all,
)

__all__ = [
    "Holding",
    "Origin",
    "available",
    "changes_after",
    "demand_states",
    "first_serials",
    "goods_by_sku",
    "has_moved",
    "hold",
    "items_of",
    "items_of_orders",
    "known_serials",
    "level_page",
    "lines_of",
    "move_page",
    "net_shipped",
    "note_promises",
    "open_items",
    "save",
    "serial_history",
    "serial_page",
    "short_items",
    "shortages",
    "supply_and_demand",
    "tell_availability",
    "turns_of",
    "unpromised_orders",
    "waiting_of",
    "warehouses",
    "worth_of_all",
]
