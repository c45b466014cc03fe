"""What payments and open items bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.settlement.events import BalanceChanged, PaymentReceived
from erp.settlement.models import Allocation, CustomerBalance, OpenItem, Payment
from erp.settlement.router import open_item_router, party_report_router, payment_router
from erp.settlement.service.items import balance_states

__all__ = ["MODULE"]

MODULE = Module(
    name="settlement",
    routers=(payment_router, open_item_router, party_report_router),
    tags={
        "open-items": "What customers owe and what is owed to suppliers, document by document.",
        "payments": "Money received and paid, and the documents that it settles.",
    },
    permissions={
        "settlement.read": "See payments, open items, and what customers owe and we owe.",
        "settlement.write": "Book payments, allocate them, and take that back.",
    },
    roles={
        "accountant": {"settlement.read", "settlement.write"},
    },
    tables=(OpenItem, Payment, Allocation, CustomerBalance),
    rights={
        "allocation": "select, insert",
    },
    events=(BalanceChanged, PaymentReceived),
    states={
        BalanceChanged: States("customer_balance", balance_states),
    },
)
