"""Activities about one record are about another one as well: it was converted, or merged."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all, lock_found
from chassis.work.unit_of_work import Work
from crm.activities.models import Activity
from crm.activities.queries.reading import ids_naming, ids_naming_within
from crm.activities.service.activities import ACTIVITY, Named
from records.history import keep_change
from records.merging.moving import Pair
from records.merging.within import NamedWithin
from records.types import Change

__all__ = ["NAMED_WITHIN", "change_named", "follow"]

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
        ids = [UUID(str(person)) for person in values[one.id]["contact_ids"]]
        before = one.apply({**values[one.id], "contact_ids": ids})
        if before:
            one.touch(work.now, edited=False)
            changes.append(Change(one, values[one.id], before=before))
    await work.flush()
    for change in changes:
        keep_change(work, ACTIVITY.name, change.record, change.before)
    if changes:
        await ACTIVITY.publish(work, changes)


async def _count(at: Reading, record_type: str, record_id: UUID) -> int:
    return len(await ids_naming_within(at.sql, record_type, record_id))


async def _move(work: Work, pair: Pair) -> list[dict[str, Any]]:
    """Let activities that are related to the loser, or in which it takes part, name the winner."""
    ids = await ids_naming_within(work.sql, pair.kind.name, pair.loser_id)
    found = await lock_all(work, Activity, ids) if ids else {}
    before = {one.id: _named_by(one) for one in found.values()}
    loser, winner = (pair.kind.name, pair.loser_id), (pair.kind.name, pair.winner_id)
    after = {one: _with(named, loser, winner) for one, named in before.items()}
    await change_named(work, found, after)
    return [{"id": one, "before": before[one], "after": after[one]} for one in found]


async def _move_back(work: Work, pair: Pair, rows: Sequence[Mapping[str, Any]]) -> int:
    """Let them name the loser again; how many name the winner no more."""
    known = {UUID(str(one["id"])): one for one in rows}
    found = await lock_found(work, Activity, list(known))
    loser, winner = (pair.kind.name, pair.loser_id), (pair.kind.name, pair.winner_id)
    values: dict[UUID, Mapping[str, Any]] = {}
    left = len(known) - len(found)
    for one in found.values():
        now, row = _named_by(one), known[one.id]
        if now == row["after"]:
            values[one.id] = row["before"]
            continue
        # Somebody changed it since: only what the merge put there becomes the loser again.
        was_there = _names(row["before"], winner)
        values[one.id] = now if was_there else _with(now, winner, loser)
        left += not _names(values[one.id], loser)
    await change_named(work, found, values)
    return left


def _named_by(activity: Activity) -> dict[str, list[Any]]:
    """What it names beside its main record, as it is kept in a snapshot."""
    return {
        "related": list(activity.related),
        "contact_ids": [str(one) for one in activity.contact_ids],
    }


def _names(named: Mapping[str, Any], record: Named) -> bool:
    return _as_row(record) in named["related"] or (
        record[0] == CONTACT and str(record[1]) in named["contact_ids"]
    )


def _with(named: Mapping[str, Any], one: Named, other: Named) -> dict[str, list[Any]]:
    """The same with one record in place of the other, each once."""
    related = [_as_row(other) if row == _as_row(one) else row for row in named["related"]]
    people = list(named["contact_ids"])
    if one[0] == CONTACT:
        people = [str(other[1]) if row == str(one[1]) else row for row in people]
    unique = {orjson.dumps(row, option=orjson.OPT_SORT_KEYS): row for row in related}
    return {"related": list(unique.values()), "contact_ids": list(dict.fromkeys(people))}


def _as_row(record: Named) -> dict[str, str]:
    return {"record_type": record[0], "record_id": str(record[1])}


NAMED_WITHIN = NamedWithin(
    table="activity", column="related", count=_count, move=_move, move_back=_move_back
)
"""What merges make of activities that name records beside their main one."""


def _related(activity: Activity) -> list[Named]:
    return [(one["record_type"], UUID(one["record_id"])) for one in activity.related]


def _listed(records: Iterable[Named]) -> list[dict[str, str]]:
    return [_as_row(one) for one in records]
