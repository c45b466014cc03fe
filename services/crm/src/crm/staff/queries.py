"""Named reads and locks of staff."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from chassis.work.unit_of_work import Work
from crm import searched
from crm.staff.models import StaffMember
from crm.staff.schemas import MemberQuery, MemberView, TeamQuery, TeamView

__all__ = [
    "Sql",
    "ensure_member",
    "lock_member",
    "member_page",
    "member_view",
    "team_page",
    "team_view",
    "team_with_name",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_MEMBER = """u.id, u.login, u.name, coalesce(s.email, '') as email, s.team_id, t.name as team,
  u.roles, u.active, u.language, u.version, u.created_at, u.updated_at"""

_MEMBERS = """local_user u left join staff_member s on s.id = u.id
  left join team t on t.id = s.team_id"""

_TEAM = """team.id, team.name, team.description, team.active, team.version, team.created_at,
  team.updated_at,
  (select count(*) from staff_member s where s.team_id = team.id) as members"""


async def member_page(sql: Sql, query: MemberQuery, asked: PageQuery) -> Page[MemberView]:
    """One page of the staff wanted, by login."""
    return await fetch_page(
        sql,
        columns=_MEMBER,
        source=_MEMBERS,
        view=_member,
        sorts={"login": Sort("u.login", "text"), "created_at": Sort("u.created_at", "timestamptz")},
        default="login",
        asked=asked,
        where=[
            *await containing(sql, query.q, searched.MEMBERS),
            Filter("u.active = {}", query.active),
            Filter("{} = any(u.roles)", query.role),
            Filter("s.team_id = {}", query.team_id),
        ],
        key="u.id",
    )


async def member_view(sql: Sql, member_id: UUID) -> MemberView | None:
    """The staff member as callers see it."""
    row = await sql.fetchrow(f"select {_MEMBER} from {_MEMBERS} where u.id = $1", member_id)
    return _member(row) if row else None


def _member(row: Mapping[str, Any]) -> MemberView:
    return MemberView.model_validate(dict(row))


async def lock_member(sql: Sql, member_id: UUID) -> None:
    """Hold the user's row until the act ends."""
    await sql.execute("select from local_user where id = $1 for no key update", member_id)


async def ensure_member(work: Work, member_id: UUID) -> StaffMember:
    """The user's staff record; one for a user that was made elsewhere is added."""
    await work.sql.execute(
        """insert into staff_member (id, email) select id, '' from local_user where id = $1
            on conflict do nothing""",
        member_id,
    )
    wanted = select(StaffMember).where(StaffMember.id == member_id)
    return (await work.session.execute(wanted)).scalar_one()


async def team_page(sql: Sql, query: TeamQuery, asked: PageQuery) -> Page[TeamView]:
    """One page of the teams wanted, by name."""
    return await fetch_page(
        sql,
        columns=_TEAM,
        source="team",
        view=_team,
        sorts={"name": Sort("team.sort_key", "text")},
        default="name",
        asked=asked,
        where=[
            Filter("team.active = {}", query.active),
            *await containing(sql, query.q, searched.TEAMS),
        ],
        key="team.id",
    )


async def team_view(sql: Sql, team_id: UUID) -> TeamView | None:
    """The team as callers see it."""
    row = await sql.fetchrow(f"select {_TEAM} from team where team.id = $1", team_id)
    return _team(row) if row else None


def _team(row: Mapping[str, Any]) -> TeamView:
    return TeamView.model_validate(dict(row))


async def team_with_name(sql: Sql, name: str, *, other_than: UUID) -> UUID | None:
    """Another team of that name, whatever its case."""
    found: UUID | None = await sql.fetchval(
        "select id from team where lower(name) = lower($1) and id <> $2", name, other_than
    )
    return found
