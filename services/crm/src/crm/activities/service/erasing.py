"""Activities about persons who are erased are emptied; what is known of them is handed out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.activities.models import Activity
from crm.activities.queries.reading import count_with, ids_about
from crm.activities.service.activities import ACTIVITY, IN_EVENTS
from records.erasure.outbox import redact_events
from records.erasure.service import erase_added, erase_records, known_of
from records.types import Change

__all__ = ["activities_of_persons", "count_with", "erase_activities"]

Named = tuple[str, UUID]
"""A record: its type and its id."""


async def erase_activities(work: Work, persons: Sequence[Named]) -> Counter[str]:
    """Empty the activities that are about the persons themselves; how much of what.

    They stay with their times, owner and state: that somebody was called tells of nobody then.
    """
    ids = await ids_about(work.sql, persons)
    if not ids:
        return Counter()
    activities = list((await lock_all(work, Activity, ids)).values())
    fresh = [one for one in activities if one.erased_at is None]
    counts = Counter(await erase_records(work, ACTIVITY, activities))
    counts.update(await erase_added(work, ACTIVITY, ids))
    counts["events"] += await redact_events(work.sql, ids, IN_EVENTS)
    changed = dict.fromkeys(sorted(IN_EVENTS))
    await ACTIVITY.publish(work, [Change(one, {}, before=changed) for one in fresh])
    counts["activities"] = counts.pop("records")
    return counts


async def activities_of_persons(
    at: Reading, persons: Sequence[Named]
) -> tuple[dict[str, list[dict[str, Any]]], list[UUID]]:
    """All that is kept of the activities about the persons, by part, and their ids."""
    ids = await ids_about(at.sql, persons)
    return await known_of(at, ACTIVITY, ids) | {"saved_views": []}, ids
