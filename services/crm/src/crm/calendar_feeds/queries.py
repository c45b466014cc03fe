"""Reads and writes of calendar feeds."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from crm.sql import Sql

__all__ = ["FeedUser", "add_feed", "revoke_feed", "user_with_token", "valid_since"]

_USER = """select u.id, u.name, u.roles, exists (select from second_factor s
    where s.user_id = u.id and s.confirmed_at is not null) as has_factor
  from calendar_feed f join local_user u on u.id = f.user_id
  where f.token_hash = $1 and f.revoked_at is null and u.active"""


class FeedUser(NamedTuple):
    """Whose feed it is: the user with roles, and whether a second factor is enrolled."""

    id: UUID
    name: str
    roles: Sequence[str]
    has_factor: bool


async def user_with_token(sql: Sql, token_hash: bytes) -> FeedUser | None:
    """The active user whose feed has the token of that hash; None: there is no such feed."""
    row = await sql.fetchrow(_USER, token_hash)
    return FeedUser(*row) if row else None


async def valid_since(sql: Sql, user_id: UUID) -> datetime | None:
    """When the user's present feed was made; None: the user has none."""
    found: datetime | None = await sql.fetchval(
        "select created_at from calendar_feed where user_id = $1 and revoked_at is null", user_id
    )
    return found


async def revoke_feed(sql: Sql, user_id: UUID, now: datetime) -> bool:
    """Revoke the user's present feed; False: there was none."""
    revoked: bool | None = await sql.fetchval(
        """update calendar_feed set revoked_at = $2 where user_id = $1 and revoked_at is null
           returning true""",
        user_id,
        now,
    )
    return bool(revoked)


async def add_feed(sql: Sql, feed_id: UUID, user_id: UUID, token_hash: bytes, at: datetime) -> bool:
    """Keep a feed of a user who has none; False: the user is disabled."""
    added: bool | None = await sql.fetchval(
        """with active as (select id from local_user where id = $2 and active for share)
           insert into calendar_feed (id, user_id, token_hash, created_at)
             select $1, active.id, $3, $4 from active returning true""",
        feed_id,
        user_id,
        token_hash,
        at,
    )
    return bool(added)
