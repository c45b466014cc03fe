"""Paths of work centres."""

from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from erp.catalog.errors import DuplicateCode, FixedCode
from erp.work_centres.schemas import ChangeWorkCentre, NewWorkCentre, UpsertWorkCentre
from erp.work_centres.service import WORK_CENTRE
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["work_centre", "work_centre_router"]

work_centre_router = api_router(prefix="/v1/work-centres", tag="work-centres")
work_centre = RecordRoutes(
    work_centre_router,
    WORK_CENTRE,
    one="work centre",
    many="work centres",
    read="work_centres.read",
    write="work_centres.write",
    refuses=(MissingReference,),
)
work_centre.list("Work centres; `sort` by created_at, updated_at, name or code.")
work_centre.create(NewWorkCentre, "Add a work centre.", refuses=(DuplicateCode,))
work_centre.upsert(UpsertWorkCentre, refuses=(DuplicateCode, FixedCode))
work_centre.links()
work_centre.csv(key="code", references={"calendar_id": Reference("calendar", codes=("name",))})
work_centre.get()
work_centre.history()
work_centre.change(ChangeWorkCentre)
work_centre.archive("Archive the work centre.", "Use the work centre again.")
work_centre.link()
work_centre.unlink()
annotate(work_centre.paths)
