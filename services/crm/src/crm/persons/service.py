"""A person is erased, or all that is known of one is collected."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.service import erasing
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.states import AccountKind
from crm.persons import queries
from records.erasure.errors import NotAPerson
from records.erasure.schemas import ErasedPart, ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import known_of

__all__ = ["account_data", "contact_data", "erase_account", "erase_contact"]

_ORDERS = (
    "Orders are business documents: they keep where goods went and what was agreed, with the "
    "number of the account, as long as the law asks for."
)
_PLACES = (
    "An address of the firm names the person as whom to ask for. It is the firm's: change it there."
)
_KAFKA = (
    "What brokers and readers of the feed have taken is theirs: it goes with the retention of the "
    "topic, and by the event person-erased."
)
_TOTALS = "Numbers of orders, amounts and debts tell of no person once the record is empty."
_TAGS = "Tags are words of the company that many records bear; the empty record keeps those it had."
_FILES = (
    "Files that were exported, and rows of imports that became no record, are deleted after the "
    "days of CRM_EXPORT_DAYS and CRM_IMPORT_DAYS."
)
_LOGS = "Log lines hold ids and no personal data; backups go with their own retention."


async def erase_contact(work: Work, contact_id: UUID) -> ErasureReport:
    """Erase a person at an account. Raises NotFound, Forbidden."""
    erased = await erasing.erase_contact(work, contact_id)
    kept = await _kept(work, erased.account_id, erased.names)
    if await queries.places_of(work, erased.account_id, erased.names):
        kept.append(KeptPart(what="addresses", count=1, why=_PLACES))
    return _report(work, (CONTACT.name, contact_id), erased, kept)


async def erase_account(work: Work, account_id: UUID) -> ErasureReport:
    """Erase a private person, with the contacts there. Raises NotFound, Forbidden, NotAPerson."""
    erased = await erasing.erase_account(work, account_id)
    kept = await _kept(work, account_id, None)
    return _report(work, (ACCOUNT.name, account_id), erased, kept)


async def contact_data(at: Reading, contact_id: UUID) -> PersonalDataView:
    """All that is known of a person at an account. Raises NotFound."""
    contact = await CONTACT.reads.get(at, contact_id)
    known = await known_of(at, CONTACT, [contact_id])
    ids = [contact_id]
    events = await queries.events_of(at, ids, account_id=contact.account_id, contact_ids=ids)
    orders = await queries.orders_of(at, contact.account_id, [contact.name])
    return _data(at, (CONTACT.name, contact_id), [known], events, orders)


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
    ids = [account_id, *contact_ids]
    events = await queries.events_of(at, ids, account_id=account_id, contact_ids=[])
    orders = await queries.orders_of(at, account_id)
    return _data(at, (ACCOUNT.name, account_id), known, events, orders)


def _data(
    at: Reading,
    key: tuple[str, UUID],
    known: Sequence[dict[str, list[dict[str, Any]]]],
    events: list[dict[str, Any]],
    documents: list[dict[str, Any]],
) -> PersonalDataView:
    parts = {name: [row for one in known for row in one[name]] for name in known[0]}
    return PersonalDataView(
        record_type=key[0],
        record_id=key[1],
        collected_at=at.now,
        events=events,
        documents=documents,
        **parts,
    )


def _report(
    work: Work, key: tuple[str, UUID], erased: erasing.Erased, kept: list[KeptPart]
) -> ErasureReport:
    return ErasureReport(
        record_type=key[0],
        record_id=key[1],
        erased_at=work.now,
        erased=[
            ErasedPart(what=what, count=count) for what, count in sorted(erased.counts.items())
        ],
        kept=kept,
        suppressed=erased.suppressed,
    )


async def _kept(work: Work, account_id: UUID, names: Sequence[str] | None) -> list[KeptPart]:
    """What stays; `names` of the persons at a firm, None where the account itself is the person."""
    orders = await queries.orders_of(work, account_id, names)
    kept = [KeptPart(what="orders", count=len(orders), why=_ORDERS)] if orders else []
    always = {
        "published_events": _KAFKA,
        "totals": _TOTALS,
        "tags": _TAGS,
        "files": _FILES,
        "logs_and_backups": _LOGS,
    }
    return kept + [KeptPart(what=what, count=None, why=why) for what, why in always.items()]
