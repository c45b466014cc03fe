"""What inspections refuse when stock changes."""

from chassis.work.unit_of_work import Work
from erp.inspections.queries import inspections as queries
from erp.stock.events import LotsReleasing
from erp.stock.withheld import InspectionPending
from values.decimals import plain

__all__ = ["keep_pending_lots"]


async def keep_pending_lots(work: Work, event: LotsReleasing) -> None:
    """A lot is released, split and merged once it is decided. Raises InspectionPending."""
    for _, number, pending in await queries.pending_of_lots(work.sql, event.lot_ids):
        raise InspectionPending(number=number, pending=plain(pending))
