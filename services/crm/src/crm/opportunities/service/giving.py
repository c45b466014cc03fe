"""Open deals are given to others when their owner leaves."""

from collections.abc import Mapping
from uuid import UUID

from chassis.work.unit_of_work import Work
from crm.open_work import OpenWork
from crm.opportunities.service.opportunities import OPPORTUNITY
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["OPEN"]


async def _give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give deals to users, by deal; with history and events. Raises NotFound, Forbidden."""
    deals = await lock_visible(work, OPPORTUNITY, list(owners))
    await write(
        work, OPPORTUNITY, [Change(one, {"owner_id": owners[one.id]}) for one in deals.values()]
    )


OPEN = OpenWork(
    type="opportunity",
    table="opportunity",
    is_open="status = 'active' and state = 'open'",
    give=_give,
)
"""Deals that are neither won, lost nor archived are what a user has open."""
