"""What routings bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.routings.events import RoutingChanged
from erp.routings.models import Routing, RoutingOperation
from erp.routings.router import routing_router
from erp.routings.service import routing_states

__all__ = ["MODULE"]

MODULE = Module(
    name="routings",
    routers=(routing_router,),
    tags={"routings": "How items are made: operations, work centres and times, in revisions."},
    permissions={
        "routings.read": "See routings.",
        "routings.write": "Draft, change, activate and archive routings.",
    },
    roles={
        "accountant": {"routings.read"},
        "buyer": {"routings.read"},
        "planner": {"routings.read", "routings.write"},
        "storekeeper": {"routings.read"},
    },
    tables=(Routing, RoutingOperation),
    rights={"routing_operation": "select, insert, update, delete"},
    events=(RoutingChanged,),
    states={RoutingChanged: States("routing", routing_states)},
)
