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
from identity.keys import digest
from identity.passwords import verify_password

__all__ = [
    "LIFE",
    "MARK",
    "LoginRefused",
    "Session",
    "TooManyAttempts",
    "end_session",
    "log_in",
    "sweep",
]

MARK = "tds_"
"""Every session token begins so; API keys begin with `tdm_`."""

LIFE = timedelta(hours=12)
FREE_FAILURES = 5
_WAIT_MAX_SECONDS = 900
_FORGET_FAILURES = timedelta(days=1)


class LoginRefused(Problem):
    """Wrong login, wrong password or an inactive user: it does not say which."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "login_refused"
    title: ClassVar[str] = "Login and password do not fit"
    detail: ClassVar[str] = "Check both. If you forgot the password, ask an administrator."


class TooManyAttempts(Problem):
    """A login failed too often to be tried again now."""

    status: ClassVar[int] = 429
    code: ClassVar[str] = "too_many_attempts"
    title: ClassVar[str] = "Too many attempts"
    detail: ClassVar[str] = "Try again in {wait_seconds} seconds."

    def headers(self) -> dict[str, str]:
        """When the next attempt is heard."""
        return {"Retry-After": str(self.facts["wait_seconds"])}


@dataclass(frozen=True)
class Session:
    """A session that has just begun; its token is shown once."""

    id: UUID
    user_id: UUID
    token: str
    expires_at: datetime


async def log_in(
    sql: "asyncpg.Connection[Any]", *, service: str, login: str, password: str, now: datetime
) -> Session:
    """Begin a session. Raises LoginRefused, TooManyAttempts.

    `sql` must be outside a transaction: a refusal has to count although it raises. From the
    fifth failure on the login waits 1 s, doubling to 15 min, whether or not it exists. An
    attempt counts as a failure before the password is looked at, so guesses side by side
    count like guesses one after the other; success forgets the count.
    """
    login = login.strip().lower()[:100]
    await _count_attempt(sql, login, now)
    user = await sql.fetchrow(_USER, login)
    right, better = await verify_password(password, user and user["password_hash"])
    if user is None or not (right and user["active"]):
        raise LoginRefused
    if better:
        await sql.execute(_UPGRADE, user["id"], better, user["password_hash"])
    token = f"{MARK}{service}_{secrets.token_hex(32)}"
    session = Session(uuid7(), user["id"], token, now + LIFE)
    await sql.execute(
        _BEGIN, session.id, session.user_id, digest(token), now, session.expires_at, login
    )
    return session


async def end_session(sql: "asyncpg.Connection[Any]", token: str, *, now: datetime) -> bool:
    """End the session of the token. False when it had ended or never began."""
    return bool(await sql.fetchval(_END, digest(token), now))


async def sweep(sql: "asyncpg.Connection[Any]", *, now: datetime) -> int:
    """Forget failures of yesterday and sessions that ended a month ago; how many rows went."""
    return int(await sql.fetchval(_SWEEP, now - _FORGET_FAILURES, now - timedelta(days=30)))


async def _count_attempt(sql: "asyncpg.Connection[Any]", login: str, now: datetime) -> None:
    """Count one attempt more, if it may be made now. Raises TooManyAttempts."""
    if await sql.fetchval(_COUNT, login, now, now - _FORGET_FAILURES):
        return
    heard_at = await sql.fetchval(_HEARD_AT, login) or now
    raise TooManyAttempts(wait_seconds=max(0, int((heard_at - now).total_seconds())) + 1)


_DUE = f"""login_failure.failed_at + interval '1 second'
  * least(power(2, login_failure.failures - {FREE_FAILURES}), {_WAIT_MAX_SECONDS})"""

_COUNT = f"""insert into login_failure (login, failures, failed_at) values ($1, 1, $2)
  on conflict (login) do update set failed_at = excluded.failed_at,
    failures = case when login_failure.failed_at > $3
                    then least(login_failure.failures + 1, 100) else 1 end
  where login_failure.failures < {FREE_FAILURES} or login_failure.failed_at <= $3
     or {_DUE} <= $2
  returning failures"""
"""Counts, unless the login has to wait: one statement, so that attempts at once stand in line."""

_HEARD_AT = f"select {_DUE} from login_failure where login = $1"

_USER = "select id, password_hash, active from local_user where login = $1"

_UPGRADE = "update local_user set password_hash = $2 where id = $1 and password_hash = $3"

_BEGIN = """with calm as (delete from login_failure where login = $6)
  insert into user_session (id, user_id, secret_hash, created_at, expires_at)
  values ($1, $2, $3, $4, $5)"""

_END = """update user_session set ended_at = $2
  where secret_hash = $1 and ended_at is null returning true"""

_SWEEP = """with calm as (delete from login_failure where failed_at < $1 returning 1),
  old as (delete from user_session where expires_at < $2 returning 1)
  select (select count(*) from calm) + (select count(*) from old)"""
