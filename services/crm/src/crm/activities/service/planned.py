"""What a user has planned, for calendars."""

from datetime import datetime
from uuid import UUID

from chassis.storage.reading import Reading
from crm.activities.queries.reading import ACTIVITIES, ids_planned
from crm.activities.schemas import ActivityView

__all__ = ["planned_of"]


async def planned_of(
    at: Reading, user_id: UUID, begin: datetime, end: datetime, *, limit: int
) -> list[ActivityView]:
    """The calls, meetings and tasks of a user, by id, that the actor may see.

    Own ones and those in which the user takes part, due or begun in the time; without a time there
    is no place in a calendar. Of too many those that lie ahead come first, then the latest.
    """
    ids = await ids_planned(at.sql, user_id, (begin, at.now, end), limit)
    return await ACTIVITIES.get_all(at, ids)
