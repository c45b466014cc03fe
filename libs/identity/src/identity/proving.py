"""Acts of a person that ask for the password once more, or for a code of the second factor."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chassis.actor import Actor
from chassis.clock import utc_now
from chassis.http.dependencies import caller
from chassis.http.refusals import may_refuse
from chassis.problems.problem import Problem
from identity import factors
from identity.attempts import Attempt, TooManyAttempts
from identity.audit.entries import name_actor
from identity.own import NoLocalUser, own_account, prove_password
from identity.places import LoginsBusy

__all__ = ["NOTHING_SAID", "Proof", "ProofNeeded", "Proven", "require_code"]

PASSWORD_LENGTH_MAX = 200
CODE_LENGTH_MAX = 40


class ProofNeeded(Problem):
    """A session alone does not end others: whoever found it open could shut the person out."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "proof_needed"
    title: ClassVar[str] = "Say once more who you are"
    detail: ClassVar[str] = (
        "Send `present_password`, or `code` of your second factor, in the body as well."
    )


class Proof(BaseModel):
    """The password or a code, said once more; one of the two is needed."""

    model_config = ConfigDict(extra="forbid")

    present_password: Annotated[SecretStr | None, Field(min_length=1, max_length=200)] = Field(
        default=None, description="The password as it is now."
    )
    code: Annotated[SecretStr | None, Field(min_length=1, max_length=40)] = Field(
        default=None, description="Six digits of the authenticator, or a recovery code."
    )


@may_refuse(ProofNeeded, NoLocalUser, TooManyAttempts, LoginsBusy)
async def proven(request: Request) -> None:
    """See to it that the body has the person's password, or a code that counts.

    It stands in the signature before the unit of work: nothing is held while a password is tried.
    Raises ProofNeeded, NoLocalUser, InvalidInput, TooManyAttempts, RateLimited, LoginsBusy.
    """
    actor = await caller(request)
    if actor.kind != "user":
        raise NoLocalUser
    try:
        sent = await request.json()
    except ValueError:
        sent = None
    said: dict[str, Any] = sent if isinstance(sent, dict) else {}
    password, code = said.get("present_password"), said.get("code")
    if isinstance(password, str) and 1 <= len(password) <= PASSWORD_LENGTH_MAX:
        _, attempt = await prove_password(request, actor, password)
        await attempt.succeeded()
    elif isinstance(code, str) and 1 <= len(code) <= CODE_LENGTH_MAX:
        await _prove_code(request, actor, code)
    else:
        raise ProofNeeded


NOTHING_SAID = Proof()
Proven = Annotated[None, Depends(proven)]


async def _prove_code(request: Request, actor: Actor, code: str) -> None:
    user = await own_account(request, actor)
    attempt = Attempt(request, user["login"])
    await attempt.count()
    await require_code(request, actor, attempt, user["id"], code)
    await attempt.succeeded()


async def require_code(
    request: Request, actor: Actor, attempt: Attempt, user_id: UUID, code: str
) -> None:
    """See to it that it is a code of the person that counts now; it never counts again.

    Raises InvalidInput, TooManyAttempts.
    """
    await attempt.count_code(user_id)
    async with request.app.state.database.driver() as sql, sql.transaction():
        await name_actor(sql, actor, request.state.trace)
        given = {"now": utc_now(), **attempt.judging}
        counts = await factors.use_code(sql, user_id, code, **given)
    if not counts:
        attempt.failed("second_factor", user_id=user_id)
        raise factors.wrong_code()
