"""Invitations: tokens that count once, by which a person sets the own password or enrols a factor.

Whoever invites sees the token and never the password. A new invitation ends the former one.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.settings import ServiceSettings
from chassis.storage.connections import Connections
from chassis.telemetry.trace import Trace
from identity import users
from identity.audit.entries import name_actor
from identity.keys import digest
from identity.passwords import HashedPassword
from identity.settings import identity_settings

__all__ = [
    "ACCEPT_PATH",
    "InvitationInvalid",
    "IssuedInvitation",
    "Purpose",
    "UserIsDisabled",
    "accept_password",
    "invite",
    "use_for_factor",
]

MARK = "tdi_"
"""Every token begins so."""
ACCEPT_PATH = "/v1/password-invitations/accept"
ENROL_PATH = "/v1/me/second-factor"


class Purpose(StrEnum):
    """What an invitation lets its person do."""

    PASSWORD = "password"  # noqa: S105 - a word, no secret
    SECOND_FACTOR = "second_factor"


class InvitationInvalid(Problem):
    """There is no such invitation, or it counts no more: which of these, it does not say."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "invitation_invalid"
    title: ClassVar[str] = "This invitation is not valid"
    detail: ClassVar[str] = "Ask whoever invited you for a new one."


class UserIsDisabled(Problem):
    """Who is kept out is not invited."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "user_disabled"
    title: ClassVar[str] = "The user is disabled"
    detail: ClassVar[str] = "Enable {login} first, then invite."


@dataclass(frozen=True)
class IssuedInvitation:
    """An invitation that was just made; its token is shown once.

    `address` is where the token is to be sent.
    """

    user_id: UUID
    purpose: Purpose
    expires_at: datetime
    address: str
    token: str = field(repr=False)


async def invite(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    *,
    by: str,
    settings: ServiceSettings,
    now: datetime,
    purpose: Purpose = Purpose.PASSWORD,
) -> IssuedInvitation:
    """Make a token for the user; a former one of this purpose ends. Needs a transaction.

    Raises NotFound, UserIsErased, UserIsDisabled.
    """
    login = await users.lock_user(sql, user_id)
    if not await sql.fetchval(_ACTIVE, user_id):
        raise UserIsDisabled(login=login)
    token = f"{MARK}{secrets.token_hex(32)}"
    ends_at = now + timedelta(hours=identity_settings(settings).invitation_hours)
    await sql.execute(_END_FORMER, user_id, purpose, now)
    await sql.execute(_ISSUE, uuid7(), user_id, purpose, digest(token), now, by, ends_at)
    path = ACCEPT_PATH if purpose == Purpose.PASSWORD else ENROL_PATH
    return IssuedInvitation(user_id, purpose, ends_at, f"{settings.base_url}{path}", token)


async def accept_password(
    connections: Connections, token: str, password: HashedPassword, *, now: datetime, trace: Trace
) -> list[bytes]:
    """Set the password of whom the token invites; hashes of the sessions, which all end.

    Of requests at once with one token one sets it. A second factor stays as it was. Raises
    InvitationInvalid, and InvalidInput for a password that is the login, which leaves the token.
    """
    async with connections.driver() as sql, sql.transaction():
        user_id = await _use(sql, token, Purpose.PASSWORD, now=now, trace=trace)
        open_ones = [row["secret_hash"] for row in await sql.fetch(_OPEN, user_id)]
        await users.set_password(sql, user_id, password, now=now)
    return open_ones


async def use_for_factor(
    sql: "asyncpg.Connection[Any]", token: str, user_id: UUID, *, now: datetime, trace: Trace
) -> None:
    """Use the token by which the user may enrol a second factor. Needs a transaction.

    Raises InvitationInvalid.
    """
    if await _use(sql, token, Purpose.SECOND_FACTOR, now=now, trace=trace) != user_id:
        raise InvitationInvalid


async def _use(
    sql: "asyncpg.Connection[Any]", token: str, purpose: Purpose, *, now: datetime, trace: Trace
) -> UUID:
    """Who is invited; the token counts no more. Rows are locked as `invite` does: person first."""
    hashed = digest(token)
    user_id: UUID | None = await sql.fetchval(_INVITED, hashed, purpose, now)
    if user_id is None:
        raise InvitationInvalid
    await name_actor(sql, f"user:{user_id}", trace)
    await users.lock_user(sql, user_id)
    if not await sql.fetchval(_USE, hashed, now):
        raise InvitationInvalid
    return user_id


_ACTIVE = "select active from local_user where id = $1"

_END_FORMER = """update invitation set ended_at = $3
  where user_id = $1 and purpose = $2 and used_at is null and ended_at is null"""

_ISSUE = """insert into invitation
  (id, user_id, purpose, token_hash, issued_at, issued_by, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7)"""

_INVITED = """select i.user_id from invitation i join local_user u on u.id = i.user_id
  where i.token_hash = $1 and i.purpose = $2 and i.used_at is null and i.ended_at is null
    and i.expires_at > $3 and u.active"""

_USE = """update invitation i set used_at = $2 from local_user u
  where i.token_hash = $1 and i.used_at is null and i.ended_at is null and i.expires_at > $2
    and u.id = i.user_id and u.active
  returning true"""

_OPEN = "select secret_hash from user_session where user_id = $1 and ended_at is null"
