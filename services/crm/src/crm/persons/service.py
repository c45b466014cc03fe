"""A person is erased, or all that is known of one is collected."""

from collections.abc import Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.service import erasing
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.states import AccountKind
from crm.persons import queries
from records.erasure.errors import NotAPerson
from records.erasure.outbox import events_of
from records.erasure.persons import personal_data, report_of
from records.erasure.schemas import ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import known_of

__all__ = ["account_data", "contact_data", "erase_account", "erase_contact"]

_ORDERS = (
    "Orders are business documents: they keep where goods went and what was agreed, with the "
    "number of the account, as long as the law asks for. So do their custom fields: empty those "
    "that name the person by hand."
)
_PLACES = (
    "An address of the firm names the person as whom to ask for. It is the firm's: change it there."
)


async def erase_contact(work: Work, contact_id: UUID) -> ErasureReport:
    """Erase a person at an account. Raises NotFound, Forbidden."""
    account_id, erased = await erasing.erase_contact(work, contact_id)
    kept = await _kept(work, account_id, erased.names)
    if await queries.places_of(work, account_id, erased.names):
        kept.append(KeptPart(what="addresses", count=1, why=_PLACES))
    return report_of(work, (CONTACT.name, contact_id), erased, kept)


async def erase_account(work: Work, account_id: UUID, *, is_person: bool = False) -> ErasureReport:
    """Erase a private person, with the contacts there. Raises NotFound, Forbidden, NotAPerson.

    `is_person`: another system knows that it is one.
    """
    erased = await erasing.erase_account(work, account_id, is_person=is_person)
    kept = await _kept(work, account_id, None)
    return report_of(work, (ACCOUNT.name, account_id), erased, kept)


async def contact_data(at: Reading, contact_id: UUID) -> PersonalDataView:
    """All that is known of a person at an account. Raises NotFound."""
    contact = await CONTACT.reads.get(at, contact_id)
    known = await known_of(at, CONTACT, [contact_id])
    events = await events_of(at, [contact_id])
    events += await queries.events_of_contacts(at, contact.account_id, [contact_id])
    orders = await queries.orders_of(at, contact.account_id, [contact.name])
    key = (CONTACT.name, contact_id)
    events.sort(key=lambda one: one["occurred_at"])
    return personal_data(at, key, [known], events=events, documents=orders)


async def account_data(at: Reading, account_id: UUID) -> PersonalDataView:
    """All that is known of a private person who is an account. Raises NotFound, NotAPerson."""
    account = await ACCOUNT.reads.get(at, account_id)
    if account.kind != AccountKind.PERSON:
        raise NotAPerson(entity=ACCOUNT.name)
    contact_ids = await erasing.contacts_at(at, account_id)
    known = [
        await known_of(at, ACCOUNT, [account_id]),
        await known_of(at, CONTACT, contact_ids),
    ]
    events = await events_of(at, [account_id, *contact_ids])
    orders = await queries.orders_of(at, account_id)
    return personal_data(at, (ACCOUNT.name, account_id), known, events=events, documents=orders)


async def _kept(work: Work, account_id: UUID, names: Sequence[str] | None) -> list[KeptPart]:
    """Orders; `names` of the persons at a firm, None where the account itself is the person."""
    orders = await queries.orders_of(work, account_id, names)
    return [KeptPart(what="orders", count=len(orders), why=_ORDERS)] if orders else []
