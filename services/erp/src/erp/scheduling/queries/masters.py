"""Reads of changeovers, shared resources and scheduling profiles."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp.calendars.schemas import CalendarView
from erp.scheduling.models.masters import Changeover, SchedulingProfile, SharedResource
from erp.scheduling.schemas.masters import (
    ChangeoverQuery,
    ChangeoverView,
    SchedulingProfileQuery,
    SchedulingProfileView,
    SharedResourceQuery,
    SharedResourceView,
)
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = [
    "CHANGEOVERS",
    "PROFILES",
    "SHARED",
    "same_changeovers",
    "same_shared",
    "work_centres_by_code",
]


def _changeover_filters(_at: Reading, query: ChangeoverQuery) -> list[Filter]:
    return [
        among("changeover.status", query.status),
        Filter(
            "changeover.work_centre_id = (select id from work_centre where code = {})",
            query.work_centre,
        ),
        Filter("changeover.from_family = {}", query.from_family),
        Filter("changeover.to_family = {}", query.to_family),
    ]


CHANGEOVERS = Reads(
    name="changeover",
    view=ChangeoverView,
    columns=columns_of(ChangeoverView, Changeover.__table__, work_centre="w.code"),
    source="changeover left join work_centre w on w.id = changeover.work_centre_id",
    key="changeover.id",
    visible=everybody,
    query=ChangeoverQuery,
    filters=_changeover_filters,
    title="changeover.from_family || ' - ' || changeover.to_family",
    subtitle="coalesce(w.code, '')",
    sorts=sorts_of("changeover", named=False),
)


def _shared_filters(_at: Reading, query: SharedResourceQuery) -> list[Filter]:
    return [
        among("shared_resource.status", query.status),
        among("shared_resource.kind", query.kind),
        Filter("shared_resource.calendar_id = {}", query.calendar_id),
    ]


SHARED = Reads(
    name="shared_resource",
    view=SharedResourceView,
    columns=columns_of(SharedResourceView, SharedResource.__table__),
    source="shared_resource",
    visible=everybody,
    query=SharedResourceQuery,
    filters=_shared_filters,
    title="name",
    subtitle="kind",
    includes={"calendar": Include(CalendarView, "calendar_id")},
)


def _profile_filters(_at: Reading, query: SchedulingProfileQuery) -> Sequence[Filter]:
    return [among("scheduling_profile.status", query.status)]


PROFILES = Reads(
    name="scheduling_profile",
    view=SchedulingProfileView,
    columns=columns_of(SchedulingProfileView, SchedulingProfile.__table__),
    source="scheduling_profile",
    visible=everybody,
    query=SchedulingProfileQuery,
    filters=_profile_filters,
    title="code",
)


async def work_centres_by_code(sql: Sql, codes: Collection[str]) -> dict[str, UUID]:
    """Ids of work centres by code."""
    rows = await sql.fetch(
        "select code, id from work_centre where code = any($1::text[])", list(codes)
    )
    return {row["code"]: row["id"] for row in rows}


async def same_changeovers(
    sql: Sql, records: Sequence[Changeover]
) -> dict[tuple[UUID | None, str, str], UUID]:
    """Changeovers of the same work centre and families: which one has them."""
    rows = await sql.fetch(
        """select c.work_centre_id, c.from_family, c.to_family, c.id
             from unnest($1::uuid[], $2::text[], $3::text[]) n(place, before, after)
             join changeover c on c.from_family = n.before and c.to_family = n.after
              and c.work_centre_id is not distinct from n.place""",
        [one.work_centre_id for one in records],
        [one.from_family for one in records],
        [one.to_family for one in records],
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def same_shared(sql: Sql, records: Sequence[SharedResource]) -> dict[tuple[str, str], UUID]:
    """Shared resources of the same kind and name: which one has them."""
    rows = await sql.fetch(
        """select s.kind, s.name, s.id from unnest($1::text[], $2::text[]) n(kind, name)
             join shared_resource s on s.kind = n.kind and s.name = n.name""",
        [one.kind for one in records],
        [one.name for one in records],
    )
    return {(row[0], row[1]): row[2] for row in rows}
