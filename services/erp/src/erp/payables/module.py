"""What suppliers' bills bring into the ERP."""

from chassis.service import Module
from erp.payables.events import BillChanged
from erp.payables.models import Bill, BillExpense, BillLine
from erp.payables.router import bill_router, payable_router

__all__ = ["MODULE"]

MODULE = Module(
    name="payables",
    routers=(bill_router, payable_router),
    tags={
        "bills": "Invoices and credit notes of suppliers, against receipts or as expenses.",
        "payables": "Unpaid bills of the time before Tandem, taken over once.",
    },
    permissions={
        "payables.read": "See suppliers' bills and credit notes.",
        "payables.write": "Enter suppliers' bills and credit notes, and take them back.",
    },
    roles={
        "accountant": {"payables.read", "payables.write"},
    },
    tables=(Bill, BillLine, BillExpense),
    rights={
        "bill_line": "select, insert",
        "bill_expense": "select, insert",
    },
    events=(BillChanged,),
)
