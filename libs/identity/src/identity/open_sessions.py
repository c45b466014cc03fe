"""Open sessions: those of people who are logged in, listed and ended.

A session is open until it is ended, its twelve hours are over or nobody used it for long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page

__all__ = ["OpenSession", "end_one", "end_others", "list_open"]


@dataclass(frozen=True)
class OpenSession:
    """A session as its person, or an administrator, may see it.

    `source` and `user_agent` are those of the log-in; `last_used_at` is exact to a minute.
    """

    id: UUID
    user_id: UUID
    login: str
    source: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    current: bool


async def list_open(
    sql: "asyncpg.Connection[Any]",
    asked: PageQuery,
    *,
    shown: bytes,
    now: datetime,
    used_since: datetime,
    user_id: UUID | None = None,
) -> Page[OpenSession]:
    """Sessions that are open, of one user or of all. `shown` is the hash of the caller's token."""

    def view(row: Mapping[str, Any]) -> OpenSession:
        said = {name: row[name] for name in _NAMES}
        return OpenSession(**said, current=row["secret_hash"] == shown)

    return await fetch_page(
        sql,
        asked=asked,
        columns=_COLUMNS,
        source="user_session s join local_user u on u.id = s.user_id",
        view=view,
        sorts={"created_at": Sort("s.created_at", "timestamptz")},
        default="-created_at",
        where=(
            Filter("s.ended_at is null and s.expires_at > {}", now),
            Filter("coalesce(s.last_used_at, s.created_at) > {}", used_since),
            Filter("s.user_id = {}", user_id),
        ),
        key="s.id",
    )


async def end_one(
    sql: "asyncpg.Connection[Any]", session_id: UUID, *, now: datetime, user_id: UUID | None = None
) -> bytes:
    """End a session, of that user where one is given; its hash. Raises NotFound: none is open."""
    hashed: bytes | None = await sql.fetchval(_END_ONE, session_id, now, user_id)
    if hashed is None:
        raise NotFound(entity="session", id=session_id)
    return hashed


async def end_others(
    sql: "asyncpg.Connection[Any]", user_id: UUID, *, now: datetime, but: bytes = b""
) -> list[bytes]:
    """End all open sessions of the user but the one with that hash; their hashes."""
    return [row["secret_hash"] for row in await sql.fetch(_END_OTHERS, user_id, now, but)]


_NAMES = (
    *("id", "user_id", "login", "source", "user_agent", "created_at"),
    *("last_used_at", "expires_at"),
)
_COLUMNS = (
    "s.id, s.user_id, u.login, s.source, s.user_agent, s.created_at, s.last_used_at,"
    " s.expires_at, s.secret_hash"
)

_END_ONE = """update user_session set ended_at = $2
  where id = $1 and ended_at is null and expires_at > $2
    and user_id = coalesce($3::uuid, user_id)
  returning secret_hash"""

_END_OTHERS = """update user_session set ended_at = $2
  where user_id = $1 and ended_at is null and expires_at > $2 and secret_hash <> $3
  returning secret_hash"""
