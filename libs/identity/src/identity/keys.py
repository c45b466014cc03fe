"""API keys: what machines show to be known. Only a hash is stored; the secret is shown once.

A key is rotated by a new secret (`identity.rotation`). A second key of the same name does it as
well: any number of them live side by side.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.actor import ADMIN
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound

__all__ = [
    "MARK",
    "ApiKey",
    "IssuedKey",
    "api_key",
    "bind",
    "digest",
    "install",
    "issue",
    "list_keys",
    "new_secret",
    "revoke",
]

MARK = "tdm_"
"""Every key begins so, which lets secret scanners find keys that leaked."""

_FORM = re.compile(r"^tdm_([a-z]+)_([a-z0-9]{4,16})_([A-Za-z0-9_-]{32,})\Z")
_OF_FORMER = """(select former.{name} from api_key_former_secret former
  where former.key_id = api_key.id and former.ended_at is null) as former_{name}"""
COLUMNS = ", ".join(
    (
        *("id", "name", "prefix", "scopes", "systems", "created_at", "created_by"),
        *("expires_at", "revoked_at", "revoked_by", "last_used_at"),
        *(_OF_FORMER.format(name=name) for name in ("expires_at", "last_used_at")),
    )
)


@dataclass(frozen=True)
class ApiKey:
    """A key as its owner may see it: everything but the secret.

    `systems` are the reserved systems it may speak for; `last_used_at` is exact to a minute, and
    about both secrets. `former_expires_at` is when the secret before the last rotation ends.
    """

    id: UUID
    name: str
    prefix: str
    scopes: Sequence[str]
    systems: Sequence[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None
    former_expires_at: datetime | None
    former_last_used_at: datetime | None


@dataclass(frozen=True)
class IssuedKey:
    """A key with its new secret, which nobody can read again."""

    key: ApiKey
    secret: str


def new_secret(service: str) -> str:
    """The text of a new key: `tdm_<service>_<prefix>_<256 random bits>`."""
    return f"{MARK}{service}_{secrets.token_hex(4)}_{secrets.token_hex(32)}"


def digest(secret: str) -> bytes:
    """What is stored and looked up: a key has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def issue(
    sql: "asyncpg.Connection[Any]",
    *,
    service: str,
    name: str,
    scopes: Sequence[str],
    permissions: Mapping[str, str],
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
    systems: Sequence[str] = (),
    reserved: Collection[str] = (),
) -> IssuedKey:
    """Make a key. Raises InvalidInput for scopes or systems that the service lacks, past expiry."""
    wrong = [
        *_unknown(scopes, permissions),
        *_unreserved(systems, reserved),
        *_expired(expires_at, now),
    ]
    if wrong:
        raise InvalidInput(errors=wrong)
    secret = new_secret(service)
    prefix = secret.split("_")[2]
    made = (now, created_by, expires_at, sorted(set(systems)))
    row = await sql.fetchrow(_ISSUE, uuid7(), name, prefix, digest(secret), sorted(scopes), *made)
    return IssuedKey(key=api_key(row), secret=secret)


async def install(
    sql: "asyncpg.Connection[Any]",
    *,
    secret: str,
    name: str,
    scopes: Sequence[str],
    permissions: Mapping[str, str],
    now: datetime,
    systems: Sequence[str] | None = None,
    reserved: Collection[str] = (),
) -> bool:
    """Store a key made elsewhere; its name and scopes follow the last call. True when it is new.

    Its systems do too, where any are given. A secret that a key had before its rotation changes
    nothing. Raises ValueError when the text is no key, or a scope or system is unknown.
    """
    found = _FORM.match(secret)
    if not found:
        message = f"the key {name!r} is not of the form tdm_<service>_<prefix>_<secret>"
        raise ValueError(message)
    wrong = [*_unknown(scopes, permissions), *_unreserved(systems or (), reserved)]
    if wrong:
        given = f"scopes {list(scopes)}, systems {list(systems or ())}"
        message = f"the key {name!r}, {given}: {wrong[0].message}"
        raise ValueError(message)
    bound = None if systems is None else sorted(set(systems))
    made = (uuid7(), name, found[2], digest(secret), sorted(scopes), now, "bootstrap", bound)
    return bool(await sql.fetchval(_INSTALL, *made))


async def list_keys(sql: "asyncpg.Connection[Any]") -> list[ApiKey]:
    """Every key ever made, newest first."""
    return [api_key(row) for row in await sql.fetch(_LIST)]


async def revoke(sql: "asyncpg.Connection[Any]", key_id: UUID, *, by: str, now: datetime) -> ApiKey:
    """End a key at once, or leave it as it was ended. Raises NotFound."""
    row = await sql.fetchrow(_REVOKE, key_id, now, by)
    if row is None:
        raise NotFound(entity="api_key", id=key_id)
    return api_key(row)


async def bind(
    sql: "asyncpg.Connection[Any]",
    key_id: UUID,
    systems: Sequence[str],
    *,
    reserved: Collection[str],
) -> ApiKey:
    """Let a key speak for these reserved systems and no others. Raises NotFound, InvalidInput."""
    wrong = _unreserved(systems, reserved)
    if wrong:
        raise InvalidInput(errors=wrong)
    row = await sql.fetchrow(_BIND, key_id, sorted(set(systems)))
    if row is None:
        raise NotFound(entity="api_key", id=key_id)
    return api_key(row)


def api_key(row: Any) -> ApiKey:
    """The key of a row with COLUMNS."""
    return ApiKey(**{one.name: row[one.name] for one in fields(ApiKey)})


def _unknown(scopes: Sequence[str], permissions: Mapping[str, str]) -> list[FieldError]:
    known = {*permissions, ADMIN}
    if not scopes:
        return [FieldError("/scopes", "required", "Name at least one permission.")]
    return [
        FieldError(f"/scopes/{at}", "unknown_scope", "There is no such permission here.")
        for at, scope in enumerate(scopes)
        if scope not in known
    ]


def _unreserved(systems: Sequence[str], reserved: Collection[str]) -> list[FieldError]:
    message = "No such name is reserved here; every key may use it."
    return [
        FieldError(f"/systems/{at}", "system_not_reserved", message)
        for at, system in enumerate(systems)
        if system not in reserved
    ]


def _expired(expires_at: datetime | None, now: datetime) -> list[FieldError]:
    if expires_at is None or expires_at > now:
        return []
    return [FieldError("/expires_at", "in_the_past", "The key would already be expired.")]


_ISSUE = f"""insert into api_key
  (id, name, prefix, secret_hash, scopes, created_at, created_by, expires_at, systems)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {COLUMNS}"""

_INSTALL = """insert into api_key
  (id, name, prefix, secret_hash, scopes, created_at, created_by, systems)
  select $1, $2, $3, $4, $5, $6, $7, coalesce($8::text[], '{}')
   where not exists (select from api_key_former_secret where secret_hash = $4)
  on conflict (secret_hash) do update set name = excluded.name, scopes = excluded.scopes,
    systems = coalesce($8::text[], api_key.systems)
  returning xmax = 0"""

_LIST = f"select {COLUMNS} from api_key order by created_at desc, id desc"

_REVOKE = f"""update api_key set revoked_at = coalesce(revoked_at, $2),
    revoked_by = case when revoked_at is null then $3::text else revoked_by end
  where id = $1 returning {COLUMNS}"""

_BIND = f"update api_key set systems = $2 where id = $1 returning {COLUMNS}"
