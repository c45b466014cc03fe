"""The route by which a person sets the own password with an invitation; it needs no credential."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chassis.clock import utc_now
from chassis.http.refusals import may_refuse, refuses
from chassis.http.routing import api_router
from chassis.problems.standard import RateLimited
from identity.attempts import Attempt, TooManyAttempts
from identity.hashing import HashedNewPassword
from identity.invitations import InvitationInvalid, accept_password
from identity.passwords import PasswordText

__all__ = ["ROUTERS"]

NO_LOGIN = "/invitation"
"""In place of a login, which no login is: attempts from one address count together."""


class AcceptPasswordInvitation(BaseModel):
    """A password of one's own, by an invitation."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[
        SecretStr, Field(min_length=1, max_length=200, description="The token of the invitation.")
    ]
    password: PasswordText


@may_refuse(RateLimited, TooManyAttempts)
async def attempt(request: Request) -> Attempt:
    """The request, counted as an attempt to log in before anything is looked at.

    Its body has 4 KiB at most, as that of a log-in. Raises RateLimited, TooManyAttempts.
    """
    made = Attempt(request, NO_LOGIN)
    await made.count()
    return made


Counted = Annotated[Attempt, Depends(attempt)]

password_invitation_router = api_router(prefix="/v1/password-invitations", tag="sessions")
ROUTERS = (password_invitation_router,)


@password_invitation_router.post(
    "/accept",
    status_code=204,
    summary="Set a password by an invitation",
    responses=refuses(InvitationInvalid),
)
async def password_invitation_accept(
    wanted: AcceptPasswordInvitation,
    attempt: Counted,
    password: HashedNewPassword,
    request: Request,
) -> Response:
    """Set the own password. All sessions of the person end; a second factor stays. Needs no key."""
    await _accept(request, attempt, wanted.token.get_secret_value(), password)
    return Response(status_code=204)


async def _accept(
    request: Request, attempt: Attempt, token: str, password: HashedNewPassword
) -> None:
    """Each token that does not count is refused alike, after the password was worked on."""
    state = request.app.state
    given = {"now": utc_now(), "trace": request.state.trace}
    try:
        ended = await accept_password(state.database, token, password, **given)
    except InvitationInvalid:
        attempt.failed("invitation")
        raise
    state.authenticator.forget_hashed(ended)
    await attempt.succeeded()
