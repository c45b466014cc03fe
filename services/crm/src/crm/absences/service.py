"""Absences: what is particular about writing them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from crm.absences import queries
from crm.absences.errors import OverlappingAbsence
from crm.absences.events import AbsenceChanged
from crm.absences.models import Absence
from crm.absences.schemas import AbsenceView
from crm.reach import require_person
from crm.staff.service.members import require_active_user
from records.entities import ARCHIVED, Values
from records.types import Change, RecordType, changed_fields

__all__ = ["ABSENCE", "absence_states", "away_at"]


async def away_at(at: Reading, user_ids: Collection[UUID], instant: datetime) -> set[UUID]:
    """Those of the users who are away then."""
    return await queries.away_at(at.sql, user_ids, instant)


async def _prepare(work: Work, change: Change[Absence], _sender: str | None) -> Values:
    """Raises MissingReference (user), InvalidInput (another user, a disabled one), Forbidden."""
    user_id = change.values.get("user_id")
    if user_id is not None and not change.is_new and user_id != change.record.user_id:
        message = "This cannot be changed."
        raise InvalidInput(errors=[FieldError("/user_id", "user_fixed", message)])
    wanted = user_id if change.is_new else change.record.user_id
    if wanted is not None:
        if change.is_new:
            await require_active_user(work, wanted, pointer="/user_id")
        await require_person(work, wanted)
    return change.values


async def _check(work: Work, changes: Sequence[Change[Absence]], _sender: str | None) -> None:
    """Raises InvalidInput (it ends before it begins), OverlappingAbsence."""
    for one in changes:
        absence = one.record
        if absence.starts_at >= absence.ends_at:
            message = "An absence ends after it begins."
            raise InvalidInput(errors=[FieldError("/ends_at", "ends_later", message)])
        if absence.status == ARCHIVED:
            continue
        await advisory_lock(work, f"absence:{absence.user_id}")
        existing_id = await queries.overlapping(work.sql, absence)
        if existing_id:
            raise OverlappingAbsence(existing_id=existing_id)


async def absence_states(at: Reading, ids: Sequence[UUID]) -> list[AbsenceChanged]:
    """What is published of absences, as they are now."""
    return [AbsenceChanged.of(one, []) for one in await read_all(at, Absence, ids)]


async def _publish(work: Work, changes: Sequence[Change[Absence]]) -> None:
    events = [AbsenceChanged.of(one.record, changed_fields(AbsenceChanged, one)) for one in changes]
    await work.record(*events)


ABSENCE: RecordType[Absence, AbsenceView] = RecordType(
    name="absence",
    entity=Absence,
    reads=queries.ABSENCES,
    required=("name", "user_id", "starts_at", "ends_at"),
    prepare=_prepare,
    check=_check,
    publish=_publish,
    in_bulk=False,
)
