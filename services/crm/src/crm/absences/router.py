"""Paths of absences."""

from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from crm.absences.errors import OverlappingAbsence
from crm.absences.schemas import ChangeAbsence, NewAbsence, UpsertAbsence
from crm.absences.service import ABSENCE
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import USER

__all__ = ["absence_router"]

absence_router = api_router(prefix="/v1/absences", tag="absences")
absence = RecordRoutes(
    absence_router,
    ABSENCE,
    one="absence",
    many="absences",
    read="absences.read",
    write="absences.write",
    refuses=(MissingReference, OverlappingAbsence),
)
absence.list("Absences; `sort` by created_at, updated_at or name.")
absence.create(NewAbsence, "Create an absence.")
absence.upsert(UpsertAbsence)
absence.links()
absence.csv(references={"user_id": USER})
absence.get()
absence.history()
absence.change(ChangeAbsence)
absence.archive(
    "The person is not away after all.",
    "The person is away after all.",
    refuses=(OverlappingAbsence,),
)
absence.link()
absence.unlink()
annotate(absence.paths)
