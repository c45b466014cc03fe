"""Named reads of absences."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.absences.models import Absence
from crm.absences.schemas import AbsenceQuery, AbsenceView
from crm.sql import Sql
from crm.staff.schemas import MemberView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["ABSENCES", "away_at", "overlapping"]


def _filters(_at: Reading, query: AbsenceQuery) -> Sequence[Filter]:
    return [
        *record_filters("absence", query),
        Filter("user_id = {}", query.user_id),
        Filter("tstzrange(starts_at, ends_at) @> {}::timestamptz", query.at),
    ]


ABSENCES = Reads(
    name="absence",
    view=AbsenceView,
    columns=columns_of(AbsenceView, Absence.__table__),
    source="absence",
    visible=everybody,
    query=AbsenceQuery,
    filters=_filters,
    searched=searched.ABSENCES,
    includes={"user": Include(MemberView, "user_id")},
    sorts=BY_NAME,
)


async def overlapping(sql: Sql, absence: Absence) -> UUID | None:
    """Another absence of the user in that time."""
    found: UUID | None = await sql.fetchval(
        """select id from absence where user_id = $1 and id <> $2 and status = 'active'
             and tstzrange(starts_at, ends_at) && tstzrange($3, $4) limit 1""",
        absence.user_id,
        absence.id,
        absence.starts_at,
        absence.ends_at,
    )
    return found


async def away_at(sql: Sql, user_ids: Collection[UUID], instant: datetime) -> set[UUID]:
    """Those of the users who are away then."""
    rows = await sql.fetch(
        """select distinct user_id from absence where user_id = any($1::uuid[])
             and status = 'active' and tstzrange(starts_at, ends_at) @> $2::timestamptz""",
        list(user_ids),
        instant,
    )
    return {row["user_id"] for row in rows}
