"""Persons are erased: contacts, and private accounts with their contacts."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.models import Account, Contact
from crm.accounts.queries import reading
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.service.personal import (
    ACCOUNT_IN_EVENTS,
    CONTACT_IN_EVENTS,
    identifiers_of,
    past_identifiers,
)
from crm.accounts.states import AccountKind
from crm.ownership import ERP
from records.erasure.errors import NotAPerson
from records.erasure.outbox import redact_parts
from records.erasure.persons import ErasedPerson, erase_persons, record_erasure
from records.erasure.service import ids_ever
from records.erasure.suppression import identifiers, links_of, suppress
from records.writes import lock_visible

__all__ = ["contacts_at", "erase_account", "erase_contact"]


async def contacts_at(at: Reading, account_id: UUID) -> list[UUID]:
    """All contacts of an account, also archived ones."""
    return await reading.contacts_of(at.sql, account_id)


async def erase_contact(work: Work, contact_id: UUID) -> tuple[UUID, ErasedPerson]:
    """Erase a person at an account, whose id it tells. Raises NotFound, Forbidden."""
    contact = (await lock_visible(work, CONTACT, [contact_id]))[contact_id]
    names, is_known = [contact.name], contact.erased_at is not None
    suppressed = await _suppress(work, [contact], None)
    counts = await _erase_contacts(work, [contact])
    if not is_known:
        await record_erasure(work, [(CONTACT.name, contact_id)])
    return contact.account_id, ErasedPerson(names, counts, suppressed)


async def erase_account(work: Work, account_id: UUID, *, is_person: bool = False) -> ErasedPerson:
    """Erase a private person, with the contacts there. Raises NotFound, Forbidden, NotAPerson.

    `is_person`: another system knows that it is one, whatever is known here.
    """
    account = (await lock_visible(work, ACCOUNT, [account_id]))[account_id]
    if account.kind != AccountKind.PERSON and not is_person:
        raise NotAPerson(entity=ACCOUNT.name)
    ids = await reading.contacts_of(work.sql, account_id)
    contacts = list((await lock_visible(work, CONTACT, ids)).values())
    names = [account.name, *(one.name for one in contacts)]
    is_known = account.erased_at is not None
    suppressed = await _suppress(work, contacts, account)
    counts = await erase_persons(
        work, ACCOUNT, [account], in_events=ACCOUNT_IN_EVENTS, kept_links=[ERP]
    )
    counts.update(await _erase_contacts(work, contacts))
    records = [(CONTACT.name, one.id) for one in contacts]
    if not is_known:
        await record_erasure(work, [(ACCOUNT.name, account.id), *records])
    return ErasedPerson(names, counts, suppressed)


async def _erase_contacts(work: Work, contacts: Sequence[Contact]) -> Counter[str]:
    counts = await erase_persons(
        work, CONTACT, contacts, in_events=CONTACT_IN_EVENTS, changed=["primary"]
    )
    if contacts:
        # Accounts published their contacts themselves before contacts had events of their own.
        counts["events"] += await redact_parts(
            work.sql,
            {one.account_id for one in contacts},
            within="contacts",
            parts=[one.id for one in contacts],
            fields=CONTACT_IN_EVENTS,
        )
    return counts


async def _suppress(work: Work, contacts: Sequence[Contact], account: Account | None) -> int:
    """Keep hashes of what the persons are recognised by; how many these are."""
    found = set().union(*(identifiers_of(one) for one in contacts))
    ids = await ids_ever(work, CONTACT, [one.id for one in contacts])
    links = await links_of(work, CONTACT.name, ids)
    found |= await past_identifiers(work, CONTACT.name, ids)
    if account:
        ever = await ids_ever(work, ACCOUNT, [account.id])
        found |= identifiers_of(account) | await past_identifiers(work, ACCOUNT.name, ever)
        links += await links_of(work, ACCOUNT.name, [account.id])
    return await suppress(work, found | identifiers(links=links))
