"""What quotes do on events of approvals."""

from approvals.events import DecisionStarted
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from crm.approvals.states import ApprovalKind
from crm.quotes.models import Quote

__all__ = ["lock_quote_first"]


async def lock_quote_first(work: Work, event: DecisionStarted) -> None:
    """Quotes are locked before their approvals, as sending and changing them do."""
    if event.kind == ApprovalKind.QUOTE:
        await lock(work, Quote, event.subject_id)
