"""Persons are erased from leads."""

from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.leads.queries import forms, touches
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
from records.erasure.schemas import ErasureReport, PersonalDataView
from records.erasure.service import known_of
from records.erasure.suppression import identifiers, links_of, suppress
from records.writes import lock_visible

__all__ = ["erase_lead", "lead_data"]


async def erase_lead(work: Work, lead_id: UUID) -> ErasureReport:
    """Erase the person that a lead is; nobody works on it any more. Raises NotFound, Forbidden."""
    lead = (await lock_visible(work, LEAD, [lead_id]))[lead_id]
    names, is_known = [lead.name], lead.erased_at is not None
    links = await links_of(work, LEAD.name, [lead_id])
    found = await known_identifiers(work, lead) | identifiers(links=links)
    suppressed = await suppress(work, found)
    if not is_known and lead.status != LeadStatus.CONVERTED:
        lead.status = LeadStatus.DISQUALIFIED
    counts = await erase_persons(work, LEAD, [lead], in_events=LEAD_IN_EVENTS)
    counts["touches"] += await touches.empty_referrers(work.sql, lead_id)
    counts["consents"] += await forms.empty_addresses(work.sql, lead_id)
    if not is_known:
        await record_erasure(work, [(LEAD.name, lead_id)])
    return report_of(work, (LEAD.name, lead_id), ErasedPerson(names, counts, suppressed), [])


async def lead_data(at: Reading, lead_id: UUID) -> PersonalDataView:
    """All that is known of the person that a lead is. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    known = await known_of(at, LEAD, [lead_id])
    events = await events_of(at, [lead_id, *added_to([known])])
    return personal_data(at, (LEAD.name, lead_id), [known], events=events, documents=[])
