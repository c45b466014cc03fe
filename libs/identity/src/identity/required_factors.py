"""Second factors that a role requires: whose session lacks one can enrol it, and nothing else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
from fastapi import Request

from chassis.actor import Actor
from chassis.problems.problem import Problem
from chassis.service import ServiceContext, Unsound
from identity.settings import roles_with_factor

__all__ = [
    "OPEN_WITHOUT_FACTOR",
    "ActorWithoutFactor",
    "FactorNotEnrolled",
    "FactorRequiredByRole",
    "OwnFactorReset",
    "people_without_factor",
    "require_open",
    "require_other",
    "require_own_choice",
]

OPEN_WITHOUT_FACTOR = frozenset(
    {
        ("GET", "/v1/me"),
        ("GET", "/v1/me/second-factor"),
        ("PUT", "/v1/me/second-factor"),
        ("POST", "/v1/me/second-factor/confirm"),
        ("GET", "/v1/me/sessions"),
        ("POST", "/v1/me/sessions/end-others"),
        ("POST", "/v1/me/sessions/{session_id}/end"),
        ("DELETE", "/v1/sessions/current"),
    }
)
"""What a session may do whose person still has to enrol a second factor."""

SHOWN_MAX = 20
"""So many people `doctor` names."""


class FactorNotEnrolled(Problem):
    """A role of the person requires a second factor, and there is none yet."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "second_factor_not_enrolled"
    title: ClassVar[str] = "Enrol a second factor first"
    detail: ClassVar[str] = (
        "Your role requires one. Send PUT /v1/me/second-factor, then a code of your authenticator "
        "to POST /v1/me/second-factor/confirm; this session goes on with all its permissions."
    )


class FactorRequiredByRole(Problem):
    """A role of the person requires the second factor that was to be removed."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "second_factor_required_by_role"
    title: ClassVar[str] = "Your role requires the second factor"
    detail: ClassVar[str] = (
        "An administrator can reset it, if it was lost; then another one is to be enrolled."
    )


class OwnFactorReset(Problem):
    """An administrator cannot reset the own second factor, which would need no code."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "own_second_factor_reset"
    title: ClassVar[str] = "This is your own second factor"
    detail: ClassVar[str] = (
        "Remove it with password and code. If it was lost, another administrator can reset it."
    )


@dataclass(frozen=True, slots=True)
class ActorWithoutFactor(Actor):
    """A person whose role requires a second factor that is not enrolled; without any scope."""


def require_open(request: Request, actor: Actor) -> None:
    """Raises FactorNotEnrolled where the caller has to enrol a second factor before this."""
    if not isinstance(actor, ActorWithoutFactor):
        return
    path = getattr(request.scope.get("route"), "path", None)
    if (request.method, path) not in OPEN_WITHOUT_FACTOR:
        request.state.actor = actor
        raise FactorNotEnrolled


async def require_own_choice(
    sql: "asyncpg.Connection[Any]", user_id: UUID, required: Collection[str]
) -> None:
    """Raises FactorRequiredByRole where a role of the person is among those. Holds the roles."""
    if set(await sql.fetchval(_ROLES, user_id)) & set(required):
        raise FactorRequiredByRole


def require_other(actor: Actor, user_id: UUID) -> None:
    """Raises OwnFactorReset where the actor is the person."""
    if actor.kind == "user" and actor.id == str(user_id):
        raise OwnFactorReset


async def people_without_factor(here: ServiceContext) -> str:
    """Who lacks the second factor that a role requires. Raises Unsound for an unknown role."""
    try:
        required = roles_with_factor(here.service, here.settings)
    except ValueError as unknown:
        raise Unsound(str(unknown)) from unknown
    if not required:
        return "no role requires one"
    async with here.database.driver() as sql:
        logins: Sequence[str] = [row["login"] for row in await sql.fetch(_LACKING, [*required])]
    roles = ", ".join(sorted(required))
    if not logins:
        return f"all people with {roles} have one"
    shown = ", ".join(logins[:SHOWN_MAX]) + (", ..." if len(logins) > SHOWN_MAX else "")
    return f"{len(logins)} with {roles} lack one and can only enrol it: {shown}"


_ROLES = "select roles from local_user where id = $1 for share"

_LACKING = """select login from local_user u where active and roles && $1::text[]
  and not exists (select from second_factor f
    where f.user_id = u.id and f.confirmed_at is not null)
  order by login"""
