"""Acts on staff members."""

from collections.abc import Iterable
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import (
    Forbidden,
    InvalidInput,
    MissingReference,
    NotFound,
    StaleRevision,
)
from chassis.settings import ServiceSettings
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.calendars.service import require_open_calendar
from crm.reach import require_person, require_team
from crm.staff import queries
from crm.staff.errors import DisablesYourself, OwnsOpenRecords
from crm.staff.rules.permissions import missing_permission
from crm.staff.schemas import AddMember, ChangeMember, MemberView
from crm.staff.service.teams import require_open_team
from identity import users
from identity.audit.entries import name_actor
from identity.invitations import IssuedInvitation, invite
from identity.passwords import HashedPassword

__all__ = [
    "add_member",
    "change_member",
    "disable_member",
    "enable_member",
    "invite_member",
    "lock_user",
    "member_view",
    "replace_password",
    "require_active_user",
]


async def require_active_user(work: Work, member_id: UUID, *, pointer: str) -> None:
    """Require that the user can be given work.

    Raises MissingReference for an unknown user, InvalidInput at `pointer` for a disabled one.
    """
    try:
        member = await queries.USERS.get(work, member_id)
    except NotFound as unknown:
        raise MissingReference(entity="user", reference=member_id) from unknown
    if not member.active:
        message = "This user is disabled and takes no new work."
        raise InvalidInput(errors=[FieldError(pointer, "user_disabled", message)])
    await queries.ensure_member(work, member_id)


async def add_member(work: Work, command: AddMember, password: HashedPassword | None) -> UUID:
    """Let somebody work here.

    Raises LoginTaken, InvalidInput (login, password, roles), MissingReference (team), Forbidden
    (a role that may do more than the caller, a team out of reach).
    """
    _require_permissions_of(work, command.roles)
    if command.team_id:
        await require_open_team(work, command.team_id)
        await require_team(work, command.team_id)
    if command.calendar_id:
        await require_open_calendar(work, command.calendar_id)
    await name_actor(work.sql, work.actor, work.trace)
    user = await users.add_user(
        work.sql,
        login=command.login,
        name=command.name,
        password=password,
        roles=command.roles,
        known_roles=work.setting.roles,
        now=work.now,
        language=command.language,
    )
    member = await queries.ensure_member(work, user.id)
    member.email, member.team_id = command.email, command.team_id
    member.calendar_id, member.capacity = command.calendar_id, command.capacity
    await work.flush()
    return user.id


async def change_member(
    work: Work, member_id: UUID, command: ChangeMember, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, InvalidInput, MissingReference (team), Forbidden (roles that
    may do more than the caller, a person or team out of reach).
    """
    view = await _lock_member(work, member_id, revision=revision)
    values = command.given()
    changed = {name: fact for name, fact in values.items() if getattr(view, name) != fact}
    if not changed:
        return
    _require_permissions_of(work, changed.get("roles", ()))
    if changed.get("team_id"):
        await require_open_team(work, changed["team_id"])
        await require_team(work, changed["team_id"])
    if changed.get("calendar_id"):
        await require_open_calendar(work, changed["calendar_id"])
    member = await queries.ensure_member(work, member_id)
    for name in changed.keys() & {"email", "team_id", "calendar_id", "capacity"}:
        setattr(member, name, changed[name])
    await work.flush()
    login = {name: changed[name] for name in changed.keys() & {"name", "roles", "language"}}
    if "language" in login:
        login["language"] = login["language"] or ""
    await users.change_user(
        work.sql, member_id, known_roles=work.setting.roles, now=work.now, **login
    )


async def member_view(at: Reading, member_id: UUID) -> MemberView:
    """The staff member. Raises NotFound."""
    return await queries.USERS.get(at, member_id)


async def lock_user(work: Work, member_id: UUID) -> MemberView:
    """The staff member, whom nobody gives anything until the act ends. Raises NotFound."""
    await queries.lock_member(work.sql, member_id)
    return await queries.USERS.get(work, member_id)


async def disable_member(work: Work, member_id: UUID) -> None:
    """Keep the user out; every session ends.

    Raises NotFound, Forbidden, DisablesYourself, OwnsOpenRecords.
    """
    if work.actor.reference == f"user:{member_id}":
        raise DisablesYourself
    counts = await open_work.counts_of(work.sql, member_id)
    if counts:
        raise OwnsOpenRecords(open=", ".join(f"{kind} {counts[kind]}" for kind in sorted(counts)))
    await _set_active(work, member_id, active=False)


async def enable_member(work: Work, member_id: UUID) -> None:
    """Let a disabled user in again. Raises NotFound, Forbidden."""
    await _set_active(work, member_id, active=True)


async def replace_password(work: Work, member_id: UUID, password: HashedPassword | None) -> None:
    """Give the user a new password; every session ends. Raises NotFound, Forbidden."""
    await _lock_member(work, member_id)
    if password is None:
        return  # the body had none: its schema refused it
    await users.set_password(work.sql, member_id, password, now=work.now)


async def invite_member(work: Work, member_id: UUID, settings: ServiceSettings) -> IssuedInvitation:
    """Make a token by which the user sets the own password; a former one ends.

    Raises NotFound, Forbidden, UserIsErased, UserIsDisabled.
    """
    await _lock_member(work, member_id)
    by = work.actor.reference
    return await invite(work.sql, member_id, by=by, settings=settings, now=work.now)


async def _set_active(work: Work, member_id: UUID, *, active: bool) -> None:
    view = await _lock_member(work, member_id)
    if view.active != active:
        await users.change_user(
            work.sql, member_id, known_roles=work.setting.roles, now=work.now, active=active
        )


async def _lock_member(work: Work, member_id: UUID, *, revision: int | None = None) -> MemberView:
    """The member as it is until the act ends, when the caller may change such a one.

    Raises NotFound, Forbidden, StaleRevision, UserIsErased.
    """
    await queries.lock_member(work.sql, member_id)
    await name_actor(work.sql, work.actor, work.trace)
    view = await queries.USERS.get(work, member_id)
    if view.login.startswith(users.ERASED_LOGIN):
        raise users.UserIsErased(login=view.login)
    _require_permissions_of(work, view.roles)
    await require_person(work, member_id)
    if revision not in {None, view.version}:
        raise StaleRevision(expected=revision, current=view.version)
    return view


def _require_permissions_of(work: Work, roles: Iterable[str]) -> None:
    """Raises Forbidden unless the caller may do all that the roles may."""
    beyond = missing_permission(work.actor.may, roles, work.setting.roles)
    if beyond:
        raise Forbidden(scope=beyond)
