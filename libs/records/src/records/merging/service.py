"""Merging: two records of a type become one, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import Forbidden, InvalidInput, StaleRevision
from chassis.storage import external
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from chassis.work.ways import Way
from records.entities import Record
from records.links import RESERVED_SYSTEMS
from records.merging import beside
from records.merging.catalogue import Reference, references_to
from records.merging.choosing import differences, merging_of, values_of
from records.merging.errors import LinkedRecordMustWin, LinkedTwice, MergeKeysCollide
from records.merging.events import MergeChanged
from records.merging.moving import Moved, Pair, collides, counts_of, move_all
from records.merging.schemas import (
    MergedField,
    MergePreview,
    MergePreviewQuery,
    MergeQuery,
    MergeRecords,
    MergeView,
    MovedRows,
)
from records.merging.within import counts_within, move_within, shown_within
from records.paths import RecordPaths
from records.redirects import RecordMerged, winner_of
from records.settings import record_settings
from records.types import Change, RecordType
from records.writes import lock_visible, write

__all__ = [
    "COLUMNS",
    "filters",
    "lock_pair",
    "merge",
    "merge_states",
    "preview",
    "publish_unchanged",
    "published",
    "show_merge",
]

LINKS = "external_reference"
MERGED_INTO = "merged_into"
"""What the last event of the loser says, where events of the type have it."""


def filters(_at: Reading, query: MergeQuery) -> Sequence[Filter]:
    """The conditions of a list of merges."""
    return [
        Filter("record_type = {}", query.record_type),
        Filter("{} in (winner_id, loser_id)", query.record_id),
        Filter("(undone_at is not null) = {}", query.undone),
    ]


def show_merge(at: Reading, row: Mapping[str, Any]) -> MergeView:
    """A merge as callers see it: until when it is undoable follows from the setting."""
    values = dict(row)
    days = timedelta(days=record_settings(at).merge_undo_days)
    until = values["merged_at"] + days if values.pop("has_snapshot") else None
    return MergeView.model_validate(values | {"undoable_until": until})


COLUMNS = """id, record_type, winner_id, loser_id, merged_at, actor, actor_name, moved, undone_at,
  kept, snapshot is not null and undone_at is null as has_snapshot, version,
  version as revision"""
_ACTIVE = f"""select {COLUMNS} from record_merge
  where record_type = $1 and loser_id = $2 and undone_at is null"""
_ADD = f"""insert into record_merge (id, record_type, winner_id, loser_id, merged_at, actor,
    actor_name, moved, snapshot)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {COLUMNS}"""
_LOCK_LINKS = """select from external_reference where entity_type = $1
  and entity_id = any($2::uuid[]) order by system, external_id for update"""


async def merge_states(at: Reading, ids: Sequence[UUID]) -> list[MergeChanged]:
    """What is published of merges, as they are now."""
    sql = f"select {COLUMNS} from record_merge where id = any($1::uuid[])"
    rows = await at.sql.fetch(sql, list(ids))
    return [published(show_merge(at, row), []) for row in rows]


def published(view: MergeView, changed: Sequence[str]) -> MergeChanged:
    """The event of a merge as it is now."""
    names = MergeChanged.model_fields.keys() & MergeView.model_fields.keys()
    return MergeChanged(**{name: getattr(view, name) for name in names}, changed=sorted(changed))


async def preview(
    at: Reading, of: RecordPaths, winner_id: UUID, wanted: MergePreviewQuery
) -> MergePreview:
    """What a merge would do: fields, rows by table, and what it would be refused with.

    Raises NotFound, InvalidInput.
    """
    kind = _kind(of)
    _require_two(winner_id, wanted.loser_id)
    pair = Pair(kind, winner_id, wanted.loser_id)
    fields = await differences(at, kind, winner_id, wanted.loser_id, wanted.fields)
    loser = await kind.reads.get(at, wanted.loser_id)
    references = await _references(at, kind)
    moves = [*await counts_of(at, pair, references), *await beside.counts_beside(at, pair)]
    moves += await counts_within(at, pair)
    obstacle = await _obstacle(at, pair, references)
    return MergePreview(
        winner_id=winner_id,
        loser_id=wanted.loser_id,
        loser_version=loser.version,
        fields=fields,
        moves=sorted(moves, key=lambda one: (one.table, one.column)),
        obstacle=obstacle.code if obstacle else None,
    )


async def merge(
    work: Work, of: RecordPaths, winner_id: UUID, command: MergeRecords, *, revision: int
) -> MergeView:
    """Make one record of the two. Where they were merged so before, nothing more is done.

    Raises NotFound, Forbidden, StaleRevision (of either), RecordMerged (either is another one
    now), LinkedTwice, LinkedRecordMustWin, MergeKeysCollide, InvalidInput, and what a change of
    the winner raises.
    """
    kind = _kind(of)
    if not work.actor.may(of.write):
        raise Forbidden(scope=of.write)
    _require_two(winner_id, command.loser_id)
    pair = Pair(kind, winner_id, command.loser_id)
    await lock_pair(work, kind.name, winner_id, command.loser_id)
    before = await _merged_before(work, pair)
    if before is not None:
        return before
    work.own_way = Way.MERGE
    winner, loser = await _lock_both(work, pair)
    _require_revision(winner, revision)
    _require_revision(loser, command.loser_version)
    references = await _references(work, kind)
    await _require_mergeable(work, pair)
    fields = await differences(work, kind, winner_id, loser.id, command.fields)
    values = {one.field: one.after for one in fields if one.after != one.winner}
    written = values_of(kind, values) if values else {}
    snapshot, moved = await _join(work, pair, loser, references)
    written = {**written, **await merging_of(kind).follows(work, winner_id)}
    if written:
        [winner] = (await lock_visible(work, kind, [winner_id])).values()
        await write(work, kind, [Change(winner, written)])
    snapshot["fields"] = [_kept(one) for one in fields if one.field in values]
    return await _record(work, pair, snapshot, moved)


async def lock_pair(work: Work, record_type: str, *ids: UUID) -> None:
    """Wait until no other merge has one of the records, and nobody writes rows of them."""
    await advisory_lock(work, *sorted(f"merge {record_type}{one}" for one in ids))


async def _merged_before(work: Work, pair: Pair) -> MergeView | None:
    """The merge of just these two, if there is one. Raises RecordMerged for any other one."""
    row = await work.sql.fetchrow(_ACTIVE, pair.kind.name, pair.loser_id)
    if row is None:
        return None
    into = await winner_of(work, pair.kind.name, pair.loser_id)
    await pair.kind.reads.require(work, into or pair.loser_id)
    if row["winner_id"] != pair.winner_id:
        raise RecordMerged(entity=pair.kind.name, id=pair.loser_id, into_id=into)
    return show_merge(work, row)


async def _lock_both(work: Work, pair: Pair) -> tuple[Any, Any]:
    """Both records, nobody else's until the act ends: nothing new is made that names them."""
    kind, ids = pair.kind, sorted([pair.winner_id, pair.loser_id])
    rows = f"select from {kind.name} where id = any($1::uuid[]) order by id for update"
    await work.sql.execute(_LOCK_LINKS, kind.name, ids)
    if kind.lock is None:
        await work.sql.execute(rows, ids)
    found = await lock_visible(work, kind, ids)
    await work.sql.execute(rows, ids)
    return found[pair.winner_id], found[pair.loser_id]


async def _join(
    work: Work, pair: Pair, loser: Record, references: Sequence[Reference]
) -> tuple[dict[str, Any], list[MovedRows]]:
    """Put the loser away and let all that names it name the winner; what an undo needs of it."""
    kind = pair.kind
    change: Change[Any] = Change(loser, dict(merging_of(kind).put_away))
    setattr(loser, MERGED_INTO, pair.winner_id)
    await write(work, kind, [change])
    if not change.before:
        # Archived before: whoever follows its events learns all the same what became of it.
        await publish_unchanged(work, kind, loser)
    moved = await move_all(work, pair, references)
    within = await move_within(work, pair)
    custom = await beside.move_custom(work, pair)
    theirs = await beside.tags_on(work, kind.name, pair.loser_id)
    added = await beside.change_tags(work, kind.name, pair.winner_id, put=theirs)
    await beside.change_tags(work, kind.name, pair.loser_id, take=theirs)
    sql = f"select to_jsonb(r) from {kind.name} r where id = $1"
    row = await work.sql.fetchval(sql, pair.loser_id)
    work.session.expunge(loser)
    await work.sql.execute("delete from custom_order where record_id = $1", pair.loser_id)
    # Whatever still names it by a foreign key would keep the row: then all is refused.
    await work.sql.execute(f"delete from {kind.name} where id = $1", pair.loser_id)
    snapshot = {
        "row": row,
        "put_away": change.before,
        "moved": [asdict(one) for one in moved],
        "custom": [asdict(one) for one in custom],
        "within": within,
        "tags": theirs,
        "tags_added": added,
    }
    rows = [*_shown(moved, custom, theirs, added), *shown_within(pair, within)]
    return snapshot, sorted(rows, key=lambda one: (one.table, one.column))


async def publish_unchanged(work: Work, kind: RecordType[Any, Any], loser: Record) -> None:
    """Publish that the record is another one now, or no more, where none of its fields changed."""
    loser.touch(work.now)
    await work.flush()
    await kind.publish(work, [Change(loser, {}, before={MERGED_INTO: None})])


def _shown(
    moved: Sequence[Moved],
    custom: Sequence[beside.CustomMove],
    theirs: Sequence[UUID],
    added: Sequence[UUID],
) -> list[MovedRows]:
    rows = [one.shown for one in moved]
    rows += [
        MovedRows(table=one.record_type, column=f"custom.{one.key}", count=len(one.ids))
        for one in custom
    ]
    if theirs:
        both = len(theirs) - len(added)
        rows.append(
            MovedRows(table="record_tag", column="record_id", count=len(added), removed=both)
        )
    return rows


async def _record(
    work: Work, pair: Pair, snapshot: Mapping[str, Any], moved: Sequence[MovedRows]
) -> MergeView:
    row: Any = await work.sql.fetchrow(
        _ADD,
        uuid7(),
        *pair.values,
        work.now,
        work.actor.reference,
        work.actor.name,
        orjson.dumps([one.model_dump() for one in moved]).decode(),
        orjson.dumps(snapshot, default=str).decode(),
    )
    view = show_merge(work, row)
    await work.record(published(view, ["loser_id", "merged_at", "record_type", "winner_id"]))
    return view


def _kept(one: MergedField) -> dict[str, Any]:
    """What an undo needs of a field of the winner."""
    return {"field": one.field, "before": one.winner, "after": one.after}


async def _references(at: Reading, kind: RecordType[Any, Any]) -> list[Reference]:
    """Where rows name records of the type; what is searched of them follows them by itself."""
    found = await references_to(at.sql, kind.name)
    return [one for one in found if one.table != f"{kind.name}_search"]


async def _obstacle(at: Reading, pair: Pair, references: Sequence[Reference]) -> Problem | None:
    """What a merge would be refused with, as far as it shows before."""
    try:
        await _require_mergeable(at, pair)
    except Problem as refused:
        return refused
    steps_back = merging_of(pair.kind).steps_back
    for one in references:
        for unique in one.uniques:
            if unique.is_key or unique.name in steps_back or one.table == LINKS:
                continue
            if await collides(at, pair, one, unique):
                return MergeKeysCollide(table=one.table, constraint=unique.name)
    return None


async def _require_mergeable(at: Reading, pair: Pair) -> None:
    """Raise what is in the way: the type's own rule, or links to other systems."""
    winner, loser = [
        (await pair.kind.reads.get(at, one)).model_dump(mode="json")
        for one in (pair.winner_id, pair.loser_id)
    ]
    await merging_of(pair.kind).require(at, winner, loser)
    await _require_linkable(at, pair)


async def _require_linkable(at: Reading, pair: Pair) -> None:
    """Raise LinkedTwice or LinkedRecordMustWin where links to other systems are in the way."""
    kind = pair.kind
    links = await external.references_of(at.sql, kind.name, [pair.winner_id, pair.loser_id])
    mine = {one.system for one in links.get(pair.winner_id, ())}
    theirs = {one.system for one in links.get(pair.loser_id, ())}
    if mine & theirs:
        raise LinkedTwice(systems=", ".join(sorted(mine & theirs)))
    halves = theirs & RESERVED_SYSTEMS
    if halves:
        systems = ", ".join(sorted(halves))
        raise LinkedRecordMustWin(entity=kind.name, id=pair.loser_id, systems=systems)


def _require_two(winner_id: UUID, loser_id: UUID) -> None:
    if winner_id == loser_id:
        text = "A record cannot be merged into itself."
        raise InvalidInput(errors=[FieldError("/loser_id", "record_into_itself", text)])


def _require_revision(record: Any, revision: int) -> None:
    if revision != record.etag_version:
        raise StaleRevision(expected=revision, current=record.etag_version)


def _kind(of: RecordPaths) -> RecordType[Any, Any]:
    assert of.kind is not None  # noqa: S101 - only record types are merged
    return of.kind
