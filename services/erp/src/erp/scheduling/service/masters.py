"""Changeovers, shared resources and scheduling profiles: what is particular about writing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.calendars.service import require_open_calendar
from erp.catalog.errors import FixedCode
from erp.catalog.service.codes import claim_codes
from erp.scheduling.errors import DuplicateChangeover, DuplicateSharedResource
from erp.scheduling.models.masters import Changeover, SchedulingProfile, SharedResource
from erp.scheduling.queries import masters as queries
from erp.scheduling.schemas.masters import (
    ChangeoverView,
    SchedulingProfileView,
    SharedResourceView,
)
from records.entities import Values
from records.shown import code_of
from records.types import Change, RecordType

__all__ = ["CHANGEOVER", "SCHEDULING_PROFILE", "SHARED_RESOURCE"]

_PROFILE = {
    "horizon_days": 90,
    "frozen_hours": 0,
    "lateness_weight": 10,
    "setup_weight": 1,
    "makespan_weight": 1,
    "stability_weight": 240,
    "solver_seconds": 30,
}


async def _look_up(
    work: Work, changes: Sequence[Change[Changeover]], _sender: str | None
) -> Sequence[Values]:
    """The values with the work centre by id. Raises MissingReference."""
    codes = {code for one in changes if (code := one.values.get("work_centre"))}
    ids = await queries.work_centres_by_code(work.sql, codes) if codes else {}
    found = []
    for one in changes:
        values = {name: value for name, value in one.values.items() if name != "work_centre"}
        if "work_centre" in one.values:
            code = one.values["work_centre"]
            if code is not None and code not in ids:
                raise MissingReference(entity="work_centre", reference=code)
            values["work_centre_id"] = None if code is None else ids[code]
        elif one.is_new:
            values["work_centre_id"] = None
        found.append(values)
    return found


async def _one_time(work: Work, changes: Sequence[Change[Changeover]], _sender: str | None) -> None:
    """Raises DuplicateChangeover."""
    touched = [
        one.record for one in changes if one.touches("work_centre_id", "from_family", "to_family")
    ]
    if not touched:
        return
    await advisory_lock(work, "changeover")
    taken = await queries.same_changeovers(work.sql, touched)
    for one in touched:
        key = one.work_centre_id, one.from_family, one.to_family
        existing_id = taken.setdefault(key, one.id)
        if existing_id != one.id:
            raise DuplicateChangeover(
                existing_id=existing_id, from_family=one.from_family, to_family=one.to_family
            )


async def _counted_once(
    work: Work, changes: Sequence[Change[SharedResource]], _sender: str | None
) -> None:
    """Raises DuplicateSharedResource, MissingReference, InvalidInput (an archived calendar)."""
    calendars: set[UUID] = {
        one.record.calendar_id
        for one in changes
        if one.touches("calendar_id") and one.record.calendar_id
    }
    for calendar_id in sorted(calendars):
        await require_open_calendar(work, calendar_id)
    touched = [one.record for one in changes if one.touches("kind", "name")]
    if not touched:
        return
    await advisory_lock(work, "shared_resource")
    taken = await queries.same_shared(work.sql, touched)
    for one in touched:
        existing_id = taken.setdefault((one.kind, one.name), one.id)
        if existing_id != one.id:
            raise DuplicateSharedResource(existing_id=existing_id, kind=one.kind, name=one.name)


async def _nothing_more(_work: Work, count: int) -> Sequence[Values]:
    return [{"calendar_id": None}] * count


async def _profile(_work: Work, count: int) -> Sequence[Values]:
    return [_PROFILE] * count


async def _codes(
    work: Work, changes: Sequence[Change[SchedulingProfile]], _sender: str | None
) -> None:
    """Raises DuplicateCode, FixedCode."""
    for one in changes:
        if not one.is_new and "code" in one.before:
            raise FixedCode(entity="scheduling_profile", record_code=one.before["code"])
    await claim_codes(work, "scheduling_profile", [one.record for one in changes if one.is_new])


CHANGEOVER: RecordType[Changeover, ChangeoverView] = RecordType(
    name="changeover",
    entity=Changeover,
    reads=queries.CHANGEOVERS,
    required=("from_family", "to_family", "minutes"),
    look_up=_look_up,
    check=_one_time,
    shown={"work_centre_id": code_of("work_centre", "work_centre")},
)
"""How changeovers are kept. Raises MissingReference, DuplicateChangeover."""

SHARED_RESOURCE: RecordType[SharedResource, SharedResourceView] = RecordType(
    name="shared_resource",
    entity=SharedResource,
    reads=queries.SHARED,
    required=("kind", "name", "capacity"),
    defaults=_nothing_more,
    check=_counted_once,
)
"""How shared resources are kept.

Raises DuplicateSharedResource, MissingReference, InvalidInput (an archived calendar).
"""

SCHEDULING_PROFILE: RecordType[SchedulingProfile, SchedulingProfileView] = RecordType(
    name="scheduling_profile",
    entity=SchedulingProfile,
    reads=queries.PROFILES,
    required=("code",),
    defaults=_profile,
    check=_codes,
)
"""How scheduling profiles are kept. Raises DuplicateCode, FixedCode."""
