"""Rotation of an API key: a new secret, beside which the former one works for some hours."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from identity.keys import COLUMNS, IssuedKey, api_key, digest, new_secret

__all__ = ["FORMER_VALID_HOURS", "FORMER_VALID_HOURS_MAX", "ApiKeyEnded", "rotate"]

FORMER_VALID_HOURS = 24
FORMER_VALID_HOURS_MAX = 168


class ApiKeyEnded(Problem):
    """A key that was revoked or has expired gets no new secret."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "api_key_ended"
    title: ClassVar[str] = "The key has ended"
    detail: ClassVar[str] = "{name} was revoked or has expired. Make a new key."


async def rotate(
    sql: "asyncpg.Connection[Any]",
    key_id: UUID,
    *,
    service: str,
    now: datetime,
    former_valid_hours: int = FORMER_VALID_HOURS,
) -> IssuedKey:
    """Give the key a new secret; the former one works for so many hours, 0 to 168.

    A secret that was replaced before ends at once, so no more than two work. Needs a transaction.
    Raises NotFound, ApiKeyEnded.
    """
    key = await sql.fetchrow(_LOCK, key_id, now)
    if key is None:
        raise NotFound(entity="api_key", id=key_id)
    if key["has_ended"]:
        raise ApiKeyEnded(name=key["name"])
    ends_at = now + timedelta(hours=former_valid_hours)
    await sql.execute(_END_FORMER, key_id, now)
    await sql.execute(_KEEP_FORMER, key_id, now, ends_at)
    secret = new_secret(service)
    row = await sql.fetchrow(_REPLACE, key_id, secret.split("_")[2], digest(secret))
    return IssuedKey(key=api_key(row), secret=secret)


_LOCK = """select name, revoked_at is not null or coalesce(expires_at <= $2, false) as has_ended
  from api_key where id = $1 for update"""

_END_FORMER = """update api_key_former_secret set ended_at = greatest($2, replaced_at)
  where key_id = $1 and ended_at is null"""

_KEEP_FORMER = """insert into api_key_former_secret
  (key_id, secret_hash, replaced_at, expires_at, last_used_at)
  select id, secret_hash, $2, $3, last_used_at from api_key where id = $1"""

_REPLACE = f"""update api_key set prefix = $2, secret_hash = $3
  where id = $1 returning {COLUMNS}"""
