"""The door of payables: entering bills, and taking them back."""

from erp.payables.service.entering import (
    EnterBill,
    Expense,
    GoodsLine,
    enter_bill,
    enter_by_hand,
    see_bill,
)
from erp.payables.service.reversing import reverse_bill

__all__ = [
    "EnterBill",
    "Expense",
    "GoodsLine",
    "enter_bill",
    "enter_by_hand",
    "reverse_bill",
    "see_bill",
]
