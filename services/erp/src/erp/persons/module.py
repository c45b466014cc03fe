"""What the rights of persons bring into the ERP."""

from datetime import timedelta

from chassis.service import Module, Schedule
from erp.persons.models import RetainedParty
from erp.persons.router import customer_person_router, supplier_person_router
from erp.persons.service import UPKEEP, keep_erased

__all__ = ["MODULE"]

MODULE = Module(
    name="persons",
    routers=(customer_person_router, supplier_person_router),
    tables=(RetainedParty,),
    rights={
        "retained_party": "select, insert, update, delete",
    },
    jobs={UPKEEP: keep_erased},
    schedules=(Schedule(UPKEEP, timedelta(days=1), UPKEEP),),
)
