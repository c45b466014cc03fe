"""Reasons why leads are given up: what is particular about writing them."""

from collections.abc import Sequence

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.leads.errors import LeadReasonTaken
from crm.leads.models import LeadReason
from crm.leads.queries import leads as queries
from crm.leads.schemas.reasons import LeadReasonView
from records.types import Change, RecordType

__all__ = ["LEAD_REASON"]


async def _check(work: Work, changes: Sequence[Change[LeadReason]], _sender: str | None) -> None:
    """Raises LeadReasonTaken."""
    new = [one.record for one in changes if one.is_new]
    if not new:
        return
    await advisory_lock(work, "lead_reason_code")
    taken = await queries.reasons_with_codes(work.sql, [one.code for one in new])
    for one in new:
        existing_id = taken.setdefault(one.code, one.id)
        if existing_id != one.id:
            raise LeadReasonTaken(reason=one.code, existing_id=existing_id)


LEAD_REASON: RecordType[LeadReason, LeadReasonView] = RecordType(
    name="lead_reason",
    entity=LeadReason,
    reads=queries.LEAD_REASONS,
    required=("code", "name"),
    check=_check,
)
"""How reasons are kept. Raises LeadReasonTaken."""
