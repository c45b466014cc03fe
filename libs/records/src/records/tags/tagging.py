"""Tags are put on records and taken off, one record or many at once.

Who may see and change the records is asked by their `Reads`. Commands say what to put on and what
to take off, so that two people who tag one record at once undo nothing of each other: no version
is asked for, and a repeat changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from records.entities import ARCHIVED
from records.tags.errors import TagArchived, TooManyTags
from records.tags.events import RecordTagsChanged
from records.tags.queries import tags_of
from records.tags.schemas import TAGS_MAX, UsedTag
from records.tags.service import TAGS_LOCK

__all__ = ["Tagging", "tag_records"]

_SHARE = "select pg_advisory_xact_lock_shared(hashtextextended($1, 1))"
_TAGS = """select w.id as asked, t.id, t.name, t.colour, t.sort_key, t.status
  from tag w join tag t on t.id = coalesce(w.merged_into, w.id) where w.id = any($1::uuid[])"""
_LOCK = """insert into record_tags (id, record_type, record_id)
  select n.id, $1, n.record_id from unnest($2::uuid[], $3::uuid[]) as n(id, record_id)
   order by n.record_id
  on conflict (record_type, record_id) do update set version = record_tags.version
  returning id, record_id, version"""


class _Use(NamedTuple):
    """A tag on a record."""

    record_id: UUID
    tag_id: UUID


class _Change(NamedTuple):
    """What changed of the tags of one record; ids as the text of an array."""

    id: UUID
    record_id: UUID
    added: str
    removed: str


class Tagging(NamedTuple):
    """What is put on records, and what is taken off; ids of tags."""

    add: Collection[UUID] = ()
    remove: Collection[UUID] = ()


async def tag_records(
    work: Work, record_type: str, ids: Collection[UUID], tagging: Tagging
) -> Mapping[UUID, bool | Problem]:
    """Change the tags of records; of each whether anything changed, or why it may not be.

    A merged tag stands for the other one. Raises NotFound (tag), TagArchived.
    """
    await work.sql.execute(_SHARE, TAGS_LOCK)
    known = await _known(work, tagging)
    add = {known[one]["id"]: known[one] for one in tagging.add}
    remove = {known[one]["id"] for one in tagging.remove} - add.keys()
    wanted = sorted(set(ids))
    rows = await work.sql.fetch(_LOCK, record_type, [uuid7() for _ in wanted], wanted)
    present = await tags_of(work, record_type, wanted)
    outcomes: dict[UUID, bool | Problem] = {}
    changed: list[tuple[Any, _Change]] = []
    uses: tuple[list[_Use], list[_Use]] = ([], [])
    for row in rows:
        record_id = row["record_id"]
        had = {one.id for one in present[record_id]}
        put_on, taken_off = sorted(add.keys() - had), sorted(remove & had)
        if put_on and len(had) + len(put_on) - len(taken_off) > TAGS_MAX:
            outcomes[record_id] = TooManyTags(limit=TAGS_MAX)
            continue
        outcomes[record_id] = bool(put_on or taken_off)
        if outcomes[record_id]:
            change = _Change(uuid7(), record_id, _array(put_on), _array(taken_off))
            changed.append((row, change))
            uses[0].extend(_Use(record_id, one) for one in put_on)
            uses[1].extend(_Use(record_id, one) for one in taken_off)
    if changed:
        await _write(work, record_type, [change for _, change in changed], uses)
        await _publish(work, record_type, [row for row, _ in changed])
    return outcomes


async def _known(work: Work, tagging: Tagging) -> Mapping[UUID, Any]:
    """The tags by the ids that were given. Raises NotFound, TagArchived (to be put on)."""
    asked = [*tagging.add, *tagging.remove]
    known = {row["asked"]: row for row in await work.sql.fetch(_TAGS, asked)}
    for one in asked:
        if one not in known:
            raise NotFound(entity="tag", id=one)
    for one in tagging.add:
        if known[one]["status"] == ARCHIVED:
            raise TagArchived(name=known[one]["name"])
    return known


async def _write(
    work: Work,
    record_type: str,
    changes: Sequence[_Change],
    uses: tuple[Sequence[_Use], Sequence[_Use]],
) -> None:
    """Store what changed, one statement for all records."""
    bulk = Bulk()
    keys = ("record_id", "tag_id")
    bulk.run(
        "insert into record_tag (record_type, record_id, tag_id)"
        " select {record_type}, n.record_id, n.tag_id from {rows}",
        _Use,
        uses[0],
        *keys,
        record_type=record_type,
    )
    bulk.run(
        "delete from record_tag r using {rows} where r.record_type = {record_type}"
        " and r.record_id = n.record_id and r.tag_id = n.tag_id",
        _Use,
        uses[1],
        *keys,
        record_type=record_type,
    )
    bulk.run(
        "update record_tags k set version = k.version + 1 from {rows}"
        " where k.record_type = {record_type} and k.record_id = n.record_id",
        _Change,
        changes,
        "record_id",
        record_type=record_type,
    )
    act: dict[str, Any] = {"now": work.now, "actor": work.actor.reference}
    act |= {"name": work.actor.name, "way": str(work.way)}
    act |= {"correlation": work.trace.correlation_id}
    # A column of ids that may be null: an import's id, or none.
    imported = str(work.import_id) if work.import_id else ""
    bulk.run(
        "insert into record_tag_change (id, record_type, record_id, changed_at, actor, actor_name,"
        " way, import_id, correlation_id, added, removed)"
        " select n.id, {record_type}, n.record_id, {now}, {actor}, {name}, {way},"
        " nullif({imported}, '')::uuid, {correlation}, n.added::uuid[], n.removed::uuid[]"
        " from {rows}",
        _Change,
        changes,
        *_Change._fields,
        record_type=record_type,
        imported=imported,
        **act,
    )
    await bulk.execute(work.sql)


async def _publish(work: Work, record_type: str, rows: Sequence[Any]) -> None:
    tags = await tags_of(work, record_type, [row["record_id"] for row in rows])
    for row in rows:
        has: list[UsedTag] = tags[row["record_id"]]
        record = (record_type, row["record_id"])
        await work.record(RecordTagsChanged.of(row["id"], row["version"] + 1, record, has))


def _array(ids: Sequence[UUID]) -> str:
    """The ids as PostgreSQL writes an array."""
    return f"{{{','.join(map(str, ids))}}}"
