"""Named reads and locks of staff."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm import searched
from crm.calendars.schemas import CalendarView
from crm.sql import Sql
from crm.staff.models import StaffMember, Team
from crm.staff.schemas import MemberQuery, MemberView, TeamQuery, TeamView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, sorts_of

__all__ = [
    "TEAMS",
    "USERS",
    "clear_members",
    "ensure_member",
    "lies_below",
    "lock_member",
    "teams_with_names",
]

_USER = """u.id, u.login, u.name, coalesce(s.email, '') as email, s.team_id, t.name as team,
  s.calendar_id, s.capacity,
  u.roles, u.active, u.language, u.version, u.created_at, u.updated_at"""
_USERS = """local_user u left join staff_member s on s.id = u.id
  left join team t on t.id = s.team_id"""
_MEMBERS = "(select count(*) from staff_member s where s.team_id = team.id)"


def _user_filters(_at: Reading, query: MemberQuery) -> list[Filter]:
    return [
        Filter("u.active = {}", query.active),
        Filter("{} = any(u.roles)", query.role),
        Filter("s.team_id = {}", query.team_id),
    ]


def _team_filters(_at: Reading, query: TeamQuery) -> list[Filter]:
    return [
        Filter("team.active = {}", query.active),
        Filter("team.parent_id = {}", query.parent_id),
    ]


USERS = Reads(
    name="user",
    view=MemberView,
    columns=_USER,
    source=_USERS,
    visible=everybody,
    query=MemberQuery,
    filters=_user_filters,
    searched=searched.MEMBERS,
    includes={
        "team": Include(TeamView, "team_id"),
        "calendar": Include(CalendarView, "calendar_id"),
    },
    sorts=sorts_of("u", named=False, texts=("login",)),
    default_sort="login",
    key="u.id",
)
TEAMS = Reads(
    name="team",
    view=TeamView,
    columns=columns_of(TeamView, Team.__table__, members=_MEMBERS),
    source="team",
    visible=everybody,
    query=TeamQuery,
    filters=_team_filters,
    searched=searched.TEAMS,
    includes={"parent": Include(TeamView, "parent_id")},
    sorts=BY_NAME,
    default_sort="name",
)


async def lock_member(sql: Sql, member_id: UUID) -> None:
    """Hold the user's row until the act ends."""
    await sql.execute("select from local_user where id = $1 for no key update", member_id)


async def clear_members(sql: Sql, member_ids: Collection[UUID]) -> None:
    """Forget address and team of the users."""
    await sql.execute(
        "update staff_member set email = '', team_id = null where id = any($1::uuid[])",
        list(member_ids),
    )


async def ensure_member(work: Work, member_id: UUID) -> StaffMember:
    """The user's staff record; one for a user that was made elsewhere is added."""
    await work.sql.execute(
        """insert into staff_member (id, email) select id, '' from local_user where id = $1
            on conflict do nothing""",
        member_id,
    )
    wanted = select(StaffMember).where(StaffMember.id == member_id)
    return (await work.session.execute(wanted)).scalar_one()


async def lies_below(sql: Sql, *, lower: UUID, upper: UUID) -> bool:
    """Whether the lower team is the upper one or lies below it at any depth."""
    found: bool = await sql.fetchval(
        """with recursive above as (
             select id, parent_id from team where id = $1
             union select t.id, t.parent_id from team t join above a on t.id = a.parent_id)
           select exists (select from above where id = $2)""",
        lower,
        upper,
    )
    return found


async def teams_with_names(sql: Sql, names: Collection[str]) -> dict[str, UUID]:
    """The team that has each name, whatever its case; what nobody is called is left out."""
    rows = await sql.fetch(
        """select n.name, t.id from unnest($1::text[]) as n(name)
             join team t on lower(t.name) = lower(n.name)""",
        list(names),
    )
    return {row["name"]: row["id"] for row in rows}
