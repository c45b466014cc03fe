"""The door of payables: entering bills and credit notes, and taking them back."""

from erp.payables.service.crediting import (
    billed_prices,
    credit_by_hand,
    hold_bill_of_order,
    hold_bill_to_credit,
)
from erp.payables.service.entering import (
    EnterBill,
    Expense,
    GoodsLine,
    enter_bill,
    enter_by_hand,
    see_bill,
)
from erp.payables.service.opening import open_payables, see_opening
from erp.payables.service.reversing import reverse_bill

__all__ = [
    "EnterBill",
    "Expense",
    "GoodsLine",
    "billed_prices",
    "credit_by_hand",
    "enter_bill",
    "enter_by_hand",
    "hold_bill_of_order",
    "hold_bill_to_credit",
    "open_payables",
    "reverse_bill",
    "see_bill",
    "see_opening",
]
