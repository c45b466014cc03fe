"""The new password of a request's body, hashed before the request takes a connection."""

from typing import Annotated, ClassVar

from fastapi import Depends, Request

from chassis.http.refusals import may_refuse
from chassis.problems.problem import Problem
from identity.breaches import BreachListUnreadable, breach_list_of
from identity.passwords import LENGTH_MAX, LENGTH_MIN, HashedPassword, hash_password
from identity.places import LoginsBusy
from identity.settings import identity_settings

__all__ = [
    "HashedNewPassword",
    "HashedPasswordOfAnother",
    "PasswordByInvitation",
    "hashed_password",
    "hashed_password_of_another",
]


class PasswordByInvitation(Problem):
    """Nobody chooses a password for another person here."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "password_by_invitation"
    title: ClassVar[str] = "People set their passwords themselves"
    detail: ClassVar[str] = "Leave the password out and invite the person, who sets it."


UNREADABLE = HashedPassword("", "")
"""Of a body that the route refuses by itself."""


@may_refuse(LoginsBusy, BreachListUnreadable)
async def hashed_password(request: Request) -> HashedPassword:
    """The body's member `password`, hashed. Raises InvalidInput when it is common, LoginsBusy.

    It stands in the signature behind the permission and before the unit of work.
    """
    try:
        body = await request.json()
    except ValueError:
        return UNREADABLE
    password = body.get("password") if isinstance(body, dict) else None
    if not isinstance(password, str) or not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return UNREADABLE
    return await hash_password(password, breached=breach_list_of(request.app.state.settings))


@may_refuse(LoginsBusy, BreachListUnreadable, PasswordByInvitation)
async def hashed_password_of_another(request: Request) -> HashedPassword | None:
    """The same, of a password that the caller chooses for another person; None: there is none.

    Raises PasswordByInvitation where the settings let nobody choose one.
    """
    try:
        body = await request.json()
    except ValueError:
        return UNREADABLE
    if not isinstance(body, dict) or body.get("password") is None:
        return None
    if identity_settings(request.app.state.settings).invites_only:
        raise PasswordByInvitation
    return await hashed_password(request)


HashedPasswordOfAnother = Annotated[HashedPassword | None, Depends(hashed_password_of_another)]
HashedNewPassword = Annotated[HashedPassword, Depends(hashed_password)]
