"""What a person may change of the own account."""

from datetime import datetime
from typing import Any

from fastapi import Request

from chassis.actor import Actor
from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import InvalidInput
from chassis.work.database import Database
from identity import users
from identity.attempts import Attempt
from identity.audit.entries import name_actor
from identity.authenticate import credential
from identity.breaches import breach_list_of
from identity.keys import digest
from identity.passwords import hash_password, verify_password

__all__ = ["NoLocalUser", "change_password", "own_account", "prove_password"]


class NoLocalUser(Problem):
    """The caller is a key, or a person whom another service knows."""

    status = 409
    code = "no_local_user"
    title = "You do not log in here with a password"
    detail = "Only people who log in with a password of this service have this."


async def change_password(
    request: Request, actor: Actor, *, present: str, new: str, now: datetime
) -> None:
    """Give oneself another password; every other session ends.

    Raises NoLocalUser, InvalidInput for a wrong present or a bad new password, TooManyAttempts,
    RateLimited, LoginsBusy, BreachListUnreadable. No connection is held meanwhile.
    """
    user, attempt = await prove_password(request, actor, present)
    database: Database = request.app.state.database
    listed = breach_list_of(request.app.state.settings)
    hashed = await hash_password(new, breached=listed)
    shown = digest(credential(request.headers) or "")
    async with database.transaction(actor=actor, trace=request.state.trace) as work:
        await name_actor(work.sql, actor, work.trace)
        await users.set_password(work.sql, user["id"], hashed, now=now, but_session=shown)
    await attempt.succeeded()


async def prove_password(request: Request, actor: Actor, present: str) -> tuple[Any, Attempt]:
    """The account of the caller, who says the present password, and the attempt that it was.

    Raises NoLocalUser, InvalidInput, TooManyAttempts, RateLimited, LoginsBusy.
    """
    user = await own_account(request, actor)
    attempt = Attempt(request, user["login"])
    right, _ = await verify_password(present, user["password_hash"], rank=await attempt.count())
    if not right:
        attempt.failed("refused", user_id=user["id"])
        message = "This is not your present password."
        raise InvalidInput(errors=[FieldError("/present_password", "password_wrong", message)])
    return user, attempt


async def own_account(request: Request, actor: Actor) -> Any:
    """The caller's id, login and stored password. Raises NoLocalUser."""
    user = None
    if actor.kind == "user":
        async with request.app.state.database.driver() as sql:
            user = await sql.fetchrow(_USER, actor.id)
    if user is None:
        raise NoLocalUser
    return user


_USER = "select id, login, password_hash from local_user where id = $1::uuid"
