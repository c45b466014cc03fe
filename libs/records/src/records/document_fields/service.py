"""Custom fields of documents are written: with a new document, and later by acts of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.problems.standard import StaleRevision
from chassis.storage.bulk import Bulk
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.custom.definitions import current_fields, fields_for_new
from records.custom.values import merged, values_of_new
from records.custom_writes import keep_places, require_referred
from records.document_fields.events import DocumentFieldsChanged
from records.document_types import DocumentType
from records.history import CUSTOM, keep_change, keep_erasure

__all__ = [
    "KeptFields",
    "change_fields",
    "field_states",
    "fields_kept",
    "keep_fields_of_new",
    "replace_fields",
]

Custom = Mapping[str, Any]


@dataclass(frozen=True)
class KeptFields:
    """The custom fields of a document, and the version that they are in; 0: never any."""

    key: UUID
    id: UUID
    version: int
    custom: dict[str, Any]

    @property
    def etag_version(self) -> int:
        """The number in the ETag of the fields."""
        return self.version


class _Row(NamedTuple):
    """A row to be written; `custom` as JSON."""

    id: UUID
    record_type: str
    record_id: UUID
    version: int
    custom: str


async def keep_fields_of_new(
    work: Work, document: DocumentType, given: Mapping[UUID, Custom | None]
) -> Mapping[UUID, Custom]:
    """Keep the values that new documents are given, with the defaults of what they are not given.

    `given`: by document; None: nobody gave any. It asks nothing of the database where nobody gives
    values and no field has a default or is required. What each has then. Raises InvalidInput.
    """
    if any(given.values()):
        fields = await current_fields(work, document.name)
    else:
        fields = await fields_for_new(work, document.name)
    new = {
        one: merged(fields, {}, values, is_new=True) if values else values_of_new(fields)
        for one, values in given.items()
    }
    with_values = {one: values for one, values in new.items() if values}
    if with_values:
        before: dict[UUID, Custom] = {one: {} for one in with_values}
        after = list(with_values.values())
        await require_referred(work, document.base, fields, after, list(before.values()))
        rows = [KeptFields(uuid7(), one, 1, values) for one, values in with_values.items()]
        keep_places(work, fields, with_values)
        await _write(work, document, rows, before)
    return new


async def change_fields(
    work: Work,
    document: DocumentType,
    record_id: UUID,
    given: Custom,
    *,
    revision: int | None = None,
) -> bool:
    """Lay the values onto those that the document has; null takes one away. Whether any changed.

    `revision`: the version of its fields that the caller saw; None: whatever it is. Raises
    StaleRevision, InvalidInput.
    """
    fields = await current_fields(work, document.name)
    [row] = await work.sql.fetch(_LOCK, uuid7(), document.name, record_id)
    if revision is not None and row["version"] != revision:
        raise StaleRevision(expected=revision, current=row["version"])
    before = row["custom"]
    after = merged(fields, before, given, is_new=False)
    if after == before:
        return False
    await require_referred(work, document.base, fields, [after], [before])
    kept = KeptFields(row["id"], record_id, row["version"] + 1, after)
    keep_places(work, fields, {record_id: after})
    await _write(work, document, [kept], {record_id: before})
    return True


async def fields_kept(at: Reading, record_type: str, record_id: UUID) -> KeptFields:
    """The custom fields that the document has."""
    of_it = "where record_id = $1 and record_type = $2"
    row = await at.sql.fetchrow(f"{_READ} {of_it}", record_id, record_type)
    if row is None:
        return KeptFields(record_id, record_id, 0, {})
    return KeptFields(row["id"], record_id, row["version"], row["custom"])


async def field_states(at: Reading, ids: Sequence[UUID]) -> list[DocumentFieldsChanged]:
    """What is published of the fields, as they are now."""
    rows = await at.sql.fetch(f"{_READ} where id = any($1::uuid[]) and version > 0", list(ids))
    return [
        DocumentFieldsChanged(
            id=row["id"],
            version=row["version"],
            changed=[],
            record_type=row["record_type"],
            record_id=row["record_id"],
            custom=row["custom"],
        )
        for row in rows
    ]


async def _write(
    work: Work, document: DocumentType, rows: Sequence[KeptFields], before: Mapping[UUID, Custom]
) -> None:
    """Store the values, keep in the history what changed, and publish it."""
    for one in rows:
        keep_change(work, document.name, one, {CUSTOM: before[one.id]})
    await _store(work, [(document.name, one) for one in rows])


async def replace_fields(work: Work, rows: Sequence[tuple[str, KeptFields, Sequence[str]]]) -> None:
    """Store what is left where personal values are erased: (type, what is left, keys that go).

    The history says which fields became empty, and nothing of what they were.
    """
    if rows:
        for name, one, gone in rows:
            keep_erasure(work, name, one, [f"{CUSTOM}.{key}" for key in gone])
        await _store(work, [(name, one) for name, one, _ in rows])
        taken = [(name, one.id, key) for name, one, keys in rows for key in keys]
        await work.sql.execute(_TAKE_PLACES, *map(list, zip(*taken, strict=True)))


async def _store(work: Work, rows: Sequence[tuple[str, KeptFields]]) -> None:
    """Store the values of documents, by their types, and publish them."""
    bulk = Bulk()
    stored = [
        _Row(one.key, name, one.id, one.version, orjson.dumps(one.custom).decode())
        for name, one in rows
    ]
    bulk.run(_STORE, _Row, stored, *_Row._fields)
    await bulk.execute(work.sql)
    events = [
        DocumentFieldsChanged(
            id=one.key,
            version=one.version,
            changed=[CUSTOM],
            record_type=name,
            record_id=one.id,
            custom=one.custom,
        )
        for name, one in rows
    ]
    await work.record(*events)


_READ = "select id, record_type, record_id, version, custom from document_fields"
_TAKE_PLACES = """delete from custom_order o
  using custom_field f, unnest($1::text[], $2::uuid[], $3::text[]) g(record_type, record_id, key)
  where f.record_type = g.record_type and f.key = g.key
    and o.field_id = f.id and o.record_id = g.record_id"""
_LOCK = """insert into document_fields (id, record_type, record_id, version, custom)
  values ($1, $2, $3, 0, '{}')
  on conflict (record_id, record_type) do update set version = document_fields.version
  returning id, version, custom"""
_STORE = """insert into document_fields (id, record_type, record_id, version, custom)
  select n.id, n.record_type, n.record_id, n.version, n.custom::jsonb from {rows}
   order by n.record_id
  on conflict (record_id, record_type)
  do update set version = excluded.version, custom = excluded.custom"""
