"""What customers' orders bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.accounts.events import AccountChanged
from crm.orders.events import OrderChanged
from crm.orders.handlers import refuse_prospect_who_ordered
from crm.orders.models import Order, OrderLine
from crm.orders.router import erp_copy_router, order_router
from crm.orders.service.orders import order_states

__all__ = ["MODULE"]

MODULE = Module(
    name="orders",
    routers=(order_router, erp_copy_router),
    tags={
        "mirror": (
            "What the ERP tells the CRM: how orders stand, what is available, what accounts owe."
        ),
        "orders": "Orders as sales enters and follows them; the ERP fulfils them.",
    },
    permissions={
        "orders.read": "See customers' orders and how they stand.",
        "orders.write": "Place, change and cancel orders.",
        "orders.sync": "Write what a linked ERP says of orders, stock and debts, bound to `erp`.",
    },
    roles={
        "seller": {"orders.read", "orders.write"},
        "sales_manager": {"orders.read", "orders.write"},
        "service_agent": {"orders.read"},
        "marketer": {"orders.read"},
    },
    tables=(Order, OrderLine),
    rights={
        "customer_order_line": "select, insert, update, delete",
    },
    events=(OrderChanged,),
    states={
        OrderChanged: States("customer_order", order_states),
    },
    handlers={
        AccountChanged: (refuse_prospect_who_ordered,),
    },
)
