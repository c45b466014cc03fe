"""Paths of leads."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce, ProblemViews
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from chassis.storage.paging import Page
from crm.accounts.errors import AccountArchived
from crm.leads.errors import DuplicatesUnanswered, LeadReasonTaken, LeadStatusFixed
from crm.leads.schemas.conversion import (
    ConversionPreview,
    ConversionReply,
    ConvertLead,
    ConvertLeads,
)
from crm.leads.schemas.duplicates import DismissDuplicate, DuplicatesView
from crm.leads.schemas.leads import (
    AddLeadTouch,
    ChangeLead,
    DisqualifyLead,
    LeadTouchView,
    LeadView,
    NewLead,
    UpsertLead,
)
from crm.leads.schemas.reasons import ChangeLeadReason, NewLeadReason
from crm.leads.service import acts, converting, converting_many, duplicates, erasing
from crm.leads.service.leads import LEAD
from crm.leads.service.reasons import LEAD_REASON
from crm.leads.states import LeadStatus
from crm.opportunities.errors import (
    FieldsRequired,
    LostReasonRequired,
    NoSuchStageKind,
    OpportunityClosed,
    PipelineArchived,
    StageArchived,
    StageOfOtherPipeline,
)
from records.annotations import annotate
from records.erasure.errors import PersonIsErased, PersonSuppressed
from records.erasure.routes import add_person_routes
from records.redirects import RecordMerged
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["lead_person_router", "lead_reason_router", "lead_router"]

READ, WRITE = "leads.read", "leads.write"
Reader = Annotated[Actor, Needs(READ)]
Writer = Annotated[Actor, Needs(WRITE)]

lead_router = api_router(prefix="/v1/leads", tag="leads")
lead = RecordRoutes(
    lead_router,
    LEAD,
    one="lead",
    many="leads",
    read=READ,
    write=WRITE,
    refuses=(MissingReference, PersonIsErased, PersonSuppressed),
)
lead.list("Leads, the newest first; `sort` by created_at, updated_at, name or score.")
lead.create(NewLead, "Take down a lead; a repeat under the same key makes no second one.")
lead.upsert(UpsertLead)
lead.links()
lead.csv(references={"owner_id": USER, "team_id": Reference("team")})
lead.get()
lead.history()
lead.change(ChangeLead)
lead.link()
lead.unlink()
annotate(lead.paths)

_MOVES = refuses(NotFound, LeadStatusFixed, PersonIsErased, RecordMerged)
_ERASED = refuses(NotFound, PersonIsErased, RecordMerged)
_CONVERTS = (NotFound, LeadStatusFixed, PersonIsErased, MissingReference)
_MAKES = (
    DuplicatesUnanswered,
    AccountArchived,
    OpportunityClosed,
    RecordMerged,
    PersonSuppressed,
    FieldsRequired,
    PipelineArchived,
    StageArchived,
    StageOfOtherPipeline,
    NoSuchStageKind,
    LostReasonRequired,
    CurrencyNotSupported,
)
"""What making and joining records may be refused for."""


@lead_router.post("/{lead_id}/work", responses=_MOVES)
async def lead_work(
    lead_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> LeadView:
    """Begin, or go on, to work on the lead."""
    await acts.advance(work, lead_id, LeadStatus.WORKING)
    return await lead.reply(response, work, lead_id)


@lead_router.post("/{lead_id}/qualify", responses=_MOVES)
async def lead_qualify(
    lead_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> LeadView:
    """Say that the lead has a need that we can meet."""
    await acts.advance(work, lead_id, LeadStatus.QUALIFIED)
    return await lead.reply(response, work, lead_id)


@lead_router.post(
    "/{lead_id}/disqualify",
    responses=refuses(NotFound, LeadStatusFixed, PersonIsErased, MissingReference, RecordMerged),
)
async def lead_disqualify(
    lead_id: UUID,
    command: DisqualifyLead,
    _by: Writer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LeadView:
    """Give the lead up, for one of the company's reasons."""
    await acts.disqualify(work, lead_id, command)
    return await lead.reply(response, work, lead_id)


@lead_router.post("/{lead_id}/reopen", responses=_MOVES)
async def lead_reopen(
    lead_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> LeadView:
    """Take up again a lead that was given up."""
    await acts.advance(work, lead_id, LeadStatus.NEW)
    return await lead.reply(response, work, lead_id)


@lead_router.post("/convert-batch", responses=refuses())
async def lead_convert_batch(
    command: ConvertLeads, view_of: ProblemViews, _by: Writer, _once: OnlyOnce, work: InWork
) -> ConversionReply:
    """Convert many leads; each is judged alone, and a refused one leaves the others as they are."""
    return await converting_many.convert_many(work, command, view_of)


@lead_router.post("/{lead_id}/conversion-preview", responses=refuses(*_CONVERTS))
async def lead_conversion_preview(
    lead_id: UUID, command: ConvertLead, _by: Writer, at: InReading
) -> ConversionPreview:
    """What a conversion would make and join, and which records may be the same. Nothing changes."""
    return await converting.preview_conversion(at, lead_id, command)


@lead_router.post("/{lead_id}/convert", responses=refuses(*_CONVERTS, *_MAKES))
async def lead_convert(
    lead_id: UUID,
    command: ConvertLead,
    _by: Writer,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LeadView:
    """Convert the lead: to an account, a contact and an opportunity, each made or joined.

    All of it or nothing. One that was converted before is answered as it is.
    """
    await converting.convert(work, lead_id, command)
    return await lead.reply(response, work, lead_id)


@lead_router.get("/{lead_id}/touches", responses=refuses(NotFound))
async def lead_touch_list(
    lead_id: UUID, _by: Reader, asked: PageAsked, at: InReading
) -> Page[LeadTouchView]:
    """How the lead came to us, the last way first; no touch is ever changed."""
    return await acts.lead_touches(at, lead_id, asked)


@lead_router.post("/{lead_id}/touches", status_code=status.HTTP_201_CREATED, responses=_ERASED)
async def lead_touch_create(
    lead_id: UUID, command: AddLeadTouch, _by: Writer, _once: OnlyOnce, work: InWork
) -> LeadTouchView:
    """Note one more way in which the lead came to us."""
    return await acts.add_touch(work, lead_id, command)


@lead_router.get("/{lead_id}/duplicates", responses=refuses(NotFound))
async def lead_duplicate_list(lead_id: UUID, _by: Reader, at: InReading) -> DuplicatesView:
    """Leads, contacts and accounts that may be of the same person or firm, and why."""
    return await duplicates.duplicates_of(at, lead_id)


@lead_router.post(
    "/{lead_id}/duplicates/dismiss",
    status_code=204,
    responses=refuses(NotFound, MissingReference, RecordMerged),
)
async def lead_duplicate_dismiss(
    lead_id: UUID, command: DismissDuplicate, _by: Writer, _once: OnlyOnce, work: InWork
) -> Response:
    """Say that a record is another one: it is hinted at no more until one of the two changes."""
    await duplicates.dismiss(work, lead_id, command)
    return Response(status_code=204)


lead_person_router = api_router(prefix="/v1/leads", tag="persons")
add_person_routes(
    lead_person_router,
    "lead",
    data=erasing.lead_data,
    erase=erasing.erase_lead,
    data_text="All that is known of the person that a lead is, for the person.",
    erase_text="Erase the person that a lead is, for good; the lead is given up.",
    refuses=(RecordMerged,),
)

lead_reason_router = api_router(prefix="/v1/lead-reasons", tag="leads")
lead_reason = RecordRoutes(
    lead_reason_router,
    LEAD_REASON,
    one="lead reason",
    many="lead reasons",
    read="lead_settings.read",
    write="lead_settings.write",
    refuses=(LeadReasonTaken,),
)
lead_reason.list("Reasons why leads are given up; `sort` by created_at, updated_at or name.")
lead_reason.create(NewLeadReason, "Add a reason why leads are given up.")
lead_reason.csv(key="code")
lead_reason.get()
lead_reason.history()
lead_reason.change(ChangeLeadReason)
lead_reason.archive("Give up no more leads for this reason.", "Use the reason again.")
annotate(lead_reason.paths)
