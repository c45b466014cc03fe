"""Leads that become one: which may, what neither decides alone, and what follows from touches."""

from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.service.merging import consent_of_both
from crm.leads.errors import ConvertedLeadMustWin
from crm.leads.queries import touches
from crm.leads.schemas.leads import ChangeLead
from crm.leads.states import LeadStatus
from records.entities import Values
from records.types import Json, Merging, StepsBack

__all__ = ["LEAD_MERGING"]


async def _require_open_loser(_at: Reading, _winner: Json, loser: Json) -> None:
    """A converted lead stays what it is; another one may be merged into it."""
    if loser["status"] == LeadStatus.CONVERTED:
        raise ConvertedLeadMustWin(lead=loser["id"])


async def _consent(at: Reading, winner: Json, loser: Json) -> Json:
    return {"consent": await consent_of_both(at, "lead", winner, loser)}


async def _touched(work: Work, lead_id: UUID) -> Values:
    """What the lead says of its touches, as they are now: the first one, and when the last was."""
    return await touches.settle_first(work.sql, lead_id)


LEAD_MERGING = Merging(
    change=ChangeLead,
    rule=_consent,
    require=_require_open_loser,
    refuses=(ConvertedLeadMustWin,),
    follows=_touched,
    put_away={},
    steps_back={"uq_lead_touch_first": StepsBack("is_first", "first")},
)
"""How two leads become one. The winner's first touch stays the first; if it has none, the loser's
is."""
