"""Second factors that were lost: reset by an administrator, enrolled anew by an invitation.

Where a role requires the factor, the password alone does not enrol another one: who knows the
password of somebody whose factor was just reset would enrol the own telephone first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.settings import ServiceSettings
from chassis.telemetry.trace import Trace
from identity import factors, invitations
from identity.invitations import IssuedInvitation, Purpose
from identity.open_sessions import end_others

__all__ = ["FactorInvitationNeeded", "FactorReset", "require_invitation", "reset_factor"]


class FactorInvitationNeeded(Problem):
    """The second factor was reset, and the person's role requires one."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "factor_invitation_needed"
    title: ClassVar[str] = "Your second factor was reset"
    detail: ClassVar[str] = (
        "Send `invitation` as well: the token that the administrator who reset it was given."
    )


@dataclass(frozen=True)
class FactorReset:
    """What came of a reset: hashes of the sessions that ended, and the invitation to enrol anew.

    None: no role of the person requires a factor, the password enrols another one.
    """

    ended: list[bytes]
    invitation: IssuedInvitation | None


async def reset_factor(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    *,
    required: Collection[str],
    by: str,
    settings: ServiceSettings,
    now: datetime,
) -> FactorReset:
    """Take a second factor away; all sessions end. Needs a transaction.

    Where one was taken away and none enrolled since, another invitation is made. `required` are
    the roles that require a factor. Who has none of them, or is disabled, is not invited; the next
    factor takes an invitation all the same once a role of the person requires one.
    Raises NotFound.
    """
    row = await sql.fetchrow(_PERSON, user_id)
    if row is None:
        raise NotFound(entity="second_factor", id=user_id)
    invites = row["active"] and bool(set(required) & set(row["roles"]))
    if row["has_factor"] or not (invites and row["enrols_by_invitation"]):
        await factors.remove(sql, user_id)
    ended = await end_others(sql, user_id, now=now)
    await sql.execute(_BY_INVITATION, user_id)
    if not invites:
        return FactorReset(ended, None)
    given: Any = {"by": by, "settings": settings, "now": now, "purpose": Purpose.SECOND_FACTOR}
    return FactorReset(ended, await invitations.invite(sql, user_id, **given))


async def require_invitation(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    token: str | None,
    *,
    required: Collection[str],
    now: datetime,
    trace: Trace,
) -> None:
    """See to it that who has to enrol by an invitation has one, which counts no more.

    Needs a transaction. Raises FactorInvitationNeeded, InvitationInvalid.
    """
    row: Any = await sql.fetchrow(_PERSON, user_id)
    if not row["enrols_by_invitation"] or not set(required) & set(row["roles"]):
        return
    if token is None:
        raise FactorInvitationNeeded
    await invitations.use_for_factor(sql, token, user_id, now=now, trace=trace)


_PERSON = """select active, roles, enrols_by_invitation,
    exists (select from second_factor f where f.user_id = u.id) as has_factor
  from local_user u where id = $1 for no key update of u"""

_BY_INVITATION = "update local_user set enrols_by_invitation = true where id = $1"
