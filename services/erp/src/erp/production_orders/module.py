"""What production orders bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.catalog.events import UnitOrKindChanging
from erp.production_orders.events import ProductionOrderChanged
from erp.production_orders.handlers import keep_unit_and_kind
from erp.production_orders.models import (
    OrderByProduct,
    OrderComponent,
    OrderOperation,
    ProductionOrder,
    ProductionStep,
)
from erp.production_orders.router import production_order_router
from erp.production_orders.service.orders import production_order_states

__all__ = ["MODULE"]

MODULE = Module(
    name="production_orders",
    routers=(production_order_router,),
    tags={
        "production-orders": "What is to be made: material, progress, goods and what they cost.",
    },
    permissions={
        "production_orders.read": "See production orders, their material and steps.",
        "production_orders.costs": "See what production orders cost.",
        "production_orders.write": "Plan, release, finish, close and cancel production orders.",
        "production.report": "Issue material to production orders, and report what was made.",
    },
    roles={
        "accountant": {"production_orders.read", "production_orders.costs"},
        "buyer": {"production_orders.read"},
        "planner": {
            "production_orders.read",
            "production_orders.costs",
            "production_orders.write",
            "production.report",
        },
        "seller": {"production_orders.read"},
        "storekeeper": {"production_orders.read", "production.report"},
    },
    tables=(ProductionOrder, OrderComponent, OrderOperation, OrderByProduct, ProductionStep),
    rights={
        "production_order_component": "select, insert, update (issued, issued_value)",
        "production_order_operation": (
            "select, insert, update (good, scrapped, reworked, minutes)"
        ),
        "production_order_by_product": "select, insert, update (received, received_value)",
        "production_step": "select, insert",
    },
    events=(ProductionOrderChanged,),
    handlers={UnitOrKindChanging: (keep_unit_and_kind,)},
    states={ProductionOrderChanged: States("production_order", production_order_states)},
)
