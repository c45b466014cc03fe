"""The door of settlement: open items, payments, and who owes what."""

from erp.settlement.service.items import (
    NewItem,
    open_item,
    owed_by,
    paid_by_order,
    reduce_item,
)
from erp.settlement.service.payments import book_payments, give_credit

__all__ = [
    "NewItem",
    "book_payments",
    "give_credit",
    "open_item",
    "owed_by",
    "paid_by_order",
    "reduce_item",
]
