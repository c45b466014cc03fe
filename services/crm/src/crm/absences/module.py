"""What absences bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.absences.events import AbsenceChanged
from crm.absences.models import SEARCH, Absence
from crm.absences.router import absence_router
from crm.absences.service import absence_states

__all__ = ["MODULE"]

MODULE = Module(
    name="absences",
    routers=(absence_router,),
    tags={"absences": "From when until when users are away."},
    permissions={
        "absences.read": "See absences.",
        "absences.write": "Create, change, archive and link absences.",
    },
    roles={
        "sales_manager": {"absences.read", "absences.write"},
        "seller": {"absences.read"},
        "service_agent": {"absences.read"},
    },
    tables=(Absence, SEARCH),
    events=(AbsenceChanged,),
    states={AbsenceChanged: States("absence", absence_states)},
)
