"""Open contracts are given to others when their owner leaves."""

from collections.abc import Mapping
from uuid import UUID

from chassis.work.unit_of_work import Work
from crm.contracts.service.contracts import CONTRACT
from crm.open_work import OpenWork
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["OPEN"]


async def _give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give contracts to users, by contract; with history and events. Raises NotFound, Forbidden."""
    found = await lock_visible(work, CONTRACT, list(owners))
    await write(
        work, CONTRACT, [Change(one, {"owner_id": owners[one.id]}) for one in found.values()]
    )


OPEN = OpenWork(
    type="contract",
    table="contract",
    is_open="status = 'active' and state in ('draft', 'sent', 'signed')",
    give=_give,
)
"""Contracts that are neither ended, void nor archived are what a user has open."""
