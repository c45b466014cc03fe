"""What rush requests bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.rush_requests.events import RushRequestChanged
from erp.rush_requests.models import RushRequest
from erp.rush_requests.router import rush_request_router
from erp.rush_requests.service import request_states

__all__ = ["MODULE"]

MODULE = Module(
    name="rush_requests",
    routers=(rush_request_router,),
    tags={"rush-requests": "Sales orders that are wanted sooner, and what was decided."},
    permissions={
        "rush.read": "See rush requests, and what granting would do.",
        "rush.write": "Ask for goods of sales orders sooner.",
        "rush.decide": "Grant and refuse rush requests.",
    },
    roles={
        "accountant": {"rush.read"},
        "planner": {"rush.read", "rush.decide"},
        "seller": {"rush.read", "rush.write"},
        "storekeeper": {"rush.read"},
    },
    tables=(RushRequest,),
    rights={"rush_request": "select, insert, update"},
    events=(RushRequestChanged,),
    states={RushRequestChanged: States("rush_request", request_states)},
)
