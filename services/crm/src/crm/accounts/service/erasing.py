"""Persons are erased: contacts, and private accounts with their contacts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.models import Account, Contact
from crm.accounts.queries import reading
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.service.personal import ACCOUNT_IN_EVENTS, CONTACT_IN_EVENTS, identifiers_of
from crm.accounts.states import AccountKind
from crm.ownership import ERP
from records.erasure.errors import NotAPerson
from records.erasure.events import ErasedRecord, PersonErased
from records.erasure.outbox import redact_events, redact_parts
from records.erasure.service import erase_added, erase_records
from records.erasure.suppression import identifiers, links_of, suppress
from records.types import Change
from records.writes import lock_visible

__all__ = ["Erased", "contacts_at", "erase_account", "erase_contact"]


@dataclass(frozen=True)
class Erased:
    """What was erased: how many rows of what, and how many identifiers stay suppressed.

    `names` of the persons until then: for looking up what is kept, and never to be shown.
    """

    account_id: UUID
    names: Sequence[str]
    counts: Mapping[str, int]
    suppressed: int


async def contacts_at(at: Reading, account_id: UUID) -> list[UUID]:
    """All contacts of an account, also archived ones."""
    return await reading.contacts_of(at.sql, account_id)


async def erase_contact(work: Work, contact_id: UUID) -> Erased:
    """Erase a person at an account. Raises NotFound, Forbidden."""
    contact = (await lock_visible(work, CONTACT, [contact_id]))[contact_id]
    names, account_id = [contact.name], contact.account_id
    suppressed = await _suppress(work, [contact], None)
    counts = Counter(await _erase_contacts(work, [contact]))
    await _record(work, [contact], None)
    return Erased(account_id, names, counts, suppressed)


async def erase_account(work: Work, account_id: UUID) -> Erased:
    """Erase a private person, with the contacts there. Raises NotFound, Forbidden, NotAPerson."""
    account = (await lock_visible(work, ACCOUNT, [account_id]))[account_id]
    if account.kind != AccountKind.PERSON:
        raise NotAPerson(entity=ACCOUNT.name)
    ids = await reading.contacts_of(work.sql, account_id)
    contacts = list((await lock_visible(work, CONTACT, ids)).values())
    names = [account.name, *(one.name for one in contacts)]
    suppressed = await _suppress(work, contacts, account)
    counts = Counter(await erase_records(work, ACCOUNT, [account], kept_links=[ERP]))
    counts.update(await erase_added(work, ACCOUNT, [account.id]))
    counts["events"] += await redact_events(work.sql, [account.id], ACCOUNT_IN_EVENTS)
    await ACCOUNT.publish(work, [Change(account, {}, before=_emptied(ACCOUNT_IN_EVENTS))])
    counts.update(await _erase_contacts(work, contacts))
    await _record(work, contacts, account)
    return Erased(account_id, names, counts, suppressed)


async def _erase_contacts(work: Work, contacts: Sequence[Contact]) -> dict[str, int]:
    if not contacts:
        return {}
    ids, account_ids = [one.id for one in contacts], {one.account_id for one in contacts}
    counts = Counter(await erase_records(work, CONTACT, contacts))
    counts.update(await erase_added(work, CONTACT, ids))
    counts["events"] += await redact_events(work.sql, ids, CONTACT_IN_EVENTS)
    # Accounts published their contacts themselves before contacts had events of their own.
    counts["events"] += await redact_parts(
        work.sql, account_ids, within="contacts", parts=ids, fields=CONTACT_IN_EVENTS
    )
    before = _emptied(CONTACT_IN_EVENTS | {"primary"})
    await CONTACT.publish(work, [Change(one, {}, before=before) for one in contacts])
    return counts


def _emptied(fields: frozenset[str]) -> dict[str, None]:
    """The fields that an event gives as changed."""
    return dict.fromkeys(sorted(fields | {"status"}))


async def _suppress(work: Work, contacts: Sequence[Contact], account: Account | None) -> int:
    """Keep hashes of what the persons are recognised by; how many these are."""
    found = set().union(*(identifiers_of(one) for one in contacts))
    links = await links_of(work, CONTACT.name, [one.id for one in contacts])
    if account:
        found |= identifiers_of(account)
        links += await links_of(work, ACCOUNT.name, [account.id])
    return await suppress(work, found | identifiers(links=links))


async def _record(work: Work, contacts: Sequence[Contact], account: Account | None) -> None:
    records = [ErasedRecord(record_type=CONTACT.name, record_id=one.id) for one in contacts]
    if account:
        records.insert(0, ErasedRecord(record_type=ACCOUNT.name, record_id=account.id))
    changed = ["erased_at", "records"]
    erasure = PersonErased(
        id=uuid7(), version=1, changed=changed, records=records, erased_at=work.now
    )
    await work.record(erasure)
