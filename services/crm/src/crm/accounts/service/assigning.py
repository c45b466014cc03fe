"""Accounts that nobody looks after are assigned by rules."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.accounts.models import Account
from crm.accounts.queries import owning
from crm.accounts.service.accounts import ACCOUNT
from crm.assignment.service.subjects import Facts, Subject
from crm.assignment.states import FactKind
from crm.open_work import OpenWork
from records.types import Change
from records.writes import write

__all__ = ["ASSIGNED", "OPEN", "give"]


async def give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give accounts to users, by account; with history and events. Raises NotFound."""
    accounts = await lock_all(work, Account, list(owners))
    await write(
        work, ACCOUNT, [Change(one, {"owner_id": owners[one.id]}) for one in accounts.values()]
    )


async def _facts(at: Reading, account_ids: Sequence[UUID]) -> Mapping[UUID, Facts]:
    return await owning.facts_of(at.sql, account_ids)


async def _load(at: Reading, user_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await owning.owned_by(at.sql, user_ids)


ASSIGNED = Subject(
    type="account",
    facts=dict.fromkeys(owning.FACTS, FactKind.TEXT),
    read_facts=_facts,
    open_load=_load,
    set_owners=give,
)
"""How accounts are assigned."""

OPEN = OpenWork(type="account", table="account", is_open="status = 'active'", give=give)
"""Active accounts are what a user has open; contacts and orders go with them."""
