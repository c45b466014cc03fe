"""The undo of a merge: both records are there again; what others changed since stays as it is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from chassis.problems.standard import Forbidden
from chassis.work.unit_of_work import Work
from chassis.work.ways import Way
from records.merging import beside
from records.merging.catalogue import Reference, references_to
from records.merging.choosing import fields_of_views, merging_of, values_of
from records.merging.errors import MergeErased, MergeExpired, MergeNotUndoable
from records.merging.listing import get_merge
from records.merging.moving import Moved, Pair, move_back, put_back
from records.merging.schemas import KeptRow, MergeView
from records.merging.service import COLUMNS, lock_pair, publish_unchanged, published, show_merge
from records.merging.within import put_within
from records.paths import RecordPaths
from records.redirects import winner_of
from records.settings import record_settings
from records.types import Change, RecordType
from records.writes import lock_visible, write

__all__ = ["forget_old", "undo"]

_LOCK = f"select {COLUMNS}, snapshot from record_merge where id = $1 for update"
_FORGET = """update record_merge set snapshot = null
  where snapshot is not null and (undone_at is not null or merged_at < $1)"""
_UNDONE = f"""update record_merge set undone_at = $2, undone_by = $3, undone_by_name = $4,
    snapshot = null, version = version + 1 where id = $1 returning {COLUMNS}"""
_KEPT = f"update record_merge set kept = $2 where id = $1 returning {COLUMNS}"


async def forget_old(work: Work, _payload: Mapping[str, Any]) -> None:
    """Delete what undos need of merges whose days are over."""
    days = timedelta(days=record_settings(work).merge_undo_days)
    await work.sql.execute(_FORGET, work.now - days)


async def undo(work: Work, types: Mapping[str, RecordPaths], merge_id: UUID) -> MergeView:
    """Make two records of the one again. Where it was undone before, nothing more is done.

    Raises NotFound, Forbidden, MergeExpired, MergeErased, MergeNotUndoable, and what a change of
    the records raises.
    """
    seen = await get_merge(work, types, merge_id)
    of = types[seen.record_type]
    if not work.actor.may(of.write):
        raise Forbidden(scope=of.write)
    await lock_pair(work, seen.record_type, seen.winner_id, seen.loser_id)
    row: Any = await work.sql.fetchrow(_LOCK, merge_id)
    if row["undone_at"] is not None:
        return show_merge(work, _without_snapshot(row))
    assert of.kind is not None  # noqa: S101 - only record types are merged
    pair = Pair(of.kind, seen.winner_id, seen.loser_id)
    await _require_undoable(work, pair, row)
    work.own_way = Way.MERGE
    act = (work.now, work.actor.reference, work.actor.name)
    await work.sql.fetchrow(_UNDONE, merge_id, *act)
    kept = await _part(work, pair, row["snapshot"])
    values = orjson.dumps([one.model_dump() for one in kept]).decode()
    undone: Any = await work.sql.fetchrow(_KEPT, merge_id, values)
    view = show_merge(work, undone)
    await work.record(published(view, ["undone_at"]))
    return view


async def _require_undoable(work: Work, pair: Pair, row: Mapping[str, Any]) -> None:
    """Raise what is in the way of the undo."""
    days = record_settings(work).merge_undo_days
    if work.now > row["merged_at"] + timedelta(days=days):
        raise MergeExpired(days=days, merged_at=row["merged_at"])
    if row["snapshot"] is None:
        raise MergeErased
    into = await winner_of(work, pair.kind.name, pair.winner_id)
    if into is not None:
        reason = f"{pair.winner_id} was merged into {into}: undo that first"
        raise MergeNotUndoable(reason=reason)


async def _part(work: Work, pair: Pair, snapshot: Mapping[str, Any]) -> list[KeptRow]:
    """Restore the loser and all that named it; what was left as it is now."""
    kind = pair.kind
    kept = await _restore_fields(work, pair, snapshot["fields"])
    if await put_back(work.sql, kind.name, [snapshot["row"]]) == 0:
        raise MergeNotUndoable(reason=f"{kind.name} {pair.loser_id}: a key of it is taken")
    known = {(one.table, one.column): one for one in await references_to(work.sql, kind.name)}
    for one in snapshot["moved"]:
        kept += await _bring_back(work, pair, known, Moved(**one))
    for move in snapshot["custom"]:
        done = await beside.refer(
            work, pair, beside.CustomMove(**move), to=pair.loser_id, of=pair.winner_id
        )
        kept += _left(move["record_type"], len(move["ids"]) - len(done))
    for name, count in (await put_within(work, pair, snapshot.get("within", {}))).items():
        kept += _left(name, count)
    added, theirs = ([UUID(one) for one in snapshot[name]] for name in ("tags_added", "tags"))
    await beside.change_tags(work, kind.name, pair.winner_id, take=added)
    await beside.change_tags(work, kind.name, pair.loser_id, put=theirs)
    follows = await merging_of(kind).follows(work, pair.winner_id)
    if follows:
        winner = (await lock_visible(work, kind, [pair.winner_id]))[pair.winner_id]
        await write(work, kind, [Change(winner, follows)])
    loser = (await lock_visible(work, kind, [pair.loser_id]))[pair.loser_id]
    change: Change[Any] = Change(loser, dict(snapshot["put_away"]))
    await write(work, kind, [change])
    if not change.before:
        await publish_unchanged(work, kind, loser)
    return kept


async def _bring_back(
    work: Work, pair: Pair, known: Mapping[tuple[str, str], Reference], moved: Moved
) -> list[KeptRow]:
    reference = known.get((moved.table, moved.column))
    if reference is None:
        return _left(moved.table, len(moved.keys) + len(moved.removed))
    _, elsewhere = await move_back(work, pair, reference, moved)
    again = await put_back(work.sql, moved.table, moved.removed)
    return _left(moved.table, elsewhere) + _left(moved.table, len(moved.removed) - again, "taken")


def _left(what: str, count: int, code: str = "gone") -> list[KeptRow]:
    return [KeptRow(what=what, code=code, count=count)] if count else []


async def _restore_fields(
    work: Work, pair: Pair, fields: Sequence[Mapping[str, Any]]
) -> list[KeptRow]:
    """Give the winner's fields the values before, unless somebody changed them since."""
    kind: RecordType[Any, Any] = pair.kind
    winner = (await lock_visible(work, kind, [pair.winner_id]))[pair.winner_id]
    view: Any = await kind.reads.get(work, pair.winner_id)
    now = fields_of_views(merging_of(kind), view.model_dump(mode="json"))
    mine = [one for one in fields if now.get(one["field"]) == one["after"]]
    if mine:
        values = values_of(kind, {one["field"]: one["before"] for one in mine})
        await write(work, kind, [Change(winner, values)])
    return [KeptRow(what=one["field"], code="changed_later") for one in fields if one not in mine]


def _without_snapshot(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "snapshot"}
