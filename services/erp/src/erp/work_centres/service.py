"""Work centres: what is particular about writing them."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from erp.calendars.service import require_open_calendar
from erp.catalog.service.codes import claim_codes
from erp.work_centres import queries
from erp.work_centres.events import WorkCentreChanged
from erp.work_centres.models import WorkCentre
from erp.work_centres.schemas import WorkCentreView
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = ["WORK_CENTRE", "work_centre_states"]

_NEW = {
    "capacity": 1,
    "cost_per_hour": Decimal(0),
    "overhead_per_hour": Decimal(0),
    "efficiency": Decimal(100),
}


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW | {"skills": [], "tools": []} for _ in range(count)]


async def _check(work: Work, changes: Sequence[Change[WorkCentre]], _sender: str | None) -> None:
    """Raises DuplicateCode, MissingReference and InvalidInput (a calendar that is not in use)."""
    await claim_codes(work, "work_centre", [one.record for one in changes if one.is_new])
    named = {one.record.calendar_id for one in changes if one.touches("calendar_id")}
    for calendar_id in sorted(one for one in named if one):
        await require_open_calendar(work, calendar_id)


async def work_centre_states(at: Reading, ids: Sequence[UUID]) -> list[WorkCentreChanged]:
    """What is published of work centres, as they are now."""
    return [WorkCentreChanged.of(one, []) for one in await read_all(at, WorkCentre, ids)]


async def _publish(work: Work, changes: Sequence[Change[WorkCentre]]) -> None:
    events = [
        WorkCentreChanged.of(one.record, changed_fields(WorkCentreChanged, one)) for one in changes
    ]
    await work.record(*events)


WORK_CENTRE: RecordType[WorkCentre, WorkCentreView] = RecordType(
    name="work_centre",
    entity=WorkCentre,
    reads=queries.WORK_CENTRES,
    required=("code", "name"),
    defaults=_defaults,
    check=_check,
    publish=_publish,
)
"""How work centres are kept. Raises DuplicateCode, FixedCode, MissingReference, InvalidInput."""
