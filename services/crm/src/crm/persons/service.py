"""A person is erased, or all that is known of one is collected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.service import erasing
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.states import AccountKind
from crm.activities.service.erasing import activities_of_persons, count_with, erase_activities
from crm.base import Base
from crm.contracts.service.erasing import contracts_with, count_fixed, erase_contract_texts
from crm.leads.service.erasing import erase_leads_of, leads_of
from crm.leads.service.leads import LEAD
from crm.persons import queries
from crm.quotes.service.erasing import Answerers, answers_of, erase_answers
from records.document_types import document_types
from records.erasure.documents import (
    DocumentKey,
    beside_documents,
    erase_beside_documents,
    erase_document_fields,
)
from records.erasure.errors import NotAPerson
from records.erasure.outbox import events_of
from records.erasure.persons import ErasedPerson, added_to, personal_data, report_of
from records.erasure.schemas import ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import known_of

__all__ = ["account_data", "contact_data", "erase_account", "erase_contact"]

_ORDERS = (
    "Orders are business documents: they keep where goods went and what was agreed, with the "
    "number of the account, as long as the law asks for. So do their custom fields that are not "
    "marked as personal."
)
_QUOTES = (
    "Of an answer to a quote stays when it was given and the hash of the text agreed to; who gave "
    "it, and from where, is taken out. The text of a quote is what was agreed to, and stays."
)
_ACTIVITIES = (
    "Activities about the firm, or about others, in which the person took part are the firm's. "
    "They name the person by the id of the empty record; what their texts say is changed there."
)
_CONTRACTS = (
    "Contracts that were sent keep their text, their parties and who signed: they are what was "
    "agreed to, as long as the law asks for. Texts that were never sent are deleted."
)
_PLACES = (
    "An address of the firm names the person as whom to ask for. It is the firm's: change it there."
)


async def erase_contact(work: Work, contact_id: UUID) -> ErasureReport:
    """Erase a person at an account. Raises NotFound, Forbidden."""
    account_id, erased = await erasing.erase_contact(work, contact_id)
    orders = await _orders(work, account_id, erased.names)
    fields = await erase_document_fields(work, orders)
    erased = _with(erased, {"document_fields": fields})
    erased = _with(erased, await erase_activities(work, [(CONTACT.name, contact_id)]))
    erased = _with(erased, await erase_leads_of(work, contacts=[contact_id]))
    answered = await erase_answers(work, Answerers(account_id, [contact_id], erased.names))
    erased = _with(erased, answered)
    texts = await erase_contract_texts(work, contacts=[contact_id])
    erased = _with(erased, {"contract_texts": texts})
    notes = await queries.wipe_approval_notes(work, None, [contact_id])
    erased = _with(erased, {"approvals": notes})
    kept = [*_kept(orders, answered), *await _kept_activities(work, [contact_id])]
    kept += _kept_contracts(await count_fixed(work, contacts=[contact_id]))
    if await queries.places_of(work, account_id, erased.names):
        kept.append(KeptPart(what="addresses", count=1, why=_PLACES))
    return report_of(work, (CONTACT.name, contact_id), erased, kept)


async def erase_account(work: Work, account_id: UUID, *, is_person: bool = False) -> ErasureReport:
    """Erase a private person, with the contacts there. Raises NotFound, Forbidden, NotAPerson.

    `is_person`: another system knows that it is one.
    """
    erased = await erasing.erase_account(work, account_id, is_person=is_person)
    orders = await _orders(work, account_id, None)
    erased = _with(erased, await erase_beside_documents(work, orders))
    contacts = await erasing.contacts_at(work, account_id)
    erased = _with(erased, await erase_activities(work, _persons(account_id, contacts)))
    leads = await erase_leads_of(work, contacts=contacts, accounts=[account_id])
    answered = await erase_answers(work, Answerers(account_id, contacts, None))
    erased = _with(erased, answered)
    texts = await erase_contract_texts(work, contacts=contacts, accounts=[account_id])
    erased = _with(erased, leads | {"contract_texts": texts})
    notes = await queries.wipe_approval_notes(work, account_id, contacts)
    erased = _with(erased, {"approvals": notes})
    kept = [*_kept(orders, answered), *await _kept_activities(work, contacts)]
    kept += _kept_contracts(await count_fixed(work, contacts=contacts, accounts=[account_id]))
    return report_of(work, (ACCOUNT.name, account_id), erased, kept)


async def contact_data(at: Reading, contact_id: UUID) -> PersonalDataView:
    """All that is known of a person at an account. Raises NotFound."""
    contact = await CONTACT.reads.get(at, contact_id)
    known = await known_of(at, CONTACT, [contact_id])
    orders = await queries.orders_of(at, contact.account_id, [contact.name])
    beside = await beside_documents(at, document_types(Base), _keys(orders))
    activities, about = await activities_of_persons(at, [(CONTACT.name, contact_id)])
    lead_ids = await leads_of(at, contacts=[contact_id])
    leads = await known_of(at, LEAD, lead_ids)
    added = added_to([known, activities, leads])
    events = await events_of(at, [contact_id, *about, *lead_ids, *beside.fields, *added])
    events += await queries.events_of_contacts(at, contact.account_id, [contact_id])
    events.sort(key=lambda one: one["occurred_at"])
    parts = [known, activities, leads, {"history": beside.known["history"]}]
    documents = beside.shown_with(orders)
    documents += await contracts_with(at, contacts=[contact_id])
    who = Answerers(contact.account_id, [contact_id], [contact.name])
    documents = [*documents, *await answers_of(at, who)]
    key = (CONTACT.name, contact_id)
    return personal_data(at, key, parts, events=events, documents=documents)


async def account_data(at: Reading, account_id: UUID) -> PersonalDataView:
    """All that is known of a private person who is an account. Raises NotFound, NotAPerson."""
    account = await ACCOUNT.reads.get(at, account_id)
    if account.kind != AccountKind.PERSON:
        raise NotAPerson(entity=ACCOUNT.name)
    contact_ids = await erasing.contacts_at(at, account_id)
    orders = await queries.orders_of(at, account_id)
    beside = await beside_documents(at, document_types(Base), _keys(orders))
    known = [
        await known_of(at, ACCOUNT, [account_id]),
        await known_of(at, CONTACT, contact_ids),
        beside.known,
    ]
    activities, activity_ids = await activities_of_persons(at, _persons(account_id, contact_ids))
    lead_ids = await leads_of(at, contacts=contact_ids, accounts=[account_id])
    known += [activities, await known_of(at, LEAD, lead_ids)]
    ids = [*contact_ids, *(one for _, one in _keys(orders)), *activity_ids, *lead_ids]
    about = [account_id, *ids, *beside.fields, *added_to(known)]
    events, documents = await events_of(at, about), beside.shown_with(orders)
    documents += await contracts_with(at, contacts=contact_ids, accounts=[account_id])
    documents = [*documents, *await answers_of(at, Answerers(account_id, contact_ids, None))]
    return personal_data(at, (ACCOUNT.name, account_id), known, events=events, documents=documents)


async def _orders(
    work: Work, account_id: UUID, names: Sequence[str] | None
) -> Sequence[DocumentKey]:
    """Orders; `names` of the persons at a firm, None where the account itself is the person."""
    return _keys(await queries.orders_of(work, account_id, names))


def _persons(account_id: UUID, contact_ids: Sequence[UUID]) -> list[DocumentKey]:
    """A private account and its contacts, by type and id."""
    return [(ACCOUNT.name, account_id), *((CONTACT.name, one) for one in contact_ids)]


async def _kept_activities(work: Work, contact_ids: Sequence[UUID]) -> list[KeptPart]:
    count = await count_with(work.sql, contact_ids)
    return [KeptPart(what="activities", count=count, why=_ACTIVITIES)] if count else []


def _kept_contracts(count: int) -> list[KeptPart]:
    return [KeptPart(what="contracts", count=count, why=_CONTRACTS)] if count else []


def _keys(orders: Sequence[dict[str, Any]]) -> Sequence[DocumentKey]:
    return [(one["document_type"], one["id"]) for one in orders]


def _with(erased: ErasedPerson, more: Mapping[str, int]) -> ErasedPerson:
    return replace(erased, counts=Counter(erased.counts) + Counter(more))


def _kept(orders: Sequence[DocumentKey], answered: Mapping[str, int]) -> list[KeptPart]:
    kept = [KeptPart(what="orders", count=len(orders), why=_ORDERS)] if orders else []
    quotes = answered["quote_answers"]
    return [*kept, KeptPart(what="quotes", count=quotes, why=_QUOTES)] if quotes else kept
