"""What repairs bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.repairs.events import RepairOrderChanged
from erp.repairs.models import RepairLine, RepairOrder, RepairStep
from erp.repairs.router import repair_order_router
from erp.repairs.service.orders import repair_states

__all__ = ["MODULE"]

MODULE = Module(
    name="repairs",
    routers=(repair_order_router,),
    tags={"repair-orders": "Repairs of pieces of customers and of our own, and what they cost."},
    permissions={
        "repairs.read": "See repair orders.",
        "repairs.write": "Take up repairs, quote them, book parts and labour, send pieces back.",
        "repairs.invoice": "Invoice repairs.",
    },
    roles={
        "accountant": {"repairs.read", "repairs.invoice"},
        "planner": {"repairs.read", "repairs.write"},
        "seller": {"repairs.read", "repairs.write", "repairs.invoice"},
        "storekeeper": {"repairs.read", "repairs.write"},
    },
    tables=(RepairOrder, RepairLine, RepairStep),
    rights={
        "repair_line": "select, insert, update, delete",
        "repair_step": "select, insert",
    },
    events=(RepairOrderChanged,),
    states={RepairOrderChanged: States("repair_order", repair_states)},
)
