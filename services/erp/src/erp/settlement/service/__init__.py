"""The door of settlement: open items, payments, and who owes what."""

from erp.settlement.service.items import (
    OPENING,
    NewItem,
    balance_states,
    hold_documents,
    open_document,
    open_item,
    open_items,
    owed_by,
    paid_by_order,
)
from erp.settlement.service.overpaid import reverse_rest, write_off_rest
from erp.settlement.service.payments import (
    NewCredit,
    allocate_payment,
    book_payments,
    give_credit,
    give_unused,
    release_payment,
    see_payment,
)
from erp.settlement.service.refunding import refund_payment
from erp.settlement.service.reporting import party_report
from erp.settlement.service.undoing import take_back_credit
from erp.settlement.service.writing_off import NewWriteOff, reverse_write_off, write_off

__all__ = [
    "OPENING",
    "NewCredit",
    "NewItem",
    "NewWriteOff",
    "allocate_payment",
    "balance_states",
    "book_payments",
    "give_credit",
    "give_unused",
    "hold_documents",
    "open_document",
    "open_item",
    "open_items",
    "owed_by",
    "paid_by_order",
    "party_report",
    "refund_payment",
    "release_payment",
    "reverse_rest",
    "reverse_write_off",
    "see_payment",
    "take_back_credit",
    "write_off",
    "write_off_rest",
]
