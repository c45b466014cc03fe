"""Named reads of activities."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.clock import days_between
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.accounts.schemas import ContactView
from crm.activities.models import DUE, Activity
from crm.activities.queries.visibility import changeable, visible
from crm.activities.schemas import ActivityQuery, ActivityView
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.filters import among
from records.includes import Include
from records.links import linked_to
from records.reads import BY_NAME, Reads, columns_of

__all__ = [
    "ACTIVITIES",
    "count_with",
    "existing_teams",
    "ids_about",
    "ids_naming",
    "ids_naming_within",
    "ids_planned",
    "users_by_id",
]

_ABOUT_BY_INDEX = """activity.id = any(array(select r.activity_id from activity_record r
  where {}r.record_id = {{}}))"""
_PLANNED = f"""select id from (
    select id, {DUE} as at from activity where owner_id = $1 and {DUE} >= $2 and {DUE} < $4
      and kind <> 'email' and erased_at is null
    union select id, {DUE} from activity where user_ids @> array[$1::uuid]
      and {DUE} >= $2 and {DUE} < $4 and kind <> 'email' and erased_at is null) mine
  order by at < $3, case when at < $3 then $3 - at else at - $3 end, id limit $5"""
_BY_DAY = "coalesce(activity.due_at, activity.starts_at)"


def _filters(at: Reading, query: ActivityQuery) -> Sequence[Filter]:
    first, last = days_between(at.setting.zone, query.due_from, query.due_to)
    return [
        Filter("activity.owner_id = {}", query.owner_id),
        Filter("activity.team_id = {}", query.team_id),
        Filter("{} = any(activity.user_ids)", query.user_id),
        among("activity.kind", query.kind),
        among("activity.state", query.state),
        among("activity.priority", query.priority),
        among("activity.direction", query.direction),
        *_about(query),
        _due(">=", query.due_from, first),
        _due("<", query.due_to, last),
        linked_to("activity", query.external_system, query.external_id),
    ]


def _due(sign: str, day: object, instant: object) -> Filter:
    """That it is due, or begins, from a day on or until its end."""
    if day is None:
        return Filter("", None)
    until = "<=" if sign == "<" else sign
    return Filter(
        f"(activity.due_on {until} (({{0}}::text[])[1])::date"
        f" or {_BY_DAY} {sign} (({{0}}::text[])[2])::timestamptz)",
        [str(day), str(instant)],
    )


def _about(query: ActivityQuery) -> list[Filter]:
    """Those about a record, of whatever type its id is; or about records of a type."""
    if query.record_id is None:
        return [Filter("activity.record_type = {}", query.record_type)]
    of_type = f"r.record_type = '{query.record_type}' and " if query.record_type else ""
    return [Filter(_ABOUT_BY_INDEX.format(of_type), query.record_id)]


ACTIVITIES = Reads(
    name="activity",
    view=ActivityView,
    columns=columns_of(ActivityView, Activity.__table__),
    source="activity",
    visible=visible,
    changeable=changeable,
    change_scope=reach.CHANGE_ALL,
    query=ActivityQuery,
    filters=_filters,
    searched=searched.ACTIVITIES,
    includes={
        "owner": Include(MemberView, "owner_id"),
        "team": Include(TeamView, "team_id"),
        "contacts": Include(ContactView, "contact_ids", many=True),
        "users": Include(MemberView, "user_ids", many=True),
    },
    sorts={**BY_NAME, "due": Sort(DUE, "timestamptz"), "at": Sort("timeline_at", "timestamptz")},
)


async def users_by_id(sql: Sql, ids: Collection[UUID]) -> Mapping[UUID, bool]:
    """The users there are of the ids, and whether each is active; each may own records then."""
    await sql.execute(
        """insert into staff_member (id, email) select id, '' from local_user
           where id = any($1::uuid[]) on conflict do nothing""",
        list(ids),
    )
    rows = await sql.fetch(
        "select id, active from local_user where id = any($1::uuid[])", list(ids)
    )
    return {row["id"]: row["active"] for row in rows}


async def existing_teams(sql: Sql, ids: Collection[UUID]) -> Collection[UUID]:
    """The teams there are of the ids."""
    rows = await sql.fetch("select id from team where id = any($1::uuid[])", list(ids))
    return {row["id"] for row in rows}


async def ids_about(sql: Sql, records: Sequence[tuple[str, UUID]]) -> list[UUID]:
    """The activities whose main record is one of the records, in the order of their ids."""
    rows = await sql.fetch(
        """select id from activity where (record_type, record_id) in (
             select * from unnest($1::text[], $2::uuid[])) order by id""",
        [name for name, _ in records],
        [one for _, one in records],
    )
    return [row["id"] for row in rows]


async def count_with(sql: Sql, contact_ids: Collection[UUID]) -> int:
    """How many activities about other records the contacts take part in, or are related to."""
    count: int = await sql.fetchval(
        """select count(distinct r.activity_id) from activity_record r
             join activity a on a.id = r.activity_id
           where r.record_type = 'contact' and r.record_id = any($1::uuid[])
             and (a.record_type, a.record_id) is distinct from (r.record_type, r.record_id)""",
        list(contact_ids),
    )
    return count


async def ids_naming(sql: Sql, record_type: str, record_id: UUID) -> list[UUID]:
    """The activities that are about the record, or related to it, in the order of their ids."""
    rows = await sql.fetch(
        """select activity_id from activity_record
           where record_type = $1 and record_id = $2 order by activity_id""",
        record_type,
        record_id,
    )
    return [row["activity_id"] for row in rows]


async def ids_naming_within(sql: Sql, record_type: str, record_id: UUID) -> list[UUID]:
    """Those that are related to the record, or in which the contact takes part, by id."""
    rows = await sql.fetch(
        """select a.id from activity_record r join activity a on a.id = r.activity_id
           where r.record_type = $1 and r.record_id = $2
             and (a.related @> jsonb_build_array(jsonb_build_object(
                 'record_type', $1::text, 'record_id', $2::uuid))
               or $1 = 'contact' and $2 = any(a.contact_ids)) order by a.id""",
        record_type,
        record_id,
    )
    return [row["id"] for row in rows]


async def ids_planned(
    sql: Sql, user_id: UUID, times: tuple[datetime, datetime, datetime], limit: int
) -> list[UUID]:
    """Calls, meetings and tasks of the user between the first and the last of three times.

    Those from the middle one on come first, the nearest before others; then the latest before it.
    """
    rows = await sql.fetch(_PLANNED, user_id, *times, limit)
    return [row["id"] for row in rows]
