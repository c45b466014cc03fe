"""Changes of credentials of others ask a session whether its person proved them a moment ago.

A log-in is such a proof; later the password, and a code of who has a second factor, are said again.
API keys and tokens of an issuer are not asked.
"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import Depends, Request

from chassis.actor import Actor
from chassis.clock import utc_now
from chassis.http.dependencies import caller
from chassis.http.refusals import may_refuse
from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import InvalidInput
from identity import factors
from identity.audit.entries import name_actor
from identity.authenticate import credential
from identity.keys import digest
from identity.own import prove_password
from identity.proving import require_code
from identity.settings import identity_settings

__all__ = ["FreshProofNeeded", "FreshlyProven", "FreshlyProvenForRoles", "prove_session"]

CODE_NEEDED = "You have a second factor: send a code of it as well."


class FreshProofNeeded(Problem):
    """The session's person proved the password too long ago for this act."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "fresh_proof_needed"
    title: ClassVar[str] = "Say once more who you are"
    detail: ClassVar[str] = (
        "This changes credentials, and you proved your password more than {minutes} minutes ago. "
        "Send it to POST /v1/sessions/current/prove, with a code if you have a second factor; "
        "then send this again."
    )


@may_refuse(FreshProofNeeded)
async def freshly_proven(request: Request) -> None:
    """See to it that a session's person proved the password a moment ago. Raises FreshProofNeeded.

    It stands in the signature behind the permission and before the unit of work.
    """
    actor = await caller(request)
    if actor.kind != "user":
        return
    minutes = identity_settings(request.app.state.settings).fresh_proof_minutes
    shown = digest(credential(request.headers) or "")
    async with request.app.state.database.driver() as sql:
        proved_at: datetime | None = await sql.fetchval(_PROVED_AT, shown)
    if proved_at is None or proved_at < utc_now() - timedelta(minutes=minutes):
        raise FreshProofNeeded(minutes=minutes)


@may_refuse(FreshProofNeeded)
async def freshly_proven_for_roles(request: Request) -> None:
    """The same, where the body changes roles."""
    try:
        body = await request.json()
    except ValueError:
        return
    if isinstance(body, dict) and "roles" in body:
        await freshly_proven(request)


FreshlyProven = Annotated[None, Depends(freshly_proven)]
FreshlyProvenForRoles = Annotated[None, Depends(freshly_proven_for_roles)]


async def prove_session(
    request: Request, actor: Actor, *, present: str, code: str | None
) -> datetime:
    """Note that the session's person says password, and code, again; when that was.

    Raises NoLocalUser, InvalidInput for a wrong password or a code that is wrong or missing,
    TooManyAttempts, RateLimited, LoginsBusy. No connection is held while the password is tried.
    """
    user, attempt = await prove_password(request, actor, present)
    async with request.app.state.database.driver() as sql:
        has_factor = (await factors.state_of(sql, user["id"])).confirmed_at is not None
    if has_factor and code is None:
        attempt.failed("code_missing", user_id=user["id"])
        raise InvalidInput(errors=[FieldError("/code", "code_needed", CODE_NEEDED)])
    if has_factor and code is not None:
        await require_code(request, actor, attempt, user["id"], code)
    now = utc_now()
    async with request.app.state.database.driver() as sql, sql.transaction():
        await name_actor(sql, actor, request.state.trace)
        await sql.execute(_PROVED, digest(credential(request.headers) or ""), now)
    await attempt.succeeded()
    return now


_PROVED_AT = "select coalesce(proved_at, created_at) from user_session where secret_hash = $1"

_PROVED = "update user_session set proved_at = $2 where secret_hash = $1 and ended_at is null"
