"""Parts that repairs need: a demand from confirmation on, not only at the finish (E66)."""

from collections.abc import Sequence
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.repairs.models import RepairLine, RepairOrder
from erp.repairs.queries import orders as queries
from erp.stock.lines import DemandLine
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.demand import cancel_demand

__all__ = ["give_up_lines", "reserve_lines"]


async def reserve_lines(work: Work, order: RepairOrder, lines: Sequence[RepairLine]) -> None:
    """Reserve parts; what is not free is waited for, planned and bought.

    Raises NotStocked, FractionOfUnit.
    """
    wanted = [
        DemandLine(one.id, order.id, one.item_id, one.quantity, order.due_on, order.due_on)
        for one in lines
        if one.item_id
    ]
    await allocate_lines(work, wanted)


async def give_up_lines(work: Work, line_ids: Sequence[UUID]) -> None:
    """Want no more of parts than was used: the rest is free for others."""
    await cancel_demand(work, await queries.open_demand(work.sql, line_ids))
