"""The door of payables: entering bills."""

from erp.payables.service.entering import (
    EnterBill,
    Expense,
    enter_bill,
    enter_by_hand,
    see_bill,
)

__all__ = ["EnterBill", "Expense", "enter_bill", "enter_by_hand", "see_bill"]
