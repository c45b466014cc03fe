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
    "OWNED_BY",
    "ReachVerb",
    "of_account",
    "reaches_all",
    "require_person",
    "require_team",
    "through_account",
]

ReachVerb = Literal["read", "write"]

ALL, TEAM = "all_records", "team_records"
CHANGE_ALL = f"{ALL}.write"
OWNED_BY = "exists (select from account a where a.id = {of}.account_id and a.owner_id = {{}})"
"""The condition that the account, to which a record belongs, has that owner."""

_TEAMS = """with recursive below(id) as (
      select m.team_id from staff_member m where m.id = {0}::uuid and m.team_id is not null
      union select t.id from team t join below b on t.parent_id = b.id)
    select id from below"""
"""The person's team, and those below it."""

_MEMBERS = f"""select {{0}}::uuid union all select s.id from staff_member s where s.team_id in (
    {_TEAMS})"""
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


async def require_person(at: Reading, user_id: UUID) -> None:
    """See to it that the actor reaches the person: herself, those of her team and of teams below.

    Raises Forbidden. Nobody gives an account to somebody out of reach, or changes such a person.
    """
    await _require_within(at, f"$2::uuid in ({_MEMBERS.format('$1')})", user_id)


async def require_team(at: Reading, team_id: UUID) -> None:
    """See to it that the actor reaches the team: her own or one below it. Raises Forbidden.

    Who could move herself, others or teams elsewhere would choose whose records she reaches.
    """
    await _require_within(at, f"$2::uuid in ({_TEAMS.format('$1')})", team_id)


async def _require_within(at: Reading, condition: str, wanted: UUID) -> None:
    actor = at.actor
    if reaches_all(actor, "write") or (actor.kind == "user" and str(wanted) == actor.id):
        return
    may_team = actor.kind == "user" and actor.may(f"{TEAM}.write")
    if not may_team or not await at.sql.fetchval(f"select {condition}", UUID(actor.id), wanted):
        raise Forbidden(scope=CHANGE_ALL)
