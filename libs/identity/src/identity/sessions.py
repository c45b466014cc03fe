"""Sessions: what a local user gets for the password, and shows from then on.

A session is a random token that lives twelve hours; its hash is stored, so ending it works at
once for new callers and within the authenticator's cache life everywhere.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.connections import Connections
from identity.attempts import Attempt
from identity.audit.entries import name_actor
from identity.factors import SecondFactorRequired, SecondFactorWrong, use_code
from identity.keys import digest
from identity.passwords import verify_password

__all__ = [
    "LIFE",
    "MARK",
    "LoginRefused",
    "Session",
    "end_session",
    "log_in",
    "sweep",
]

MARK = "tds_"
"""Every session token begins so; API keys begin with `tdm_`."""

LIFE = timedelta(hours=12)


class LoginRefused(Problem):
    """Wrong login, wrong password or an inactive user: it does not say which."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "login_refused"
    title: ClassVar[str] = "Login and password do not fit"
    detail: ClassVar[str] = "Check both. If you forgot the password, ask an administrator."


@dataclass(frozen=True)
class Session:
    """A session that has just begun; its token is shown once."""

    id: UUID
    user_id: UUID
    token: str
    expires_at: datetime


async def log_in(
    connections: Connections,
    attempt: Attempt,
    password: str,
    *,
    service: str,
    now: datetime,
    instead: str = "",
) -> Session:
    """Begin a session. `instead`: the token of the person's session that ends with it, if any.

    Raises LoginRefused, TooManyAttempts, RateLimited, LoginsBusy.
    Of who has a second factor a code is asked: raises SecondFactorRequired, SecondFactorWrong.

    The attempt counts before the password is looked at, whether or not the login exists; success
    forgets the count. No connection is held while the password is tried.
    """
    from_there = await attempt.count()
    async with connections.driver() as sql:
        user = await sql.fetchrow(_USER, attempt.login)
    right, better = await verify_password(password, user and user["password_hash"], rank=from_there)
    if user is None or not (right and user["active"]):
        attempt.failed("refused", user_id=user and user["id"])
        raise LoginRefused
    if user["has_factor"]:
        await _require_code(connections, attempt, user["id"], now=now)
    token = f"{MARK}{service}_{secrets.token_hex(32)}"
    session = Session(uuid7(), user["id"], token, now + LIFE)
    made = (session.id, session.user_id, digest(token), now, session.expires_at)
    place = (attempt.source, attempt.user_agent)
    async with connections.driver() as sql, sql.transaction():
        await name_actor(sql, f"user:{user['id']}", attempt.trace)
        if better:
            await sql.execute(_UPGRADE, user["id"], better, user["password_hash"])
        if not await sql.fetchval(
            _BEGIN, *made, user["password_hash"], better, *place, user["has_factor"]
        ):
            raise LoginRefused
        await sql.execute(_END_OWN, digest(instead), now, user["id"])
    await attempt.succeeded()
    return session


async def _require_code(
    connections: Connections, attempt: Attempt, user_id: UUID, *, now: datetime
) -> None:
    """See to it that the code counts. Raises SecondFactorRequired, -Wrong, TooManyAttempts."""
    if attempt.code is None:
        attempt.failed("code_missing", user_id=user_id)
        raise SecondFactorRequired
    await attempt.count_code(user_id)
    async with connections.driver() as sql, sql.transaction():
        await name_actor(sql, f"user:{user_id}", attempt.trace)
        counts = await use_code(sql, user_id, attempt.code, now=now, **attempt.judging)
    if not counts:
        attempt.failed("second_factor", user_id=user_id)
        raise SecondFactorWrong


async def end_session(sql: "asyncpg.Connection[Any]", token: str, *, now: datetime) -> None:
    """End the session of the token. Raises NotFound when it had ended or never began."""
    if not await sql.fetchval(_END, digest(token), now):
        raise NotFound(entity="session", id="current")


async def sweep(sql: "asyncpg.Connection[Any]", *, now: datetime) -> int:
    """Forget sessions that ended a month ago; how many they were."""
    return int(await sql.fetchval(_SWEEP, now - timedelta(days=30)))


_USER = """select id, password_hash, active, exists (select from second_factor f
    where f.user_id = local_user.id and f.confirmed_at is not null) as has_factor
  from local_user where login = $1"""

_UPGRADE = "update local_user set password_hash = $2 where id = $1 and password_hash = $3"

_BEGIN = """insert into user_session
    (id, user_id, secret_hash, created_at, expires_at, source, user_agent)
  select $1, id, $3, $4, $5, $8, $9 from local_user
   where id = $2 and active and password_hash in ($6, $7)
     and $10 = exists (select from second_factor f
       where f.user_id = local_user.id and f.confirmed_at is not null)
     for share
  returning true"""
"""Not where the user was kept out, given another password or a factor, while this was tried.

It waits for whoever does that at this moment, and then judges the row anew.
"""

_END = """update user_session set ended_at = $2
  where secret_hash = $1 and ended_at is null returning true"""

_END_OWN = """update user_session set ended_at = $2
  where secret_hash = $1 and user_id = $3 and ended_at is null"""

_SWEEP = """with old as (delete from user_session where expires_at < $1 returning 1)
  select count(*) from old"""
