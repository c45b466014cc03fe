"""Leads are converted: to an account, a contact and an opportunity, made or joined, in one act."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from chassis.problems.standard import MissingReference, NotFound
from chassis.storage.paging import PageQuery
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.activities.service.moving import follow
from crm.leads.models import Lead
from crm.leads.queries import conversion as queries
from crm.leads.schemas.conversion import (
    ConversionOpportunity,
    ConversionPart,
    ConversionPreview,
    ConvertedRows,
    ConvertLead,
)
from crm.leads.service import conversion_values as values
from crm.leads.service.acts import lock_open_lead
from crm.leads.service.conversion_plan import OPPORTUNITIES_READ, Part, Plan, make_plan
from crm.leads.service.leads import LEAD
from crm.leads.states import LeadStatus
from crm.opportunities.schemas.deals import OpportunityQuery
from crm.opportunities.service.opportunities import OPPORTUNITY, open_opportunity
from records.entities import Record
from records.erasure.errors import PersonIsErased
from records.links import linked
from records.merging.beside import change_tags, move_added, tags_on
from records.reads import View
from records.types import Change, RecordType
from records.writes import create, lock_visible, write
from values.matching import PHONE_TAIL

__all__ = ["compared_by", "convert", "follow_lead", "preview_conversion"]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)

MOST_OPEN = 20


async def preview_conversion(at: Reading, lead_id: UUID, command: ConvertLead) -> ConversionPreview:
    """What a conversion would make, join and fill, and what it would be refused with.

    Raises NotFound, LeadStatusFixed, PersonIsErased, and what `make_plan` raises.
    """
    await LEAD.reads.get(at, lead_id)
    [lead] = await read_all(at, Lead, [lead_id])
    _require_convertible(lead)
    plan = await make_plan(at, lead, command)
    counts = await queries.counts_beside(at.sql, lead_id)
    return ConversionPreview(
        lead_id=lead_id,
        account=_shown(plan.account, values.account_name(lead), _fills(lead, plan, "account")),
        contact=_shown(plan.contact, lead.name, _fills(lead, plan, "contact")),
        opportunity=_shown(
            plan.opportunity, _deal_name(lead, command), _fills(lead, plan, "opportunity")
        ),
        duplicates=list(plan.duplicates),
        open_opportunities=await _open_opportunities(at, plan.account.id),
        follows=[ConvertedRows.model_validate({"what": w, "count": n}) for w, n in counts.items()],
        obstacle=plan.refusal.code if plan.refusal else None,
    )


async def convert(work: Work, lead_id: UUID, command: ConvertLead) -> bool:
    """Convert a lead; False where it was converted before, whatever the answers are now (C2).

    Raises NotFound, Forbidden, PersonIsErased, LeadStatusFixed, DuplicatesUnanswered,
    AccountArchived, OpportunityClosed, what `make_plan` raises, and what making and joining does.
    """
    lead = await lock_open_lead(work, lead_id)
    if lead.status == LeadStatus.CONVERTED:
        return False
    lead.require_next(LeadStatus.CONVERTED)
    await advisory_lock(work, *compared_by([lead]))
    plan = await make_plan(work, lead, command)
    if plan.refusal:
        raise plan.refusal
    account_id = await _account(work, lead, plan)
    contact_id = await _contact(work, lead, plan, account_id)
    people = {"account_id": account_id, "contact_id": contact_id}
    became = {**people, "opportunity_id": await _opportunity(work, lead, plan, command, people)}
    done = {"status": LeadStatus.CONVERTED, "converted_at": work.now, **became}
    await write(work, LEAD, [Change(lead, done)])
    await follow_lead(work, lead)
    return True


def _require_convertible(lead: Lead) -> None:
    """Raises PersonIsErased, LeadStatusFixed."""
    if lead.erased_at is not None:
        raise PersonIsErased(entity=LEAD.name, erased_at=lead.erased_at)
    lead.require_next(LeadStatus.CONVERTED)


def compared_by(leads: Sequence[Lead]) -> list[str]:
    """Names of locks: of two leads of one person, or firm, the second one sees what the first made.

    Where nothing is known of them they have a name of their own.
    """
    return sorted({f"lead conversion {key}" for lead in leads for key in _keys(lead)})


def _keys(lead: Lead) -> list[str]:
    """What duplicates are found by: of telephone numbers the last digits."""
    phone = f"phone {lead.match_phone[-PHONE_TAIL:]}" if lead.match_phone else ""
    keys = (lead.match_email, phone, lead.match_name, str(lead.id))
    return [key for key in keys if key]


def _shown(part: Part, name: str, fills: Sequence[str]) -> ConversionPart:
    shown = part.view.name if part.view else name
    return ConversionPart(
        use=part.use,
        id=part.id,
        name="" if part.use == "none" else shown,
        fills=sorted(fills),
    )


def _fills(lead: Lead, plan: Plan, name: str) -> list[str]:
    """The fields of an existing record that the lead would fill, by their names."""
    if name == "account" and plan.account.view:
        return list(values.fills_of_account(lead, plan.account.view))
    if name == "contact" and plan.contact.view:
        return list(values.fills_of_contact(lead, plan.contact.view))
    if name == "opportunity" and plan.opportunity.view:
        ids = {"account_id": plan.account.id, "contact_id": plan.contact.id}
        return list(values.fills_of_opportunity(lead, plan.opportunity.view, **ids))
    return []


def _deal_name(lead: Lead, command: ConvertLead) -> str:
    given = command.opportunity.given() if command.opportunity else {}
    return str(given.get("name", values.account_name(lead)))


async def _open_opportunities(at: Reading, account_id: UUID | None) -> list[ConversionOpportunity]:
    if account_id is None or not at.actor.may(OPPORTUNITIES_READ):
        return []
    wanted = OpportunityQuery(account_id=account_id, state="open")
    page = await OPPORTUNITY.reads.page(at, wanted, PageQuery(limit=MOST_OPEN))
    return [ConversionOpportunity.model_validate(one.model_dump()) for one in page.items]


async def _account(work: Work, lead: Lead, plan: Plan) -> UUID | None:
    if plan.account.use == "none":
        return None
    if plan.account.id is None:
        command = values.new_account(lead, with_contact=plan.contact.use != "none")
        return await create(work, ACCOUNT, command)
    account = await _locked(work, ACCOUNT, plan.account.id)
    fills = values.fills_of_account(lead, account)
    leader = ACCOUNT.leader
    if leader and await linked(work, ACCOUNT.name, [account.id], system=leader.system):
        fills = {name: one for name, one in fills.items() if name not in leader.fields}
    await write(work, ACCOUNT, [Change(account, fills)])
    return account.id


async def _contact(work: Work, lead: Lead, plan: Plan, account_id: UUID | None) -> UUID | None:
    if plan.contact.use == "none" or account_id is None:
        return None
    if plan.contact.id is None:
        is_first = plan.account.use == "new"
        return await create(work, CONTACT, values.new_contact(lead, account_id, primary=is_first))
    contact = await _locked(work, CONTACT, plan.contact.id)
    await write(work, CONTACT, [Change(contact, values.fills_of_contact(lead, contact))])
    return contact.id


async def _opportunity(
    work: Work, lead: Lead, plan: Plan, command: ConvertLead, people: Mapping[str, UUID | None]
) -> UUID | None:
    if plan.opportunity.use == "none":
        return None
    if plan.opportunity.id is None:
        opened = values.new_opportunity(lead, command.opportunity, **people)
        return await open_opportunity(work, opened)
    deal = await _locked(work, OPPORTUNITY, plan.opportunity.id)
    fills = values.fills_of_opportunity(lead, deal, **people)
    await write(work, OPPORTUNITY, [Change(deal, fills)])
    return deal.id


async def _locked(work: Work, kind: RecordType[E, V], record_id: UUID) -> E:
    """The existing record, locked. Raises MissingReference, Forbidden, RecordMerged."""
    try:
        return (await lock_visible(work, kind, [record_id]))[record_id]
    except NotFound as gone:
        raise MissingReference(entity=kind.name, reference=record_id) from gone


async def follow_lead(work: Work, lead: Lead) -> None:
    """Let what stands at the lead go to the person, or else to the account or opportunity (C5).

    Activities are those of all three; notes and files stand at one, and are erased with it.
    """
    became = {
        "contact": lead.contact_id,
        "account": lead.account_id,
        "opportunity": lead.opportunity_id,
    }
    named = [(name, one) for name, one in became.items() if one]
    main, also = named[0], [one for one in named[1:] if one[0] != ACCOUNT.name]
    await follow(work, (LEAD.name, lead.id), main=main, also=also, contact_id=lead.contact_id)
    await move_added(work, LEAD, lead.id, to=main)
    tags = await tags_on(work, LEAD.name, lead.id)
    for name, one in [main, *also]:
        await change_tags(work, name, one, put=tags)
