"""Local users: the people of an installation that has no sign-on of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import InvalidInput, NotFound
from identity.passwords import HashedPassword

__all__ = [
    "ERASED_LOGIN",
    "LastAdministrator",
    "LocalUser",
    "LoginTaken",
    "UserIsErased",
    "add_user",
    "change_user",
    "find_user",
    "list_users",
    "lock_user",
    "set_password",
]

Roles = Mapping[str, frozenset[str]]
COLUMNS = "id, login, name, roles, active, language, version, created_at, updated_at"
_LOGIN = re.compile(r"^(?!erased-)[a-z0-9][a-z0-9._@+-]{0,99}\Z")
_NAME_LENGTH_MAX = 200
NO_PASSWORD = ""
"""The stored form of no password: nothing that is typed fits it."""
ERASED_LOGIN = "erased-"
"""The login of every user who was erased begins so, and no other one."""


class LoginTaken(Problem):
    """Two users cannot have one login."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "login_taken"
    title: ClassVar[str] = "The login is taken"
    detail: ClassVar[str] = "There is a user {login} already. Choose another login."


class UserIsErased(Problem):
    """A user who was erased stays so."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "user_erased"
    title: ClassVar[str] = "The user was erased"
    detail: ClassVar[str] = "{login} stands for a user who was erased. Make a new user."


class LastAdministrator(Problem):
    """Nobody else could administer this service any more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "last_administrator"
    title: ClassVar[str] = "This is the last administrator"
    detail: ClassVar[str] = "Give another active user the role admin first."


@dataclass(frozen=True)
class LocalUser:
    """A user as others may see it: everything but the password."""

    id: UUID
    login: str
    name: str
    roles: Sequence[str]
    active: bool
    language: str | None
    version: int
    created_at: datetime
    updated_at: datetime


async def add_user(
    sql: "asyncpg.Connection[Any]",
    *,
    login: str,
    name: str,
    password: HashedPassword | None,
    roles: Sequence[str],
    known_roles: Roles,
    now: datetime,
    language: str | None = None,
) -> LocalUser:
    """Make a user. The login is stored in lower case. Who has no password yet cannot log in.

    Raises LoginTaken, and InvalidInput for a bad login or name, an unknown role, or a password
    that is the login.
    """
    login = login.strip().lower()
    wrong = [*_bad_login(login), *_bad_name(name), *_unknown(roles, known_roles)]
    if wrong:
        raise InvalidInput(errors=wrong)
    if password:
        password.require_unlike(login)
    stored = password.stored if password else NO_PASSWORD
    made = (uuid7(), login, name, stored, sorted(roles), language, now)
    row = await sql.fetchrow(_ADD, *made)
    if row is None:
        raise LoginTaken(login=login)
    return _user(row)


async def find_user(
    sql: "asyncpg.Connection[Any]", *, user_id: UUID | None = None, login: str | None = None
) -> LocalUser:
    """The user with the id or the login. Raises NotFound."""
    row = await sql.fetchrow(_FIND, user_id, login and login.strip().lower())
    if row is None:
        raise NotFound(entity="user", id=user_id or login)
    return _user(row)


async def list_users(sql: "asyncpg.Connection[Any]") -> list[LocalUser]:
    """Every user, by login."""
    return [_user(row) for row in await sql.fetch(_LIST)]


async def change_user(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    *,
    known_roles: Roles,
    now: datetime,
    name: str | None = None,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
    language: str | None = None,
) -> LocalUser:
    """Change what is given; an empty language is none.

    Who is made inactive loses every session and invitation.

    Raises NotFound, UserIsErased, LastAdministrator, and InvalidInput for a bad name or an
    unknown role.
    """
    wrong = [*_bad_name(name or "-"), *_unknown(roles or (), known_roles)]
    if wrong:
        raise InvalidInput(errors=wrong)
    chosen = None if roles is None else sorted(roles)
    await lock_user(sql, user_id)
    with last_administrator_stays():
        row: Any = await sql.fetchrow(_CHANGE, user_id, name, chosen, active, language, now)
    if active is False:
        await sql.execute(_END_SESSIONS, user_id, now, b"")
        await sql.execute(_END_INVITATIONS, user_id, now, None)
    return _user(row)


async def set_password(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    password: HashedPassword,
    *,
    now: datetime,
    but_session: bytes = b"",
) -> None:
    """Give the user a new password; every session but the one with that hash ends.

    An invitation to set one counts no more.

    Raises NotFound, UserIsErased, InvalidInput.
    """
    password.require_unlike(await lock_user(sql, user_id))
    await sql.execute(_CHANGE_HASH, user_id, password.stored, now)
    await sql.execute(_END_SESSIONS, user_id, now, but_session)
    await sql.execute(_END_INVITATIONS, user_id, now, "password")


@contextmanager
def last_administrator_stays() -> Iterator[None]:
    """What the database refuses for the sake of the last administrator, as its problem."""
    try:
        yield
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name != "last_administrator":
            raise
        raise LastAdministrator from refused


async def lock_user(sql: "asyncpg.Connection[Any]", user_id: UUID) -> str:
    """Hold the user's row until the act ends; the login. Raises NotFound, UserIsErased."""
    login: str | None = await sql.fetchval(_LOCK, user_id)
    if login is None:
        raise NotFound(entity="user", id=user_id)
    if login.startswith(ERASED_LOGIN):
        raise UserIsErased(login=login)
    return login


def _user(row: Mapping[str, Any]) -> LocalUser:
    return LocalUser(**{name: row[name] for name in COLUMNS.split(", ")})


def _bad_login(login: str) -> list[FieldError]:
    if _LOGIN.match(login):
        return []
    message = "A login has 1 to 100 small letters, digits or . _ @ + - and starts with no sign."
    return [FieldError("/login", "bad_login", message)]


def _bad_name(name: str) -> list[FieldError]:
    if name.strip() and len(name) <= _NAME_LENGTH_MAX:
        return []
    return [FieldError("/name", "bad_length", "A name has 1 to 200 characters.")]


def _unknown(roles: Sequence[str], known: Roles) -> list[FieldError]:
    return [
        FieldError(f"/roles/{at}", "unknown_role", "There is no such role here.")
        for at, role in enumerate(roles)
        if role not in known
    ]


_ADD = f"""insert into local_user
  (id, login, name, password_hash, roles, language, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $7)
  on conflict (login) do nothing returning {COLUMNS}"""

_FIND = f"select {COLUMNS} from local_user where id = $1::uuid or login = $2::text"

_LOCK = "select login from local_user where id = $1 for no key update"

_LIST = f"select {COLUMNS} from local_user order by login"

_CHANGE = f"""update local_user
  set name = coalesce($2::text, name), roles = coalesce($3::text[], roles),
      active = coalesce($4::boolean, active), language = nullif(coalesce($5::text, language), ''),
      version = version + 1, updated_at = $6
  where id = $1 returning {COLUMNS}"""

_CHANGE_HASH = """update local_user
  set password_hash = $2, version = version + 1, updated_at = $3 where id = $1"""

_END_SESSIONS = """update user_session set ended_at = $2
  where user_id = $1 and ended_at is null and secret_hash <> $3"""

_END_INVITATIONS = """update invitation set ended_at = $2
  where user_id = $1 and used_at is null and ended_at is null and purpose = coalesce($3, purpose)"""
