"""Open activities are given to others when their owner leaves."""

from collections.abc import Mapping
from uuid import UUID

from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.activities.models import Activity
from crm.activities.service.activities import ACTIVITY
from crm.open_work import OpenWork
from records.types import Change
from records.writes import write

__all__ = ["OPEN"]


async def _give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give activities to users, by activity; with history and events. Raises NotFound."""
    found = await lock_all(work, Activity, list(owners))
    await write(
        work, ACTIVITY, [Change(one, {"owner_id": owners[one.id]}) for one in found.values()]
    )


OPEN = OpenWork(type="activity", table="activity", is_open="state = 'open'", give=_give)
"""What is still to be done is what a user has open; who else takes part stays."""
