"""First keys and users from a file, so that a new installation can be reached at all.

The file is JSON: `{"keys": [{"name", "secret", "scopes", "systems"}], "users": [{"login", "name",
"password", "roles"}]}`. Reading it again changes no password: people own theirs from then on.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from chassis.clock import utc_now
from chassis.problems.standard import InvalidInput
from chassis.service import Service, ServiceContext
from chassis.settings import ServiceSettings
from chassis.telemetry.trace import Trace
from identity import keys, users
from identity.audit.entries import name_actor
from identity.breaches import breach_list_of
from identity.passwords import hash_password
from identity.settings import identity_settings
from identity.users import LoginTaken

__all__ = ["Bootstrapped", "bootstrap", "make_first_callers"]


class BootstrapKey(BaseModel):
    """A key that its maker keeps the text of. Without `systems` its binding stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    secret: SecretStr
    scopes: list[str]
    systems: list[str] | None = None


class BootstrapUser(BaseModel):
    """A user with a first password; without one, `users invite` lets the person set one."""

    model_config = ConfigDict(extra="forbid")

    login: str
    name: str
    password: SecretStr | None = None
    roles: list[str]
    language: str | None = None


class BootstrapFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    keys: list[BootstrapKey] = []
    users: list[BootstrapUser] = []


@dataclass(frozen=True)
class Bootstrapped:
    """How many keys and users were made now; those from before are not counted."""

    keys: int
    users: int


async def make_first_callers(here: ServiceContext) -> Mapping[str, int]:
    """Make what the bootstrap file of the settings names; how many keys and users. No file: none.

    Raises ValueError when it cannot be used.
    """
    path = here.settings.bootstrap_key_file
    if path is None:
        return {}
    async with here.database.driver() as sql, sql.transaction():
        await name_actor(sql, "system:bootstrap", Trace.new())
        made = await bootstrap(sql, here.service, path, settings=here.settings)
    return {"keys_made": made.keys, "users_made": made.users}


async def bootstrap(
    sql: "asyncpg.Connection[Any]", service: Service, path: Path, *, settings: ServiceSettings
) -> Bootstrapped:
    """Make what the file names and is not there yet. Raises ValueError when it cannot be used."""
    wanted = await asyncio.to_thread(_read, path)
    made_keys = [await _install(sql, service, key) for key in wanted.keys]
    made_users = [await _add(sql, service, user, settings) for user in wanted.users]
    return Bootstrapped(keys=sum(made_keys), users=sum(made_users))


def _read(path: Path) -> BootstrapFile:
    try:
        return BootstrapFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as unusable:
        message = f"cannot use the bootstrap file {path}: {_reason(unusable)}"
        raise ValueError(message) from None


def _reason(unusable: Exception) -> str:
    """What is wrong, without the values: some of them are secrets."""
    if isinstance(unusable, ValidationError):
        return "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'file'}: {one['msg']}"
            for one in unusable.errors(include_input=False)
        )
    return str(unusable)


async def _install(sql: "asyncpg.Connection[Any]", service: Service, key: BootstrapKey) -> bool:
    return await keys.install(
        sql,
        secret=key.secret.get_secret_value(),
        name=key.name,
        scopes=key.scopes,
        permissions=service.permissions,
        now=utc_now(),
        systems=key.systems,
        reserved=service.reserved_systems,
    )


async def _add(
    sql: "asyncpg.Connection[Any]", service: Service, user: BootstrapUser, settings: ServiceSettings
) -> bool:
    if await sql.fetchval("select true from local_user where login = $1", user.login.lower()):
        return False
    if user.password and identity_settings(settings).invites_only:
        message = (
            f"user {user.login!r}: nobody chooses a password for another person here; leave it "
            f"out, then run `{service.name} users invite {user.login}`"
        )
        raise ValueError(message)
    try:
        text, listed = user.password, breach_list_of(settings)
        password = await hash_password(text.get_secret_value(), breached=listed) if text else None
        await users.add_user(
            sql,
            login=user.login,
            name=user.name,
            password=password,
            roles=user.roles,
            known_roles=service.roles,
            language=user.language,
            now=utc_now(),
        )
    except LoginTaken:
        return False
    except InvalidInput as refused:
        message = f"user {user.login!r}: {'; '.join(one.message for one in refused.errors)}"
        raise ValueError(message) from refused
    return True
