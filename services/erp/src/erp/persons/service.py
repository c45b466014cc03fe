"""A person who is a customer or supplier is erased, or all that is known of one is collected."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.base import Base
from erp.fulfilment.service.erasing import redact_closed_orders
from erp.parties.service.customers import CUSTOMER
from erp.parties.service.personal import erase_party
from erp.parties.service.suppliers import SUPPLIER
from erp.parties.states import PartyKind
from erp.persons import queries
from erp.settings import settings_of
from records.document_types import document_types
from records.erasure.documents import beside_documents, erase_beside_documents
from records.erasure.errors import NotAPerson
from records.erasure.outbox import events_of
from records.erasure.persons import ErasedPerson, added_to, personal_data, report_of
from records.erasure.schemas import ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import known_of
from records.types import RecordType
from records.writes import lock_visible

__all__ = [
    "UPKEEP",
    "customer_data",
    "erase_customer",
    "erase_supplier",
    "keep_erased",
    "supplier_data",
]

UPKEEP = "persons.upkeep"
"""Job: what was kept of erased persons for a while goes when its time is over."""

_CRM = "crm"
_POSTED = (
    "Posted documents stay as the books need them: number, day, amounts, goods, tax, the text of "
    "the bank and reasons. So do attachments of documents, which are vouchers, and the custom "
    "fields of documents that are not marked as personal."
)
_RETAINED = (
    "Whom invoices and bills were made out to (name, tax id, address) is kept apart until {until}, "
    "as the law of bookkeeping asks; it is seen in personal-data only, and deleted then."
)
_OPEN = (
    "Orders that are not done yet keep where goods go and the note; a day after they are done only "
    "country and region stay."
)


async def erase_customer(
    work: Work, customer_id: UUID, *, is_person: bool = False
) -> ErasureReport:
    """Erase a person who is a customer. Raises NotFound, NotAPerson.

    `is_person`: another system knows that it is one, whatever is known here.
    """
    customer = (await lock_visible(work, CUSTOMER, [customer_id]))[customer_id]
    if customer.kind != PartyKind.PERSON and not is_person:
        raise NotAPerson(entity=CUSTOMER.name)
    key, until = (CUSTOMER.name, customer_id), None
    if customer.erased_at is None:
        until = await _retain(work, *key)
    erased = await erase_party(work, CUSTOMER, customer, kept_links=[_CRM])
    counts = Counter(erased.counts)
    orders = await redact_closed_orders(work, [customer_id])
    counts["orders"] = len(orders)
    counts["approvals"] = await queries.wipe_approval_notes(work, [customer_id])
    return await _report(work, key, erased, counts, until)


async def erase_supplier(work: Work, supplier_id: UUID) -> ErasureReport:
    """Erase a person who is a supplier. Raises NotFound, NotAPerson."""
    supplier = (await lock_visible(work, SUPPLIER, [supplier_id]))[supplier_id]
    if supplier.kind != PartyKind.PERSON:
        raise NotAPerson(entity=SUPPLIER.name)
    key, until = (SUPPLIER.name, supplier_id), None
    if supplier.erased_at is None:
        until = await _retain(work, *key)
    erased = await erase_party(work, SUPPLIER, supplier)
    return await _report(work, key, erased, Counter(erased.counts), until)


async def customer_data(at: Reading, customer_id: UUID) -> PersonalDataView:
    """All that is known of a person who is a customer. Raises NotFound, NotAPerson."""
    return await _data(at, CUSTOMER, customer_id)


async def supplier_data(at: Reading, supplier_id: UUID) -> PersonalDataView:
    """All that is known of a person who is a supplier. Raises NotFound, NotAPerson."""
    return await _data(at, SUPPLIER, supplier_id)


async def keep_erased(work: Work, _payload: Mapping[str, Any]) -> None:
    """The daily job: what was kept of erased persons for a while goes when its time is over.

    That is where goods of orders went that are done by now, and whom documents were made out to.
    """
    erased = await queries.erased_customers(work)
    await redact_closed_orders(work, erased)
    await queries.wipe_approval_notes(work, erased)
    await queries.delete_past_retention(work)


async def _retain(work: Work, record_type: str, party_id: UUID) -> date | None:
    """Keep whom posted documents were made out to; until when, None: nothing was posted."""
    last = await queries.last_posting(work, party_id)
    if last is None:
        return None
    until = date(last.year + settings_of(work.setting).bookkeeping_years, 12, 31)
    await queries.retain(work, record_type, party_id, until)
    return until


async def _report(
    work: Work,
    key: tuple[str, UUID],
    erased: ErasedPerson,
    counts: Counter[str],
    until: date | None,
) -> ErasureReport:
    documents = await queries.document_ids(work, *key)
    booked = await queries.beside_ids(work, *key)
    counts.update(await erase_beside_documents(work, [*documents, *booked]))
    kept = []
    if documents:
        kept.append(KeptPart(what="documents", count=len(documents), why=_POSTED))
        kept.append(KeptPart(what="open_orders", count=None, why=_OPEN))
    if until:
        why = _RETAINED.format(until=until.isoformat())
        kept.insert(0, KeptPart(what="retained_party", count=1, why=why))
    whole = ErasedPerson(erased.names, counts, erased.suppressed)
    return report_of(work, key, whole, kept)


async def _data(at: Reading, kind: RecordType[Any, Any], party_id: UUID) -> PersonalDataView:
    party: Any = await kind.reads.get(at, party_id)
    if party.kind != PartyKind.PERSON:
        raise NotAPerson(entity=kind.name)
    known = await known_of(at, kind, [party_id])
    key = (kind.name, party_id)
    ids = [*await queries.document_ids(at, *key), *await queries.beside_ids(at, *key)]
    beside = await beside_documents(at, document_types(Base), ids)
    documents = beside.shown_with(await queries.documents_of(at, *key))
    orders = [one for name, one in ids if name == "sales_order"]
    parts = [known, beside.known]
    events = await events_of(at, [party_id, *orders, *beside.fields, *added_to(parts)])
    return personal_data(at, key, parts, events=events, documents=documents)
