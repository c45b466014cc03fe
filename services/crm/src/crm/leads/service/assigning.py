"""Leads that nobody owns are assigned by rules, and given to others when their owner leaves."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.assignment.service.subjects import Facts, Subject
from crm.assignment.states import FactKind
from crm.leads.models import Lead
from crm.leads.queries import owning
from crm.leads.service.leads import LEAD
from crm.open_work import OpenWork
from records.types import Change
from records.writes import write

__all__ = ["ASSIGNED", "OPEN"]


async def _give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give leads to users, by lead; with history and events. Raises NotFound."""
    leads = await lock_all(work, Lead, list(owners))
    await write(work, LEAD, [Change(one, {"owner_id": owners[one.id]}) for one in leads.values()])


async def _facts(at: Reading, lead_ids: Sequence[UUID]) -> Mapping[UUID, Facts]:
    return await owning.facts_of(at.sql, lead_ids)


async def _load(at: Reading, user_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await owning.owned_by(at.sql, user_ids)


ASSIGNED = Subject(
    type="lead",
    facts=dict.fromkeys(owning.FACTS, FactKind.TEXT),
    read_facts=_facts,
    open_load=_load,
    set_owners=_give,
)
"""How leads are assigned."""

OPEN = OpenWork(type="lead", table="lead", is_open=owning.IS_OPEN, give=_give)
"""Leads that are neither converted nor given up are what a user has open."""
