"""Taking a person out of what stands beside its documents: notes, and personal custom fields.

The documents themselves stay as the books need them, and so do vouchers attached to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.custom.definitions import lock_definitions
from records.document_fields.service import KeptFields, replace_fields
from records.document_types import DocumentType
from records.erasure.outbox import redact_events
from records.erasure.service import erase_replies
from records.history_reads import shown_changes
from records.notes.service import erase_notes
from records.sheets.parts import erase_files

__all__ = [
    "BesideDocuments",
    "DocumentKey",
    "beside_documents",
    "erase_beside_documents",
    "erase_document_fields",
]

DocumentKey = tuple[str, UUID]
"""A document: its type and its id."""

_WANTED = "unnest($1::text[], $2::uuid[]) w(record_type, record_id)"
_PERSONAL = """(select c.record_type, array_agg(c.key) as keys,
    array_agg('custom.' || c.key) as fields
  from custom_field c where c.personal group by c.record_type) p using (record_type)"""
_FOUND = f"""select f.id, f.record_type, f.record_id, f.version, f.custom, p.keys
  from document_fields f join {_WANTED} using (record_type, record_id) join {_PERSONAL}
  order by f.record_id, f.record_type for update of f"""
_HISTORY = f"""select coalesce(sum(redact_record_changes(p.record_type, p.ids, p.fields)), 0)
  from (select record_type, array_agg(w.record_id) as ids, p.fields
    from {_WANTED} join {_PERSONAL} group by record_type, p.fields) p"""
_EVENTS = """with changed as (
    update outbox o set payload = jsonb_set(o.payload, '{custom}', '{}')
      from unnest($1::uuid[], $2::text[]) f(id, record_type), outbox_version v, custom_field c
     where v.aggregate_id = f.id and o.id = v.outbox_id
       and c.record_type = f.record_type and c.personal and o.payload->'custom' ? c.key
    returning 1)
  select count(*) from changed"""
_OF_THEM = "where (record_type, record_id) in (select * from unnest($1::text[], $2::uuid[]))"
_ADDED = f"""select 'notes' as part, to_jsonb(t) - 'search' as row from note t {_OF_THEM}
  union all select 'attachments', to_jsonb(t) from attachment t {_OF_THEM}
  union all select 'custom', to_jsonb(t) from document_fields t {_OF_THEM}
  order by 1, 2"""
_CHANGES = f"select * from record_change {_OF_THEM} order by record_type, record_id, revision, id"


async def erase_beside_documents(work: Work, documents: Sequence[DocumentKey]) -> dict[str, int]:
    """Delete notes on documents and the values of their personal custom fields; how many of each.

    History, events, kept replies and exported files lose them too. Attachments stay: vouchers.
    """
    notes = await erase_notes(work, documents)
    if notes:
        await redact_events(work.sql, notes, ["text"])
        await erase_replies(work, notes)
    fields = await erase_document_fields(work, documents)
    return {"notes": len(notes), "document_fields": fields}


async def erase_document_fields(work: Work, documents: Sequence[DocumentKey]) -> int:
    """Take values of personal custom fields out of documents, history, events; of how many."""
    names, ids = [name for name, _ in documents], [one for _, one in documents]
    await lock_definitions(work, sorted(set(names)))
    rows = await work.sql.fetch(_FOUND, names, ids)
    if not rows:
        return 0
    await work.sql.fetchval(_HISTORY, names, ids)
    events = [row["id"] for row in rows], [row["record_type"] for row in rows]
    await work.sql.fetchval(_EVENTS, *events)
    holding = [row for row in rows if row["custom"].keys() & set(row["keys"])]
    await replace_fields(work, [(row["record_type"], *_without(row)) for row in holding])
    await erase_replies(work, [row["record_id"] for row in rows])
    await erase_files(work, sorted({row["record_type"] for row in rows}), [])
    return len(holding)


def _without(row: Any) -> tuple[KeptFields, list[str]]:
    """The values that stay, one version on, and the keys of those that go."""
    gone = sorted(row["custom"].keys() & set(row["keys"]))
    left = {key: value for key, value in row["custom"].items() if key not in gone}
    return KeptFields(row["id"], row["record_id"], row["version"] + 1, left), gone


@dataclass(frozen=True)
class BesideDocuments:
    """What stands beside documents: parts as `known_of` has them, and custom fields with ids."""

    known: dict[str, list[dict[str, Any]]]
    custom: Sequence[dict[str, Any]]
    fields: Sequence[UUID]

    def shown_with(self, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What documents say, with their custom fields; those that have only these come last."""
        found = {(one["document_type"], str(one["id"])): dict(one) for one in documents}
        for one in self.custom:
            key = one["record_type"], one["record_id"]
            row = found.setdefault(key, {"document_type": key[0], "id": key[1]})
            row["custom"] = one["custom"]
        return list(found.values())


async def beside_documents(
    at: Reading, types: Mapping[str, DocumentType], documents: Sequence[DocumentKey]
) -> BesideDocuments:
    """Notes, attachments and custom fields of the documents, and the history of these fields."""
    names, ids = [name for name, _ in documents], [one for _, one in documents]
    parts: dict[str, list[dict[str, Any]]] = {"notes": [], "attachments": [], "custom": []}
    for row in await at.sql.fetch(_ADDED, names, ids):
        parts[row["part"]].append(row["row"])
    changes = [dict(row) for row in await at.sql.fetch(_CHANGES, names, ids)]
    history: list[dict[str, Any]] = []
    for name, rows in groupby(changes, key=itemgetter("record_type")):
        shown = await shown_changes(at, types[name], list(rows))
        history += [one.model_dump(mode="json") for one in shown]
    custom = parts.pop("custom")
    known = {"records": [], "history": history, **parts}
    return BesideDocuments(known, custom, [UUID(one["id"]) for one in custom])
