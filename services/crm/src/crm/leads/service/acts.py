"""What is done with leads: worked on, qualified, given up, taken up again, touched."""

from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.leads.models import Lead, LeadTouch
from crm.leads.queries import leads as queries
from crm.leads.queries import touches
from crm.leads.schemas.leads import (
    TOUCH_FIELDS,
    AddLeadTouch,
    DisqualifyLead,
    LeadTouchView,
)
from crm.leads.service.leads import LEAD
from crm.leads.states import LeadStatus
from records.entities import ACTIVE
from records.erasure.errors import PersonIsErased
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["add_touch", "advance", "disqualify", "lead_touches", "lock_open_lead"]


async def advance(work: Work, lead_id: UUID, wanted: LeadStatus) -> None:
    """Bring a lead into another status; nothing is done where it is there already.

    Raises NotFound, Forbidden, PersonIsErased, LeadStatusFixed.
    """
    lead = await lock_open_lead(work, lead_id)
    if lead.status == wanted:
        return
    lead.require_next(wanted)
    await write(work, LEAD, [Change(lead, {"status": wanted, "reason": None})])


async def disqualify(work: Work, lead_id: UUID, command: DisqualifyLead) -> None:
    """Give a lead up. Another reason for one that was given up replaces the first.

    Raises NotFound, Forbidden, PersonIsErased, LeadStatusFixed, MissingReference (reason),
    InvalidInput (an archived reason).
    """
    lead = await lock_open_lead(work, lead_id)
    if lead.status != LeadStatus.DISQUALIFIED:
        lead.require_next(LeadStatus.DISQUALIFIED)
    await _require_reason(work, command.reason)
    values = {"status": LeadStatus.DISQUALIFIED, "reason": command.reason}
    await write(work, LEAD, [Change(lead, values)])


async def add_touch(work: Work, lead_id: UUID, command: AddLeadTouch) -> LeadTouchView:
    """Note one more way in which the lead came to us. Raises NotFound, Forbidden, PersonIsErased.

    The first one that is noted stays the first, whatever time a later one names.
    """
    lead = await lock_open_lead(work, lead_id)
    said = {name: getattr(command, name) or "" for name in TOUCH_FIELDS}
    at, is_first = command.at or work.now, lead.last_touch_at is None
    if at > work.now:
        message = "A touch lies in the past."
        raise InvalidInput(errors=[FieldError("/at", "in_the_future", message)])
    touch = LeadTouch(
        id=uuid7(), lead_id=lead_id, **said, touched_at=at, is_first=is_first, created_at=work.now
    )
    values: dict[str, Any] = {"last_touch_at": max(at, lead.last_touch_at or at)}
    if is_first:
        values |= {"source": said["source"], "campaign": said["campaign"]}
    lead.new_touch = touch
    if not any(await write(work, LEAD, [Change(lead, values)])):
        await touches.insert_touches(work.sql, [touch])
        lead.new_touch = None
    return await touches.touch_of(work.sql, touch.id)


async def lead_touches(at: Reading, lead_id: UUID, asked: PageQuery) -> Page[LeadTouchView]:
    """How a lead came to us, the last way first. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    return await touches.touches_of(at.sql, lead_id, asked)


async def lock_open_lead(work: Work, lead_id: UUID) -> Lead:
    """The lead, nobody else's until the act ends. Raises NotFound, Forbidden, PersonIsErased."""
    lead = (await lock_visible(work, LEAD, [lead_id]))[lead_id]
    if lead.erased_at is not None:
        raise PersonIsErased(entity=LEAD.name, erased_at=lead.erased_at)
    return lead


async def _require_reason(work: Work, code: str) -> None:
    status = await queries.reason_status(work.sql, code)
    if status is None:
        raise MissingReference(entity="lead_reason", reference=code)
    if status != ACTIVE:
        message = "This reason is archived. Choose another one."
        raise InvalidInput(errors=[FieldError("/reason", "reason_archived", message)])
