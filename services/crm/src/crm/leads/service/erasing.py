"""Persons are erased from leads; a contact or account that leads became takes them along."""

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.activities.service.erasing import activities_of_persons, erase_activities
from crm.leads.models import Lead
from crm.leads.queries import forms, touches
from crm.leads.queries.conversion import converted_to
from crm.leads.service.leads import LEAD
from crm.leads.service.personal import LEAD_IN_EVENTS, known_identifiers
from crm.leads.states import LeadStatus
from records.erasure.outbox import events_of
from records.erasure.persons import (
    ErasedPerson,
    added_to,
    erase_persons,
    personal_data,
    record_erasure,
    report_of,
)
from records.erasure.schemas import ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import known_of
from records.erasure.suppression import identifiers, links_of, suppress
from records.writes import lock_visible

__all__ = ["erase_lead", "erase_leads_of", "lead_data", "leads_of"]

_BECAME = (
    "The lead was converted: what the person is at the account is erased there, as the contact "
    "or the private account that it became."
)


async def erase_lead(work: Work, lead_id: UUID) -> ErasureReport:
    """Erase the person that a lead is; nobody works on it any more. Raises NotFound, Forbidden."""
    lead = (await lock_visible(work, LEAD, [lead_id]))[lead_id]
    names, is_known = [lead.name], lead.erased_at is not None
    counts, suppressed = await _erase(work, [lead])
    if not is_known:
        await record_erasure(work, [(LEAD.name, lead_id)])
    kept = [] if lead.account_id is None else [KeptPart(what="accounts", count=1, why=_BECAME)]
    return report_of(work, (LEAD.name, lead_id), ErasedPerson(names, counts, suppressed), kept)


async def erase_leads_of(
    work: Work, *, contacts: Collection[UUID] = (), accounts: Collection[UUID] = ()
) -> Counter[str]:
    """Erase the leads that these persons were before; how much of what was taken out."""
    ids = await leads_of(work, contacts=contacts, accounts=accounts)
    leads = list((await lock_all(work, Lead, ids)).values()) if ids else []
    counts, _ = await _erase(work, leads) if leads else (Counter(), 0)
    counts["leads"] += counts.pop("records", 0)
    return counts


async def leads_of(
    at: Reading, *, contacts: Collection[UUID] = (), accounts: Collection[UUID] = ()
) -> list[UUID]:
    """The leads that became, or joined, one of the contacts or accounts, by id."""
    return await converted_to(at.sql, contacts=contacts, accounts=accounts)


async def _erase(work: Work, leads: Sequence[Lead]) -> tuple[Counter[str], int]:
    """Erase locked leads; how much of what was taken out, and how many identifiers are kept."""
    ids = [one.id for one in leads]
    found = identifiers(links=await links_of(work, LEAD.name, ids))
    for lead in leads:
        found |= await known_identifiers(work, lead)
        if lead.erased_at is None and lead.status != LeadStatus.CONVERTED:
            lead.status = LeadStatus.DISQUALIFIED
    suppressed = await suppress(work, found)
    counts = await erase_persons(work, LEAD, leads, in_events=LEAD_IN_EVENTS)
    counts["touches"] += await touches.empty_referrers(work.sql, ids)
    counts["consents"] += await forms.empty_addresses(work.sql, ids)
    counts.update(await erase_activities(work, [(LEAD.name, one) for one in ids]))
    return counts, suppressed


async def lead_data(at: Reading, lead_id: UUID) -> PersonalDataView:
    """All that is known of the person that a lead is. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    known = await known_of(at, LEAD, [lead_id])
    activities, about = await activities_of_persons(at, [(LEAD.name, lead_id)])
    parts = [known, activities]
    events = await events_of(at, [lead_id, *about, *added_to(parts)])
    return personal_data(at, (LEAD.name, lead_id), parts, events=events, documents=[])
