"""Named reads, locks and set-based writes of fulfilment."""

from erp.fulfilment.queries.reading import (
    credit_facts,
    items_to_sell,
    order_page,
    ordered_besides,
    state_of,
    states_of,
)
from erp.fulfilment.queries.writing import (
    OrderAtHand,
    add_change,
    add_lines,
    add_orders,
    add_shipment,
    at_hand,
    count_again,
    drop_lines,
    hold_linked,
    next_numbers,
    note_paid,
    replace_charges,
    replace_content,
    save,
)

__all__ = [
    "OrderAtHand",
    "add_change",
    "add_lines",
    "add_orders",
    "add_shipment",
    "at_hand",
    "count_again",
    "credit_facts",
    "drop_lines",
    "hold_linked",
    "items_to_sell",
    "next_numbers",
    "note_paid",
    "order_page",
    "ordered_besides",
    "replace_charges",
    "replace_content",
    "save",
    "state_of",
    "states_of",
]
