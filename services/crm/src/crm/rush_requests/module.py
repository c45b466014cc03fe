"""What rush requests bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.rush_requests.events import RushRequestChanged
from crm.rush_requests.models import RushRequest
from crm.rush_requests.router import rush_answer_router, rush_request_router
from crm.rush_requests.service import request_states

__all__ = ["MODULE"]

MODULE = Module(
    name="rush_requests",
    routers=(rush_request_router, rush_answer_router),
    tags={"rush-requests": "Orders whose goods are wanted sooner, and what was decided."},
    permissions={
        "rush.decide": "Grant and refuse rush requests.",
    },
    roles={"sales_manager": {"rush.decide"}},
    tables=(RushRequest,),
    rights={"rush_request": "select, insert, update"},
    events=(RushRequestChanged,),
    states={RushRequestChanged: States("rush_request", request_states)},
)
