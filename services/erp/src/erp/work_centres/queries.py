"""Named reads of work centres."""

from collections.abc import Sequence

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.calendars.schemas import CalendarView
from erp.work_centres.models import WorkCentre
from erp.work_centres.schemas import WorkCentreQuery, WorkCentreView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["WORK_CENTRES"]


def _filters(_at: Reading, query: WorkCentreQuery) -> Sequence[Filter]:
    own = Filter("work_centre.calendar_id = {}", query.calendar_id)
    return [*record_filters("work_centre", query), own]


WORK_CENTRES = Reads(
    name="work_centre",
    view=WorkCentreView,
    columns=columns_of(WorkCentreView, WorkCentre.__table__),
    source="work_centre",
    visible=everybody,
    query=WorkCentreQuery,
    filters=_filters,
    searched=searched.WORK_CENTRES,
    sorts={**BY_NAME, "code": Sort("code", "text")},
    default_sort="code",
    includes={"calendar": Include(CalendarView, "calendar_id")},
)
