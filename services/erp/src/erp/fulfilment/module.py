"""What sales orders bring into the ERP."""

from approvals.events import DecisionMade, DecisionStarted
from chassis.service import Module
from chassis.telemetry.metrics import Metric
from chassis.work.states import States
from erp.catalog.events import UnitOrKindChanging
from erp.fulfilment.events import OrderChanged
from erp.fulfilment.handlers import (
    check_unit_or_kind_change,
    lock_credited_order,
    lock_order_first,
    record_credited_lines,
    refresh_expected_orders,
    refresh_filled_orders,
    refresh_paid_orders,
    reschedule_released_orders,
    resume_order,
)
from erp.fulfilment.models import (
    ChangeRequest,
    Order,
    OrderCharge,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from erp.fulfilment.router import order_router, shipment_router
from erp.fulfilment.service.publishing import REFRESH, order_states, refresh_orders
from erp.receivables.events import InvoiceCredited, InvoiceCreditStarted
from erp.settlement.events import OrdersPaid
from erp.stock.events import DemandFilled, GoodsExpected, ReservationsReleased

__all__ = ["MODULE"]

MODULE = Module(
    name="fulfilment",
    routers=(order_router, shipment_router),
    tags={
        "sales-orders": (
            "Orders of customers from draft to completion: reserve, ship, return, invoice."
        ),
        "shipments": "Deliveries to customers and what came back of them.",
    },
    permissions={
        "sales.read": "See sales orders and approvals.",
        "sales.write": "Take, change and cancel sales orders.",
    },
    roles={
        "accountant": {"sales.read"},
        "seller": {"sales.read", "sales.write"},
        "storekeeper": {"sales.read"},
    },
    tables=(Order, OrderLine, OrderCharge, ChangeRequest, Shipment, ShipmentLine),
    rights={
        "sales_order_line": "select, insert, update, delete",
        "sales_order_charge": "select, insert, update, delete",
        "shipment_line": "select, insert, update (prepaid)",
    },
    events=(OrderChanged,),
    states={
        OrderChanged: States("sales_order", order_states),
    },
    handlers={
        UnitOrKindChanging: (check_unit_or_kind_change,),
        DemandFilled: (refresh_filled_orders,),
        GoodsExpected: (refresh_expected_orders,),
        ReservationsReleased: (reschedule_released_orders,),
        OrdersPaid: (refresh_paid_orders,),
        DecisionStarted: (lock_order_first,),
        DecisionMade: (resume_order,),
        InvoiceCreditStarted: (lock_credited_order,),
        InvoiceCredited: (record_credited_lines,),
    },
    jobs={REFRESH: refresh_orders},
    metrics=(
        Metric(
            "orders_on_hold",
            "Sales orders that wait for a decision.",
            "select count(*) from sales_order where state = 'on_hold'",
        ),
        Metric(
            "orders_waiting_for_stock",
            "Sales orders of which something waits for goods, or for its day.",
            """select count(distinct d.order_id) from demand d
                 join sales_order o on o.id = d.order_id where d.reserved + d.shipped < d.wanted""",
        ),
    ),
)
