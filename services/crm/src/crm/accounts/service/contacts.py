"""Acts on contacts. Each locks the account first: a contact is a part of it."""

from functools import partial
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage import external
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from crm.accounts import queries
from crm.accounts.models import ACTIVE, ARCHIVED, Account, Contact
from crm.accounts.schemas import AddContact, ChangeContact, ContactView, UpsertContact
from crm.accounts.service import accounts
from crm.accounts.service.facts import read
from crm.fields import Facts
from crm.settings import settings_of
from records.links import LinkExternal, link
from records.upserts import Sent, Upserted, require, upsert

__all__ = [
    "add_contact",
    "archive_contact",
    "change_contact",
    "link_contact",
    "restore_contact",
    "see_contact",
    "upsert_contact",
]

KIND = "contact"


async def see_contact(sql: queries.Sql, contact_id: UUID) -> ContactView:
    """The contact as callers see it. Raises NotFound."""
    seen = await queries.contact_view(sql, contact_id)
    if seen is None:
        raise NotFound(entity=KIND, id=contact_id)
    return seen


async def add_contact(work: Work, command: AddContact) -> UUID:
    """Note a person at an account. Raises MissingReference for an unknown account."""
    account = await _account(work, command.account_id)
    return await _add(work, account, command.facts(), uuid7())


async def change_contact(
    work: Work, contact_id: UUID, command: ChangeContact, *, revision: int
) -> None:
    """Change what the caller saw as `revision`. Raises NotFound, StaleRevision."""
    account, contact = await _locked(work, contact_id)
    contact.check_revision(revision)
    await _change(work, account, contact, command.facts())


async def archive_contact(work: Work, contact_id: UUID) -> None:
    """Take the contact out of the way; its history stays. Raises NotFound."""
    await _change(work, *await _locked(work, contact_id), {"status": ARCHIVED, "primary": False})


async def restore_contact(work: Work, contact_id: UUID) -> None:
    """Turn to the person again. Raises NotFound."""
    await _change(work, *await _locked(work, contact_id), {"status": ACTIVE})


async def link_contact(work: Work, contact_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the contact is. Raises NotFound, AlreadyLinked."""
    await see_contact(work.sql, contact_id)
    await link(work, KIND, contact_id, command)


async def upsert_contact(
    work: Work, system: str, external_id: str, command: UpsertContact
) -> Upserted:
    """Take over a contact as another system knows it.

    Raises MissingReference (account), InvalidInput (a new one without name or account, a known
    one at another account).
    """
    facts = command.facts()
    account_id = await _account_id(work, system, command)
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add_sent, work, facts, account_id),
        change=partial(_change_sent, work, facts, account_id),
    )


async def _account_id(work: Work, system: str, command: UpsertContact) -> UUID | None:
    """The account that the sender means; None when it says nothing. Raises MissingReference."""
    theirs = command.account_external_id
    if command.account_id or theirs is None:
        return command.account_id
    known = await external.resolve(work.sql, accounts.KIND, system, theirs)
    if known is None:
        raise MissingReference(entity=accounts.KIND, reference=f"{system} {theirs}")
    return known.entity_id


async def _add_sent(work: Work, facts: Facts, account_id: UUID | None, contact_id: UUID) -> None:
    require({"account_id": account_id} | facts, "account_id", "name")
    if account_id:
        await _add(work, await _account(work, account_id), facts, contact_id)


async def _change_sent(work: Work, facts: Facts, account_id: UUID | None, contact_id: UUID) -> bool:
    account, contact = await _locked(work, contact_id)
    if account_id not in {None, account.id}:
        told = "A contact stays at its account. Archive it and add it at the other account."
        raise InvalidInput(errors=[FieldError("/account_id", "account_fixed", told)])
    return await _change(work, account, contact, facts)


async def _account(work: Work, account_id: UUID) -> Account:
    try:
        return await accounts.lock_account(work, account_id)
    except NotFound as unknown:
        raise MissingReference(entity=accounts.KIND, reference=account_id) from unknown


async def _locked(work: Work, contact_id: UUID) -> tuple[Account, Contact]:
    """The contact and its account, nobody else's to change until the act ends."""
    account_id = await queries.account_id_of_contact(work.sql, contact_id)
    if account_id is None:
        raise NotFound(entity=KIND, id=contact_id)
    account = await accounts.lock_account(work, account_id)
    return account, await lock(work, Contact, contact_id)


async def _add(work: Work, account: Account, facts: Facts, contact_id: UUID) -> UUID:
    contact = Contact(
        id=contact_id, account_id=account.id, created_at=work.now, updated_at=work.now
    )
    await _make_room(work, contact, facts)
    contact.apply(read(facts, region=_region(work, account)))
    work.session.add(contact)
    await accounts.publish(work, account, ["contacts"])
    return contact.id


async def _change(work: Work, account: Account, contact: Contact, facts: Facts) -> bool:
    """Whether anything changed; then contact and account are one version further."""
    await _make_room(work, contact, facts)
    changed = contact.apply(read(facts, present=contact, region=_region(work, account)))
    if not changed:
        return False
    contact.touch(work.now)
    await accounts.publish(work, account, ["contacts"])
    return True


async def _make_room(work: Work, contact: Contact, facts: Facts) -> None:
    """When the contact is to be the primary one, the one that was so far steps back."""
    to_be = facts.get("primary", contact.primary), facts.get("status", contact.status)
    if not to_be[0] or to_be[1] == ARCHIVED or to_be == (contact.primary, contact.status):
        return
    so_far = await queries.primary_contact(work, contact.account_id)
    if so_far and so_far.id != contact.id:
        so_far.apply({"primary": False})
        so_far.touch(work.now)
        await work.flush()


def _region(work: Work, account: Account) -> str:
    """Whose phone numbers an account's people write without country code."""
    return account.billing_address.country or settings_of(work.setting).region
