"""Acts of payables: entering bills and credit notes, and taking them back."""

from erp.payables.service.crediting import (
    billed_prices,
    enter_manual_credit_note,
    lock_bill_of_order,
    lock_bill_to_credit,
)
from erp.payables.service.entering import (
    EnterBill,
    Expense,
    GoodsLine,
    enter_bill,
    enter_manual_bill,
    get_bill,
)
from erp.payables.service.opening import open_payables
from erp.payables.service.reversing import reverse_bill

__all__ = [
    "EnterBill",
    "Expense",
    "GoodsLine",
    "billed_prices",
    "enter_bill",
    "enter_manual_bill",
    "enter_manual_credit_note",
    "get_bill",
    "lock_bill_of_order",
    "lock_bill_to_credit",
    "open_payables",
    "reverse_bill",
]
