"""Whose accounts a caller may see, and whose change: own, those of the team and below, or all.

Machines (keys, the service itself) reach all. A person reaches the accounts of which she is the
owner and those of nobody; with `team_records` also those of her team and of the teams below it;
with `all_records` all. Contacts and orders are reached with their account.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from chassis.actor import Actor
from chassis.problems.standard import Forbidden
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading

__all__ = [
    "CHANGE_ALL",
    "ReachVerb",
    "of_account",
    "reaches_all",
    "require_owner",
    "through_account",
]

ReachVerb = Literal["read", "write"]

ALL, TEAM = "all_records", "team_records"
CHANGE_ALL = f"{ALL}.write"

_MEMBERS = """select {0}::uuid union all select s.id from staff_member s where s.team_id in (
    with recursive below(id) as (
      select m.team_id from staff_member m where m.id = {0}::uuid and m.team_id is not null
      union select t.id from team t join below b on t.parent_id = b.id)
    select id from below)"""
"""The person, and who is in the person's team or in one below it."""

_OWN = "({owner} is null or {owner} = {{0}}::uuid)"
_TEAM = f"({{owner}} is null or {{owner}} = any(array({_MEMBERS.replace('{0}', '{{0}}')})))"
_NOBODYS = "({owner} is null and {{0}}::text is not null)"


def reaches_all(actor: Actor, verb: ReachVerb) -> bool:
    """Whether no row is kept from the actor."""
    return actor.kind in {"key", "system"} or actor.may(f"{ALL}.{verb}")


def of_account(at: Reading, verb: ReachVerb, *, account: str = "account") -> Sequence[Filter]:
    """The conditions of the accounts that the actor reaches; none where it reaches all.

    `account` is the table's name in the statement. The members are asked for once in it, so an
    index of owners serves.
    """
    actor = at.actor
    if reaches_all(actor, verb):
        return ()
    owner = f"{account}.owner_id"
    if actor.kind != "user":
        return [Filter(_NOBODYS.format(owner=owner), actor.id)]
    condition = _TEAM if actor.may(f"{TEAM}.{verb}") else _OWN
    return [Filter(condition.format(owner=owner), UUID(actor.id))]


def through_account(at: Reading, verb: ReachVerb, *, account_id: str) -> Sequence[Filter]:
    """The conditions of records that belong to an account: it is reached."""
    return [
        Filter(
            f"exists (select from account mine where mine.id = {account_id} and {one.condition})",
            one.value,
        )
        for one in of_account(at, verb, account="mine")
    ]


async def require_owner(at: Reading, owner_id: UUID) -> None:
    """See to it that who gives an account away reaches the new owner. Raises Forbidden."""
    actor = at.actor
    if reaches_all(actor, "write"):
        return
    if actor.kind == "user" and str(owner_id) == actor.id:
        return
    may_team = actor.kind == "user" and actor.may(f"{TEAM}.write")
    found = may_team and await at.sql.fetchval(
        f"select $2::uuid in ({_MEMBERS.format('$1')})", UUID(actor.id), owner_id
    )
    if not found:
        raise Forbidden(scope=CHANGE_ALL)
