"""Acts of settlement: open items, payments, and who owes what."""

from erp.settlement.service.items import (
    OPENING,
    NewOpenItem,
    balance_states,
    lock_documents,
    lock_open_item,
    open_item,
    open_items,
    owed_by,
    paid_by_order,
)
from erp.settlement.service.overpaid import reverse_rest_write_off, write_off_rest
from erp.settlement.service.payments import (
    NewCredit,
    add_unallocated_credits,
    allocate_payment,
    apply_credit,
    book_payments,
    release_payment,
)
from erp.settlement.service.refunding import refund_payment
from erp.settlement.service.reporting import party_report
from erp.settlement.service.sent import upsert_payments
from erp.settlement.service.undoing import reverse_credit
from erp.settlement.service.writing_off import NewWriteOff, reverse_write_off, write_off

__all__ = [
    "OPENING",
    "NewCredit",
    "NewOpenItem",
    "NewWriteOff",
    "add_unallocated_credits",
    "allocate_payment",
    "apply_credit",
    "balance_states",
    "book_payments",
    "lock_documents",
    "lock_open_item",
    "open_item",
    "open_items",
    "owed_by",
    "paid_by_order",
    "party_report",
    "refund_payment",
    "release_payment",
    "reverse_credit",
    "reverse_rest_write_off",
    "reverse_write_off",
    "upsert_payments",
    "write_off",
    "write_off_rest",
]
