"""What names a record otherwise than by a column: tags, and custom fields that refer to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.document_types import document_types
from records.history import CUSTOM, keep_change
from records.merging.moving import MovedRecord, Pair, publish_states
from records.merging.schemas import MovedRows
from records.tags.queries import record_tags_states
from records.types import RecordType, record_types

__all__ = [
    "CustomMove",
    "change_tags",
    "counts_beside",
    "move_added",
    "move_custom",
    "refer",
    "tags_on",
]

_TAGS_ON = """select tag_id from record_tag where record_type = $1 and record_id = $2
  order by tag_id"""
_COUNT = """insert into record_tags (id, record_type, record_id, version) values ($3, $1, $2, 1)
  on conflict (record_type, record_id) do update set version = record_tags.version + 1
  returning id"""
_PUT = """insert into record_tag (record_type, record_id, tag_id)
  select $1, $2, t from unnest($3::uuid[]) t order by t on conflict do nothing returning tag_id"""
_TAKE = """delete from record_tag where record_type = $1 and record_id = $2
  and tag_id = any($3::uuid[]) returning tag_id"""
_KEEP = """insert into record_tag_change (id, record_type, record_id, changed_at, actor, actor_name,
    way, import_id, correlation_id, added, removed)
  values ($1, $2, $3, $4, $5, $6, $7, null, $8, $9, $10)"""
_FIELDS = """select record_type, key from custom_field
  where kind = 'reference' and refers_to = $1 order by record_type, key"""


async def tags_on(at: Reading, record_type: str, record_id: UUID) -> list[UUID]:
    """Ids of the tags that the record has, archived ones as well."""
    return [row["tag_id"] for row in await at.sql.fetch(_TAGS_ON, record_type, record_id)]


async def change_tags(
    work: Work,
    record_type: str,
    record_id: UUID,
    *,
    put: Sequence[UUID] = (),
    take: Sequence[UUID] = (),
) -> list[UUID]:
    """Put tags on the record, or take them off; those that were not on it before.

    However many it has then: a merge loses none.
    """
    if not put and not take:
        return []
    key = await work.sql.fetchval(_COUNT, record_type, record_id, uuid7())
    added = [row["tag_id"] for row in await work.sql.fetch(_PUT, record_type, record_id, put)]
    gone = [row["tag_id"] for row in await work.sql.fetch(_TAKE, record_type, record_id, take)]
    if added or gone:
        act = (work.now, work.actor.reference, work.actor.name, str(work.way))
        of = (uuid7(), record_type, record_id)
        await work.sql.execute(_KEEP, *of, *act, work.trace.correlation_id, added, gone)
    states = await record_tags_states(work, [key])
    await work.record(*(one.model_copy(update={"changed": ["tags"]}) for one in states))
    return added


async def move_added(
    work: Work, kind: RecordType[Any, Any], record_id: UUID, *, to: tuple[str, UUID]
) -> dict[str, int]:
    """Let the notes and attachments of a record stand on another one; how many of each.

    `to`: the other record's type and id, which may be of another type.
    """
    moved = {}
    for table in ("note", "attachment"):
        rows = await work.sql.fetch(
            f"update {table} set record_type = $3, record_id = $4, version = version + 1,"
            " updated_at = $5 where record_type = $1 and record_id = $2 returning id",
            kind.name,
            record_id,
            *to,
            work.now,
        )
        moved[table] = len(rows)
        changed = {row["id"]: ["record_id", "record_type"] for row in rows}
        await publish_states(work, kind, table, changed)
    return moved


@dataclass(frozen=True)
class CustomMove:
    """Records of a type whose custom field named one record, and names the other one now."""

    record_type: str
    key: str
    ids: Sequence[str]


async def counts_beside(at: Reading, pair: Pair) -> list[MovedRows]:
    """How many tags, and how many custom values, would go over."""
    counts = []
    theirs = set(await tags_on(at, pair.kind.name, pair.loser_id))
    mine = set(await tags_on(at, pair.kind.name, pair.winner_id))
    if theirs:
        new, both = len(theirs - mine), len(theirs & mine)
        counts.append(MovedRows(table="record_tag", column="record_id", count=new, removed=both))
    for row in await at.sql.fetch(_FIELDS, pair.kind.name):
        table, of_type = _table_of(pair, row["record_type"])
        sql = f"select count(*) from {table} where custom @> $1::jsonb and {of_type}"
        count = await at.sql.fetchval(sql, _value(row["key"], pair.loser_id))
        if count:
            column = f"{CUSTOM}.{row['key']}"
            counts.append(MovedRows(table=row["record_type"], column=column, count=count))
    return counts


async def move_custom(work: Work, pair: Pair) -> list[CustomMove]:
    """Let custom fields that refer to the loser refer to the winner; of which records."""
    moves = []
    for row in await work.sql.fetch(_FIELDS, pair.kind.name):
        move = CustomMove(row["record_type"], row["key"], ())
        ids = await refer(work, pair, move, to=pair.winner_id, of=pair.loser_id)
        if ids:
            moves.append(CustomMove(move.record_type, move.key, ids))
    return moves


async def refer(work: Work, pair: Pair, move: CustomMove, *, to: UUID, of: UUID) -> list[str]:
    """Let the custom field of records that refers to one record refer to the other one.

    Only of the records of the move, where it names some; their keys.
    """
    table, of_type = _table_of(pair, move.record_type)
    kind = record_types(pair.kind.entity).get(move.record_type)
    times = ", updated_at = $4" if kind else ""
    unedited = " - unedited_versions" if kind and hasattr(kind.entity, "unedited_versions") else ""
    rows = await work.sql.fetch(
        f"update {table} set custom = jsonb_set(custom, $2::text[], to_jsonb($3::text)),"
        f" version = version + 1{times}"
        f" where custom @> $1::jsonb and {of_type} and $4::timestamptz is not null"
        f" and (cardinality($5::uuid[]) = 0 or id = any($5::uuid[]))"
        f" returning id as row_id, version, version{unedited} as etag_version",
        _value(move.key, of),
        [move.key],
        str(to),
        work.now,
        [UUID(one) for one in move.ids],
    )
    _keep(work, move, kind, rows, {"was": of, "now": to})
    ids = [row["row_id"] for row in rows]
    await publish_states(work, pair.kind, table, {one: [CUSTOM] for one in ids})
    return [str(one) for one in ids]


def _keep(
    work: Work, move: CustomMove, kind: Any, rows: Sequence[Any], change: Mapping[str, UUID]
) -> None:
    if kind is None:
        return
    name = f"{CUSTOM}.{move.key}"
    for row in rows:
        values = {name: str(change["now"])}
        record = MovedRecord(row["row_id"], row["version"], row["etag_version"], values)
        keep_change(work, kind.name, record, {name: str(change["was"])})


def _table_of(pair: Pair, record_type: str) -> tuple[str, str]:
    """Where the custom values of a type are: the table, and the condition of its rows."""
    if record_type in document_types(pair.kind.entity):
        return "document_fields", f"record_type = '{record_type}'"
    return record_type, "true"


def _value(key: str, record_id: UUID) -> str:
    return f'{{"{key}": "{record_id}"}}'
