"""Activities about one record are about another one as well: it was converted, or merged."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.activities.models import Activity
from crm.activities.queries.reading import ids_naming
from crm.activities.service.activities import ACTIVITY, Named
from records.history import keep_change
from records.types import Change

__all__ = ["change_named", "follow"]

CONTACT = "contact"


async def follow(
    work: Work, source: Named, *, main: Named, also: Collection[Named], contact_id: UUID | None
) -> int:
    """Let all activities that name a record name others as well; how many there were.

    Those about it are about `main` from then on, and are seen with that; the record stays among
    those related. `contact_id` takes part in those that were about it.
    """
    ids = await ids_naming(work.sql, *source)
    found = await lock_all(work, Activity, ids) if ids else {}
    values: dict[UUID, dict[str, Any]] = {}
    for one in found.values():
        is_about = (one.record_type, one.record_id) == source
        about = main if is_about else (one.record_type, one.record_id)
        named = {**dict.fromkeys(_related(one)), source: None, main: None, **dict.fromkeys(also)}
        people = [*one.contact_ids, *([contact_id] if contact_id and is_about else [])]
        values[one.id] = {
            "record_type": about[0],
            "record_id": about[1],
            "related": _listed(record for record in named if record != about),
            "contact_ids": list(dict.fromkeys(people)),
        }
    await change_named(work, found, values)
    return len(found)


async def change_named(
    work: Work, found: Mapping[UUID, Activity], values: Mapping[UUID, Mapping[str, Any]]
) -> None:
    """Change what locked activities name. The ETag stays: nobody edited anything."""
    changes = []
    for one in found.values():
        before = one.apply(values[one.id])
        if before:
            one.touch(work.now, edited=False)
            changes.append(Change(one, values[one.id], before=before))
    await work.flush()
    for change in changes:
        keep_change(work, ACTIVITY.name, change.record, change.before)
    if changes:
        await ACTIVITY.publish(work, changes)


def _related(activity: Activity) -> list[Named]:
    return [(one["record_type"], UUID(one["record_id"])) for one in activity.related]


def _listed(records: Iterable[Named]) -> list[dict[str, str]]:
    return [{"record_type": name, "record_id": str(one)} for name, one in records]
