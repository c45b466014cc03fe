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
    "ALL",
    "CHANGE_ALL",
    "OWNED_BY",
    "ReachVerb",
    "of_account",
    "of_lead",
    "of_owner_and_team",
    "owners",
    "reaches_all",
    "reaches_person",
    "require_person",
    "require_team",
    "teams",
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
_FREE = f"""({{owner}} is null
    and ({{team}} is null or {{team}} = any(array({_TEAMS.replace("{0}", "{{0}}")}))))"""
_LEAD_OWN = f"({{owner}} = {{{{0}}}}::uuid or {_FREE})"
_LEAD_OF_TEAM = f"({{owner}} = any(array({_MEMBERS.replace('{0}', '{{0}}')})) or {_FREE})"
_NO_TEAMS = "({owner} is null and {team} is null and {{0}}::text is not null)"
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


def of_lead(at: Reading, verb: ReachVerb, *, lead: str = "lead") -> Sequence[Filter]:
    """The conditions of the leads that the actor reaches; none where it reaches all.

    As accounts; but a lead of nobody that is given to a team is reached only by that team and
    those above it.
    """
    actor = at.actor
    if reaches_all(actor, verb):
        return ()
    names = {"owner": f"{lead}.owner_id", "team": f"{lead}.team_id"}
    if actor.kind != "user":
        return [Filter(_NO_TEAMS.format(**names), actor.id)]
    condition = _LEAD_OF_TEAM if actor.may(f"{TEAM}.{verb}") else _LEAD_OWN
    return [Filter(condition.format(**names), UUID(actor.id))]


def through_account(at: Reading, verb: ReachVerb, *, account_id: str) -> Sequence[Filter]:
    """The conditions of records that belong to an account: it is reached."""
    return [
        Filter(
            f"exists (select from account mine where mine.id = {account_id} and {one.condition})",
            one.value,
        )
        for one in of_account(at, verb, account="mine")
    ]


_OWN_OR_QUEUED = """(<row>.owner_id = {0}::uuid or <row>.owner_id is null
    and (<row>.team_id is null or <row>.team_id = (
      select m.team_id from staff_member m where m.id = {0}::uuid)))"""
_OF_TEAMS = f"""(<row>.owner_id = any(array({_MEMBERS})) or <row>.team_id = any(array({_TEAMS}))
    or <row>.owner_id is null and <row>.team_id is null)"""


def of_owner_and_team(at: Reading, verb: ReachVerb, *, table: str) -> Sequence[Filter]:
    """The conditions of records with an owner and a team that the actor reaches.

    As of accounts; one without an owner is also its team's to take up, and who reaches a team
    reaches all that it has.
    """
    actor = at.actor
    if reaches_all(actor, verb):
        return ()
    if actor.kind != "user":
        nobodys = (
            f"({table}.owner_id is null and {table}.team_id is null and {{}}::text is not null)"
        )
        return [Filter(nobodys, actor.id)]
    condition = _OF_TEAMS if actor.may(f"{TEAM}.{verb}") else _OWN_OR_QUEUED
    return [Filter(condition.replace("<row>", table), UUID(actor.id))]


def owners(at: Reading, verb: ReachVerb) -> str:
    """SQL array of the users whose own records the person reaches; `{0}` stands for her id."""
    return f"array({_MEMBERS})" if at.actor.may(f"{TEAM}.{verb}") else "array[{0}::uuid]"


def teams(at: Reading, verb: ReachVerb) -> str:
    """SQL array of the teams whose records the person reaches; `{0}` stands for her id."""
    return f"array({_TEAMS})" if at.actor.may(f"{TEAM}.{verb}") else "'{{}}'::uuid[]"


async def reaches_person(at: Reading, user_id: UUID) -> bool:
    """Whether the actor reaches the person's own records to see them."""
    if reaches_all(at.actor, "read"):
        return True
    if at.actor.kind != "user":
        return False
    condition = f"$2::uuid = any({owners(at, 'read').format('$1')})"
    found: bool = await at.sql.fetchval(f"select {condition}", UUID(at.actor.id), user_id)
    return found


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
