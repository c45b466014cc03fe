"""Many leads are converted in one act: the plain ones together, the others each as if alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.http.dependencies import ViewOf
from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.work.locking import advisory_lock, lock_found
from chassis.work.unit_of_work import Work
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.leads.models import Lead
from crm.leads.queries import conversion as queries
from crm.leads.schemas.conversion import (
    ConversionOutcome,
    ConversionReply,
    ConvertLead,
    ConvertLeadItem,
    ConvertLeads,
)
from crm.leads.service import conversion_values as values
from crm.leads.service.conversion_plan import Plan, make_plan
from crm.leads.service.converting import compared_by, convert, follow_lead
from crm.leads.service.leads import LEAD
from crm.leads.states import LeadStatus
from crm.opportunities.service.opportunities import OPPORTUNITY
from records.types import Change, RecordType
from records.writes import create_all, given_values, write

__all__ = ["convert_many"]

FEWEST = 2
"""So many are converted together; one alone is not."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """A lead that becomes new records only; ids of those it does not become are None."""

    lead: Lead
    command: ConvertLead
    plan: Plan
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None


async def convert_many(work: Work, command: ConvertLeads, view_of: ViewOf) -> ConversionReply:
    """Convert each lead as if alone; a refused one leaves the others as they are."""
    ids = [one.lead_id for one in command.items]
    found = await lock_found(work, Lead, ids)
    if found:
        # All that single conversions lock one after the other: batches in other orders wait.
        await advisory_lock(work, *compared_by(list(found.values())))
    together = await _convert_together(work, command.items, found)
    outcomes = []
    for item in command.items:
        if item.lead_id in together:
            outcomes.append(ConversionOutcome(lead_id=item.lead_id, status="converted"))
            continue
        try:
            async with work.savepoint():
                is_new = await convert(work, item.lead_id, item)
        except Problem as problem:
            failed = view_of(problem)
            outcomes.append(
                ConversionOutcome(lead_id=item.lead_id, status="failed", problem=failed)
            )
            continue
        outcomes.append(
            ConversionOutcome(lead_id=item.lead_id, status="converted" if is_new else "unchanged")
        )
    done = {one.id: one for one in await LEAD.reads.get_all(work, ids)}
    return ConversionReply(
        items=[
            one
            if one.status == "failed"
            else one.model_copy(
                update={
                    name: getattr(done[one.lead_id], name)
                    for name in ("account_id", "contact_id", "opportunity_id")
                }
            )
            for one in outcomes
        ]
    )


async def _convert_together(
    work: Work, items: Sequence[ConvertLeadItem], found: Mapping[UUID, Lead]
) -> set[UUID]:
    """Convert the leads that become new records only, of each kind all at once; which they are.

    Where one of them is refused, none is converted here: each is judged alone then.
    """
    planned = await _plain(work, items, found)
    if len(planned) < FEWEST:
        return set()
    try:
        async with work.savepoint():
            await _make(work, planned)
    except Problem:
        return set()
    return {one.lead.id for one in planned}


async def _plain(
    work: Work, items: Sequence[ConvertLeadItem], found: Mapping[UUID, Lead]
) -> list[_Planned]:
    """The leads without duplicates, among records and in the batch, that join nothing."""
    named = Counter(one.lead_id for one in items)
    keys = Counter(key for lead in found.values() for key in set(compared_by([lead])))
    mine = await LEAD.reads.changeable_ids(work, list(found)) if found else ()
    seen = await LEAD.reads.found_ids(work, list(found)) if found else ()
    planned = []
    for item in items:
        lead = found.get(item.lead_id)
        if (
            lead is None
            or named[lead.id] > 1
            or lead.id not in seen
            or lead.id not in mine
            or lead.erased_at is not None
            or lead.status == LeadStatus.CONVERTED
            or any(keys[key] > 1 for key in compared_by([lead]))
        ):
            continue
        if one := await _planned(work, lead, item):
            planned.append(one)
    return planned


async def _planned(work: Work, lead: Lead, command: ConvertLead) -> _Planned | None:
    """What a lead becomes; None: it is refused, or joins something."""
    try:
        lead.require_next(LeadStatus.CONVERTED)
        plan = await make_plan(work, lead, command)
    except Problem:
        return None
    parts = (plan.account, plan.contact, plan.opportunity)
    if plan.refusal or any(one.use == "existing" for one in parts):
        return None
    made = [uuid7() if one.use == "new" else None for one in parts]
    return _Planned(lead, command, plan, *made)


async def _make(work: Work, planned: Sequence[_Planned]) -> None:
    """Make accounts, contacts and deals, and let the leads be converted to them."""
    await _create(work, ACCOUNT, ((one.account_id, _account(one)) for one in planned))
    await _create(work, CONTACT, ((one.contact_id, _contact(one)) for one in planned))
    await _create(work, OPPORTUNITY, ((one.opportunity_id, _deal(one)) for one in planned))
    changes = [
        Change(
            one.lead,
            {
                "status": LeadStatus.CONVERTED,
                "converted_at": work.now,
                "account_id": one.account_id,
                "contact_id": one.contact_id,
                "opportunity_id": one.opportunity_id,
            },
        )
        for one in planned
    ]
    await write(work, LEAD, changes)
    followed = await queries.with_rows_beside(work.sql, [one.lead.id for one in planned])
    for one in planned:
        if one.lead.id in followed:
            await follow_lead(work, one.lead)


async def _create(
    work: Work,
    kind: RecordType[Any, Any],
    wanted: Iterable[tuple[UUID | None, BaseModel | None]],
) -> None:
    new = [(key, given_values(command)) for key, command in wanted if key and command]
    if new:
        await create_all(work, kind, new, links=[None] * len(new))


def _account(one: _Planned) -> BaseModel | None:
    if one.account_id is None:
        return None
    return values.new_account(one.lead, with_contact=one.contact_id is not None)


def _contact(one: _Planned) -> BaseModel | None:
    if one.contact_id is None or one.account_id is None:
        return None
    return values.new_contact(one.lead, one.account_id, primary=True)


def _deal(one: _Planned) -> BaseModel | None:
    if one.opportunity_id is None:
        return None
    return values.new_opportunity(
        one.lead,
        one.command.opportunity,
        account_id=one.account_id,
        contact_id=one.contact_id,
    )
