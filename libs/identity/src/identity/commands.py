"""Commands about who may enter: users with passwords, keys for machines."""

import secrets
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from chassis.cli.console import AsJson, command, show, show_table
from chassis.cli.installation import Installation, connected
from chassis.clock import utc_now
from chassis.service import Service
from identity import factor_resets, invitations, keys, users
from identity.audit.entries import CLI, name_actor, name_cli
from identity.breaches import breach_list_of
from identity.encrypting import encrypt_anew
from identity.factor_keys import factor_keys
from identity.hashing import PasswordByInvitation
from identity.passwords import HashedPassword, hash_password
from identity.rotation import FORMER_VALID_HOURS, FORMER_VALID_HOURS_MAX, rotate
from identity.settings import identity_settings, roles_with_factor

__all__ = ["add_keys", "add_users"]

Login = Annotated[str, typer.Argument(help="The user's login.")]
Roles = Annotated[list[str], typer.Option("--role", help="A role; repeat for more.")]
Scopes = Annotated[list[str], typer.Option("--scope", help="A permission; repeat for more.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="File with the password; else it is asked."),
]
Generate = Annotated[bool, typer.Option("--generate", help="Invent a password and print it.")]
USER_COLUMNS = ("login", "name", "roles", "active")
Systems = Annotated[
    list[str], typer.Option("--system", help="A reserved system it speaks for; repeat for more.")
]
KEY_COLUMNS = (
    "id",
    "name",
    "prefix",
    "scopes",
    "systems",
    "expires_at",
    "revoked_at",
    "revoked_by",
    "last_used_at",
    "former_expires_at",
    "former_last_used_at",
)


def add_users(cli: typer.Typer, service: Service) -> None:
    """Add the group `users`."""
    group = typer.Typer(no_args_is_help=True, help="People who log in with a password.")
    cli.add_typer(group, name="users")

    @group.command()
    @command
    async def add(
        login: Login,
        *,
        role: Roles,
        name: Annotated[str, typer.Option(help="The person's name; default: the login.")] = "",
        password_file: PasswordFile = None,
        generate: Generate = False,
        invite: Annotated[
            bool, typer.Option("--invite", help="Print a token by which the person sets one.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a user, with a password or an invitation to set one."""
        async with connected(service) as (here, database):
            if invite and (password_file or generate):
                message = "--invite gives no password: leave out --generate and --password-file"
                raise typer.BadParameter(message)
            invites = invite or _invites(here, password_file, generate=generate)
            password = None if invites else _password(password_file, generate=generate)
            hashed = await _hashed(here, password) if password else None
            async with database.driver() as sql, sql.transaction():
                await name_cli(sql)
                user = await users.add_user(
                    sql,
                    login=login,
                    name=name or login,
                    password=hashed,
                    roles=role,
                    known_roles=service.roles,
                    now=utc_now(),
                )
                given: Any = {"by": CLI, "settings": here.settings, "now": utc_now()}
                issued = await invitations.invite(sql, user.id, **given) if invites else None
        invented: dict[str, Any] = {"password": password} if generate and password else {}
        words = f"made {user.login}" + (f", password: {password}" if invented else "")
        if issued:
            invented, words = {"invitation": asdict(issued)}, f"{words}\n{_said(issued)}"
        show(asdict(user) | invented, words, as_json=as_json)

    @group.command(name="list")
    @command
    async def list_users(as_json: AsJson = False) -> None:
        """List every user."""
        async with connected(service) as (_here, database), database.driver() as sql:
            found = await users.list_users(sql)
        show_table([asdict(user) for user in found], USER_COLUMNS, as_json=as_json)

    _add_passwords(group, service)
    _add_access(group, service)
    _add_encrypting(group, service)


def _add_passwords(group: typer.Typer, service: Service) -> None:
    """Add the commands by which a user gets another password, or an invitation to set one."""

    @group.command()
    @command
    async def passwd(
        login: Login,
        *,
        password_file: PasswordFile = None,
        generate: Generate = False,
        as_json: AsJson = False,
    ) -> None:
        """Give a user a new password; every session of the user ends."""
        async with connected(service) as (here, database):
            if _invites(here, password_file, generate=generate):
                raise PasswordByInvitation
            password = _password(password_file, generate=generate)
            hashed = await _hashed(here, password)
            async with database.driver() as sql:
                await name_cli(sql)
                user = await users.find_user(sql, login=login)
                await users.set_password(sql, user.id, hashed, now=utc_now())
        invented = {"password": password} if generate else {}
        words = f"changed {user.login}" + (f", password: {password}" if generate else "")
        show({"login": user.login} | invented, words, as_json=as_json)

    @group.command(name="invite")
    @command
    async def invite_user(login: Login, as_json: AsJson = False) -> None:
        """Print a token, this once, by which a user sets the own password; a former one ends."""
        async with connected(service) as (here, database), database.transaction() as work:
            await name_actor(work.sql, CLI, work.trace)
            user = await users.find_user(work.sql, login=login)
            given: Any = {"by": CLI, "settings": here.settings, "now": work.now}
            issued = await invitations.invite(work.sql, user.id, **given)
        show(asdict(issued), _said(issued), as_json=as_json)


def _said(issued: invitations.IssuedInvitation) -> str:
    until = issued.expires_at.isoformat(timespec="minutes")
    return f"token: {issued.token}\nfor: {issued.address}\nuntil: {until}, once"


def _invites(here: Installation, file: Path | None, *, generate: bool) -> bool:
    """Whether a person sets the own password. Raises PasswordByInvitation for one that is given."""
    only = identity_settings(here.settings).invites_only
    if only and (file or generate):
        raise PasswordByInvitation
    return only


def _add_access(group: typer.Typer, service: Service) -> None:
    """Add the commands that keep a user out and let one in again."""

    @group.command()
    @command
    async def disable(login: Login, as_json: AsJson = False) -> None:
        """Keep a user out; every session of the user ends."""
        await _set_active(login, active=False, as_json=as_json)

    @group.command()
    @command
    async def enable(login: Login, as_json: AsJson = False) -> None:
        """Let a disabled user in again."""
        await _set_active(login, active=True, as_json=as_json)

    async def _set_active(login: str, *, active: bool, as_json: bool) -> None:
        async with connected(service) as (_here, database), database.driver() as sql:
            await name_cli(sql)
            user = await users.find_user(sql, login=login)
            changed = await users.change_user(
                sql, user.id, known_roles=service.roles, now=utc_now(), active=active
            )
        state = "enabled" if active else "disabled"
        show(asdict(changed), f"{state} {changed.login}", as_json=as_json)

    @group.command(name="reset-factor")
    @command
    async def reset_factor(login: Login, as_json: AsJson = False) -> None:
        """Take away a second factor that was lost; every session of the user ends."""
        async with connected(service) as (here, database), database.transaction() as work:
            await name_actor(work.sql, CLI, work.trace)
            user = await users.find_user(work.sql, login=login)
            required = roles_with_factor(service, here.settings)
            given: Any = {"by": CLI, "settings": here.settings, "now": work.now}
            done = await factor_resets.reset_factor(work.sql, user.id, required=required, **given)
        document: dict[str, Any] = {"login": user.login, "ended": len(done.ended)}
        words = f"{user.login} logs in with the password alone"
        if done.invitation:
            document["invitation"] = asdict(done.invitation)
            words += f" and enrols another one with it and this\n{_said(done.invitation)}"
        show(document, words, as_json=as_json)


def _add_encrypting(group: typer.Typer, service: Service) -> None:
    """Add the command that encrypts second factors by the newest key."""

    @group.command(name="encrypt-factors")
    @command
    async def encrypt_factors(as_json: AsJson = False) -> None:
        """Encrypt all second factors by the newest key; the older ones are not needed then."""
        async with connected(service) as (here, database), database.transaction() as work:
            await name_actor(work.sql, CLI, work.trace)
            keys = factor_keys(here.settings)
            done = await encrypt_anew(work.sql, keys)
        document = {"encrypted": done, "key": keys.newest}
        show(document, f"encrypted {done} by the key {keys.newest}", as_json=as_json)


def add_keys(cli: typer.Typer, service: Service) -> None:
    """Add the group `keys`."""
    group = typer.Typer(no_args_is_help=True, help="API keys of machines.")
    cli.add_typer(group, name="keys")

    @group.command()
    @command
    async def create(
        name: Annotated[str, typer.Argument(help="What the key is for.")],
        *,
        scope: Scopes,
        system: Systems = [],  # noqa: B006 - typer reads it and never changes it
        expires_in_days: Annotated[int | None, typer.Option(min=1)] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a key and print it, this once."""
        now = utc_now()
        async with connected(service) as (_here, database), database.driver() as sql:
            await name_cli(sql)
            issued = await keys.issue(
                sql,
                service=service.name,
                name=name,
                scopes=scope,
                permissions=service.permissions,
                created_by="system:cli",
                now=now,
                expires_at=now + timedelta(days=expires_in_days) if expires_in_days else None,
                systems=system,
                reserved=service.reserved_systems,
            )
        document: dict[str, Any] = asdict(issued.key) | {"secret": issued.secret}
        show(document, issued.secret, as_json=as_json)

    @group.command(name="list")
    @command
    async def list_keys(as_json: AsJson = False) -> None:
        """List every key, without its secret."""
        async with connected(service) as (_here, database), database.driver() as sql:
            found = await keys.list_keys(sql)
        show_table([asdict(key) for key in found], KEY_COLUMNS, as_json=as_json)

    @group.command()
    @command
    async def bind(
        key_id: Annotated[UUID, typer.Argument(help="The key's id.")],
        *,
        system: Systems = [],  # noqa: B006 - typer reads it and never changes it
        as_json: AsJson = False,
    ) -> None:
        """Let a key speak for these reserved systems and no others; none: for no one."""
        async with connected(service) as (_here, database), database.driver() as sql:
            await name_cli(sql)
            key = await keys.bind(sql, key_id, system, reserved=service.reserved_systems)
        show(asdict(key), f"{key.name} ({key.prefix}): {', '.join(key.systems)}", as_json=as_json)

    @group.command()
    @command
    async def revoke(
        key_id: Annotated[UUID, typer.Argument(help="The key's id.")], as_json: AsJson = False
    ) -> None:
        """End a key; every process refuses it within five seconds."""
        async with connected(service) as (_here, database), database.driver() as sql:
            await name_cli(sql)
            key = await keys.revoke(sql, key_id, by="system:cli", now=utc_now())
        show(asdict(key), f"revoked {key.name} ({key.prefix})", as_json=as_json)

    _add_rotation(group, service)


def _add_rotation(group: typer.Typer, service: Service) -> None:
    """Add the command that gives a key a new secret."""

    @group.command(name="rotate")
    @command
    async def rotate_key(
        key_id: Annotated[UUID, typer.Argument(help="The key's id.")],
        *,
        former_valid_hours: Annotated[
            int,
            typer.Option(
                min=0, max=FORMER_VALID_HOURS_MAX, help="Until the former secret is refused."
            ),
        ] = FORMER_VALID_HOURS,
        as_json: AsJson = False,
    ) -> None:
        """Give a key a new secret and print it, this once."""
        async with connected(service) as (_here, database), database.transaction() as work:
            await name_actor(work.sql, CLI, work.trace)
            hours = former_valid_hours
            issued = await rotate(
                work.sql, key_id, service=service.name, now=work.now, former_valid_hours=hours
            )
        document: dict[str, Any] = asdict(issued.key) | {"secret": issued.secret}
        show(document, issued.secret, as_json=as_json)


async def _hashed(here: Installation, password: str) -> HashedPassword:
    return await hash_password(password, breached=breach_list_of(here.settings))


def _password(file: Path | None, *, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    if file:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
