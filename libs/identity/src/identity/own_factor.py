"""The own second factor: enrolled with the password, confirmed by a code, removed with both."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from chassis.actor import Actor
from chassis.clock import utc_now
from chassis.problems.standard import InvalidInput
from chassis.work.database import Database
from identity import factors, totp
from identity.attempts import Attempt
from identity.audit.entries import name_actor, write_entry
from identity.authenticate import credential
from identity.factor_keys import FactorKeys
from identity.factor_resets import require_invitation
from identity.keys import digest
from identity.open_sessions import end_others
from identity.own import own_account, prove_password
from identity.proving import require_code
from identity.required_factors import require_own_choice

__all__ = ["EnrolledFactor", "confirm", "enrol", "remove", "replace_recovery_codes"]


@dataclass(frozen=True)
class EnrolledFactor:
    """A secret for an authenticator, shown this once."""

    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)


async def enrol(
    request: Request, actor: Actor, *, present: str, invitation: str | None
) -> EnrolledFactor:
    """Make a secret that waits to be confirmed; one that waited before counts no more.

    Raises NoLocalUser, FactorExists, FactorInvitationNeeded, InvitationInvalid, and what a wrong
    password raises.
    """
    user, attempt = await prove_password(request, actor, present)
    database: Database = request.app.state.database
    given: Any = {"required": request.app.state.authenticator.roles_with_factor}
    given |= {"now": utc_now(), "trace": request.state.trace}
    async with database.driver() as sql, sql.transaction():
        await name_actor(sql, actor, request.state.trace)
        await require_invitation(sql, user["id"], invitation, **given)
        secret = await factors.enrol(sql, user["id"], keys=_keys(request), now=given["now"])
    await attempt.succeeded()
    title = request.app.state.service.title
    return EnrolledFactor(secret, totp.uri_of(secret, login=user["login"], issuer=title))


async def confirm(request: Request, actor: Actor, *, code: str) -> list[str]:
    """Make the enrolled secret the second factor; every other session ends. The recovery codes.

    Raises NoLocalUser, NotFound, FactorExists, InvalidInput, TooManyAttempts, RateLimited.
    """
    user = await own_account(request, actor)
    attempt = Attempt(request, user["login"])
    await attempt.count()
    shown = digest(credential(request.headers) or "")
    database: Database = request.app.state.database
    try:
        async with database.transaction(actor=actor, trace=request.state.trace) as work:
            await name_actor(work.sql, actor, work.trace)
            given: Any = {"now": work.now, **attempt.judging}
            codes = await factors.confirm(work.sql, user["id"], code, **given)
            ended = await end_others(work.sql, user["id"], now=work.now, but=shown)
    except InvalidInput:
        attempt.failed("second_factor", user_id=user["id"])
        raise
    request.app.state.authenticator.forget_hashed([*ended, shown])
    await attempt.succeeded()
    return codes


async def remove(request: Request, actor: Actor, *, present: str, code: str) -> None:
    """Take the own second factor away. Raises NoLocalUser, NotFound, InvalidInput, and more.

    The more is what a wrong password raises, TooManyAttempts for codes, and FactorRequiredByRole.
    """
    user, attempt = await prove_password(request, actor, present)
    await attempt.count_code(user["id"])
    database: Database = request.app.state.database
    required = request.app.state.authenticator.roles_with_factor
    async with database.transaction(actor=actor, trace=request.state.trace) as work:
        await name_actor(work.sql, actor, work.trace)
        await require_own_choice(work.sql, user["id"], required)
        given: Any = {"now": work.now, **attempt.judging}
        if not await factors.use_code(work.sql, user["id"], code, **given):
            attempt.failed("second_factor", user_id=user["id"])
            raise factors.wrong_code()
        await factors.remove(work.sql, user["id"])
    await attempt.succeeded()


async def replace_recovery_codes(
    request: Request, actor: Actor, *, present: str, code: str
) -> list[str]:
    """New recovery codes in place of the former ones, with the password and a code.

    Raises NoLocalUser, NotFound, InvalidInput, TooManyAttempts, and what a wrong password raises.
    """
    user, attempt = await prove_password(request, actor, present)
    await require_code(request, actor, attempt, user["id"], code)
    database: Database = request.app.state.database
    async with database.transaction(actor=actor, trace=request.state.trace) as work:
        codes = await factors.replace_recovery_codes(work.sql, user["id"], now=work.now)
        await write_entry(work, "factor.recovery_codes_replaced", f"user:{user['id']}")
    await attempt.succeeded()
    return codes


def _keys(request: Request) -> FactorKeys:
    keys: FactorKeys = request.app.state.authenticator.factor_keys
    return keys
