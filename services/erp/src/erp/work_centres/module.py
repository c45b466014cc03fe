"""What work centres bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.work_centres.events import WorkCentreChanged
from erp.work_centres.models import SEARCH, WorkCentre
from erp.work_centres.router import work_centre_router
from erp.work_centres.service import work_centre_states

__all__ = ["MODULE"]

MODULE = Module(
    name="work_centres",
    routers=(work_centre_router,),
    tags={"work-centres": "Machines and people that do the same work: hours, capacity, rates."},
    permissions={
        "work_centres.read": "See work centres.",
        "work_centres.write": "Create, change, archive and link work centres.",
    },
    roles={
        "accountant": {"work_centres.read"},
        "planner": {"work_centres.read", "work_centres.write"},
    },
    tables=(WorkCentre, SEARCH),
    events=(WorkCentreChanged,),
    states={WorkCentreChanged: States("work_centre", work_centre_states)},
)
