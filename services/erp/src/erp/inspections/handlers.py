"""What inspections refuse when stock changes."""

from chassis.work.unit_of_work import Work
from erp.inspections.service.returning import require_lots_decided
from erp.stock.events import LotsReleasing

__all__ = ["keep_pending_lots"]


async def keep_pending_lots(work: Work, event: LotsReleasing) -> None:
    """A lot is released, split and merged once it is decided. Raises InspectionPending."""
    await require_lots_decided(work, event.lot_ids)
