"""Paths of staff members and teams."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InWork, Needs, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    MissingReference,
    NotFound,
)
from chassis.storage.reading import Reading
from crm.base import Base
from crm.staff import queries
from crm.staff.errors import DisablesYourself, OwnsOpenRecords, TeamLoop, TeamNameTaken
from crm.staff.schemas import (
    AddMember,
    AddTeam,
    ChangeMember,
    ChangeTeam,
    MemberView,
    NewPassword,
)
from crm.staff.service import members
from crm.staff.service.teams import TEAM
from identity.fresh_proof import FreshlyProven, FreshlyProvenForRoles
from identity.hashing import HashedPasswordOfAnother
from identity.invitation_views import InvitationView
from identity.invitations import UserIsDisabled
from identity.repeats import keep_for_repeats
from identity.users import LastAdministrator, LoginTaken, UserIsErased
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.routes import RecordRoutes
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet, Reference

__all__ = ["LISTS", "team_router", "user_router"]

READ, WRITE = "staff.read", "staff.write"
StaffManager = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]

user_router = api_router(prefix="/v1/users", tag="users")


async def _member(
    response: Response, at: Reading, member_id: UUID, *, new: bool = False
) -> MemberView:
    """The staff member as the reply shows it, with its ETag."""
    view = await queries.USERS.get(at, member_id)
    reply_with(response, view, location=f"/v1/users/{view.id}" if new else None)
    return view


@user_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(LoginTaken, MissingReference),
)
async def user_create(
    command: AddMember,
    _by: StaffManager,
    _fresh: FreshlyProven,
    password: HashedPasswordOfAnother,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> MemberView:
    """Let somebody work here. Without a password the person is invited to set one."""
    member_id = await members.add_member(work, command, password)
    return await _member(response, work, member_id, new=True)


@user_router.patch(
    "/{user_id}",
    responses=refuses(NotFound, MissingReference, UserIsErased, LastAdministrator),
)
async def user_update(
    user_id: UUID,
    command: ChangeMember,
    _by: StaffManager,
    _fresh: FreshlyProvenForRoles,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> MemberView:
    """Change the fields given; the others stay."""
    await members.change_member(work, user_id, command, revision=revision)
    return await _member(response, work, user_id)


@user_router.post(
    "/{user_id}/disable",
    responses=refuses(NotFound, DisablesYourself, OwnsOpenRecords, UserIsErased, LastAdministrator),
)
async def user_disable(
    user_id: UUID, _by: StaffManager, _once: OnlyOnce, work: InWork, response: Response
) -> MemberView:
    """Keep the user out; every session ends."""
    await members.disable_member(work, user_id)
    return await _member(response, work, user_id)


@user_router.post("/{user_id}/enable", responses=refuses(NotFound, UserIsErased))
async def user_enable(
    user_id: UUID,
    _by: StaffManager,
    _fresh: FreshlyProven,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> MemberView:
    """Let a disabled user in again."""
    await members.enable_member(work, user_id)
    return await _member(response, work, user_id)


@user_router.post("/{user_id}/password", responses=refuses(NotFound, UserIsErased))
async def user_set_password(
    user_id: UUID,
    command: NewPassword,
    _by: StaffManager,
    _fresh: FreshlyProven,
    password: HashedPasswordOfAnother,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> MemberView:
    """Give the user a new password; every session ends."""
    await members.replace_password(work, user_id, password)
    return await _member(response, work, user_id)


@user_router.post(
    "/{user_id}/invitation", responses=refuses(NotFound, UserIsErased, UserIsDisabled)
)
async def user_invite(
    user_id: UUID,
    _by: StaffManager,
    _fresh: FreshlyProven,
    _once: OnlyOnce,
    work: InWork,
    request: Request,
) -> InvitationView:
    """Invite the user to set the own password. The token counts once; a former one ends."""
    issued = await members.invite_member(work, user_id, request.app.state.settings)
    view = InvitationView.model_validate(issued)
    keep_for_repeats(request, work, view.model_copy(update={"token": None}).model_dump_json())
    return view


USER = RecordPaths(user_router, queries.USERS, "user", READ, WRITE, base=Base)
list_route(USER, "Staff members; `sort` by login or created_at.")
get_route(USER, "The staff member.")
annotate(USER)

team_router = api_router(prefix="/v1/teams", tag="teams")
team = RecordRoutes(
    team_router,
    TEAM,
    one="team",
    many="teams",
    read=READ,
    write=WRITE,
    refuses=(TeamNameTaken, TeamLoop, MissingReference),
)
team.list("Teams, by name.")
team.create(AddTeam, "Form a team.")
team.csv(
    key="name",
    references={"parent_id": Reference("team", codes=("name",))},
    put_away={"active": False},
)
team.get()
team.history()
team.change(ChangeTeam)
annotate(team.paths)

LISTS = (
    add_export(user_router, RecordSheet(name="user", reads=queries.USERS, read=READ), "users"),
)
"""What leaves as files beside teams."""
