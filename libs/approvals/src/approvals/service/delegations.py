"""Delegations: another user decides in one's place from one day to another."""

from uuid import UUID

from approvals.errors import DelegationEnded, NotYourDelegation
from approvals.rule_schemas import NewApprovalDelegation
from approvals.service.rules import subject_named
from approvals.subjects import Approvals
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.unit_of_work import Work

__all__ = ["delegate", "end_delegation"]

_ADD = """insert into approval_delegation (id, from_user_id, to_user_id, begins_on, ends_on, kind,
    note, created_by, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)"""
_ABLE = "select id from local_user where id = any($1::uuid[]) and active"
_LOCK = "select from_user_id, ended_at from approval_delegation where id = $1 for update"
_END = """update approval_delegation set ended_by = $2, ended_at = $3, updated_at = $3
  where id = $1"""


async def delegate(
    work: Work, of: Approvals, command: NewApprovalDelegation, *, for_others: str
) -> UUID:
    """Let another user decide in one's place.

    `for_others`: the permission to do so in the place of others. Raises NotYourDelegation,
    InvalidInput.
    """
    own = UUID(work.actor.id) if work.actor.kind == "user" else None
    whose = command.from_user_id or own
    if whose is None:
        text = "A program has no approvals of its own. Name a user."
        raise InvalidInput(errors=[FieldError("/from_user_id", "missing", text)])
    if whose != own and not work.actor.may(for_others):
        raise NotYourDelegation(scope=for_others)
    if command.kind is not None:
        subject_named(of, command.kind)
    if whose == command.to_user_id:
        text = "Name another user than the one whose approvals they are."
        raise InvalidInput(errors=[FieldError("/to_user_id", "same_user", text)])
    if command.ends_on < command.begins_on:
        text = "The last day is before the first."
        raise InvalidInput(errors=[FieldError("/ends_on", "ends_before", text)])
    await _require_active(work, whose, command.to_user_id)
    delegation_id = uuid7()
    await work.sql.execute(
        _ADD,
        delegation_id,
        whose,
        command.to_user_id,
        command.begins_on,
        command.ends_on,
        command.kind,
        command.note,
        work.actor.reference,
        work.now,
    )
    return delegation_id


async def _require_active(work: Work, whose: UUID, to: UUID) -> None:
    found = {row["id"] for row in await work.sql.fetch(_ABLE, [whose, to])}
    text = "There is no such user: {user}."
    wrong = [
        FieldError(f"/{name}", "user_unknown", text, {"user": str(one)})
        for name, one in (("from_user_id", whose), ("to_user_id", to))
        if one not in found
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


async def end_delegation(work: Work, delegation_id: UUID, *, for_others: str) -> None:
    """End a delegation at once. Raises NotFound, NotYourDelegation, DelegationEnded."""
    row = await work.sql.fetchrow(_LOCK, delegation_id)
    if row is None:
        raise NotFound(entity="approval_delegation", id=delegation_id)
    own = work.actor.kind == "user" and UUID(work.actor.id) == row["from_user_id"]
    if not own and not work.actor.may(for_others):
        raise NotYourDelegation(scope=for_others)
    if row["ended_at"] is not None:
        raise DelegationEnded
    await work.sql.execute(_END, delegation_id, work.actor.reference, work.now)
