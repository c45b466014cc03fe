"""Whom records are for and who looks after them: checked for many at once, alike everywhere."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.unit_of_work import Work
from crm import reach
from crm.accounts.errors import AccountArchived
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.staff.service.members import require_active_user
from crm.staff.service.teams import require_open_team
from records.entities import ACTIVE
from records.types import Change

__all__ = ["Pairs", "added", "require_fitting_account", "require_referred", "require_staff"]

Pairs: TypeAlias = Sequence[tuple[Change[Any], Mapping[str, Any]]]
"""Changes, each with its values as they are to be written."""


def added(pairs: Pairs, name: str) -> set[UUID]:
    """The ids that records do not refer to so far."""
    return {
        given[name]
        for one, given in pairs
        if given.get(name) and given[name] != getattr(one.record, name)
    }


async def require_referred(work: Work, pairs: Pairs) -> None:
    """See to it that accounts, contacts, owners and teams named anew may be named.

    Raises MissingReference (account, contact, user, team), AccountArchived, Forbidden (an owner out
    of reach), InvalidInput (a disabled owner, a closed team).
    """
    await _require_accounts(work, added(pairs, "account_id"))
    contacts = added(pairs, "contact_id")
    found = await CONTACT.reads.found_ids(work, contacts) if contacts else set()
    for contact_id in sorted(contacts):
        if contact_id not in found:
            raise MissingReference(entity="contact", reference=contact_id)
    await require_staff(work, owners=added(pairs, "owner_id"), teams=added(pairs, "team_id"))


async def require_staff(work: Work, *, owners: Collection[UUID], teams: Collection[UUID]) -> None:
    """Owners and teams that take records. They are few, however many the records.

    Raises MissingReference (user, team), Forbidden (an owner out of reach), InvalidInput.
    """
    for owner_id in sorted(owners):
        await require_active_user(work, owner_id, pointer="/owner_id")
        await reach.require_person(work, owner_id)
    for team_id in sorted(teams):
        await require_open_team(work, team_id)


def require_fitting_account(
    change: Change[Any], values: Mapping[str, Any], source: Any, text: str
) -> None:
    """See to it that a record is for the account of what it follows from (`source`).

    Whoever does not see that (None) leaves the account as it is. Raises InvalidInput.
    """
    present = change.record.account_id
    account_id = values.get("account_id", present)
    wanted = present if source is None else source.account_id
    if account_id != wanted and (source is None or wanted is not None):
        raise InvalidInput(errors=[FieldError("/account_id", "other_account", text)])


async def _require_accounts(work: Work, wanted: Collection[UUID]) -> None:
    if not wanted:
        return
    found = {one.id: one for one in await ACCOUNT.reads.get_all(work, wanted)}
    for account_id in sorted(wanted):
        if account_id not in found:
            raise MissingReference(entity="account", reference=account_id)
        if found[account_id].status != ACTIVE:
            raise AccountArchived(account=account_id)
