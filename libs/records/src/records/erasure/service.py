"""Taking a person out of what all records have alike: history, notes, files, events, replies.

Each function answers how many rows it had to change or delete. What is particular of a record type
stands in its `Personal`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from chassis.problems.problem import Problem
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.attachments.service import erase_attachments
from records.entities import Record, Values
from records.erasure.errors import PersonIsErased, PersonSuppressed
from records.erasure.outbox import redact_events
from records.erasure.suppression import Identifier, is_import, past_values, suppressed
from records.erasure.views import views_naming
from records.history import EXTERNAL_REFS, keep_erasure
from records.history_reads import shown_changes
from records.links import RESERVED_SYSTEMS
from records.notes.service import erase_notes
from records.reads import View
from records.redirects import losers_of
from records.sheets.parts import erase_files
from records.types import Change, Personal, RecordType

__all__ = [
    "LOOKED_FOR",
    "erase_added",
    "erase_records",
    "erase_replies",
    "ids_ever",
    "known_of",
    "personal_of",
    "refuse_suppressed",
    "writable_values",
]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)

LOOKED_FOR = ("name", "legal_name", "email", "phone", "phone_raw", "tax_id")
"""What somebody would look for a person by: fields of records, and of their history."""

_HISTORY = "select redact_record_changes($1, $2::uuid[], $3::text[])"
_UNLINK = """with gone as (delete from external_reference
    where entity_type = $1 and entity_id = any($2::uuid[]) and system <> all($3::text[])
    returning 1)
  select count(*) from gone"""
_REPLIES = """with changed as (
    update idempotency_key k set reply = '{}'
     where exists (select from unnest($1::text[]) n(id)
       where position(convert_to(n.id, 'UTF8') in k.reply) > 0)
    returning 1)
  select count(*) from changed"""
_IMPORTS = """with emptied as (
    update record_import_row set cells = '{}', line = '' where record_id = any($1::uuid[])
    returning import_id),
  samples as (
    update record_import set sample = '[]' where id in (select import_id from emptied)),
  undone as (
    update record_import_undo set kept = '[]' where record_id = any($1::uuid[]))
  select count(*) from emptied"""
_FIELDS = """select distinct k from record_change c, jsonb_object_keys(c.changes) k
  where c.record_type = $1 and c.record_id = any($2::uuid[]) and k like 'custom.%'"""
_SNAPSHOTS = """update record_merge set snapshot = null
  where record_type = $1 and (winner_id = any($2::uuid[]) or loser_id = any($2::uuid[]))"""
_CUSTOM_ORDER = "delete from custom_order where record_id = any($1::uuid[])"
_OF_RECORDS = "where record_type = $1 and record_id = any($2::uuid[])"
_KNOWN = {
    "notes": f"select to_jsonb(t) as row from note t {_OF_RECORDS} order by created_at, id",
    "attachments": f"""select to_jsonb(t) as row from attachment t {_OF_RECORDS}
      order by created_at, id""",
    "tags": f"""select jsonb_build_object('record_id', t.record_id, 'name', g.name) as row
      from record_tag t join tag g on g.id = t.tag_id {_OF_RECORDS} order by g.name, t.record_id""",
    "import_rows": """select jsonb_build_object('record_id', t.record_id, 'row', t.number,
        'cells', t.cells, 'line', t.line) as row
      from record_import_row t join record_import i on i.id = t.import_id
      where i.record_type = $1 and t.record_id = any($2::uuid[]) order by i.created_at, t.number""",
}


def personal_of(kind: RecordType[E, V]) -> Personal:
    """How the type describes a person. Raises TypeError for one that stands for none."""
    if kind.personal is None:
        message = f"{kind.name} describes no person"
        raise TypeError(message)
    return kind.personal


async def erase_records(
    work: Work, kind: RecordType[E, V], records: Sequence[E], *, kept_links: Sequence[str] = ()
) -> dict[str, int]:
    """Empty the personal fields of locked records, in their history too, and end their links.

    Records that were erased before stay as they are; what was left beside them goes.
    `kept_links`: systems that go on leading in other fields of the records.
    """
    personal, ids = personal_of(kind), await ids_ever(work, kind, [one.id for one in records])
    if kind.merging:
        await work.sql.execute(_SNAPSHOTS, kind.name, ids)
    custom = {row["k"] for row in await work.sql.fetch(_FIELDS, kind.name, ids)}
    fields = sorted(personal.history | custom | {EXTERNAL_REFS})
    await work.sql.execute(_CUSTOM_ORDER, ids)
    history = await work.sql.fetchval(_HISTORY, kind.name, ids, fields)
    links = await work.sql.fetchval(_UNLINK, kind.name, ids, list(kept_links))
    for record in records:
        if getattr(record, "erased_at", None) is None:
            record.change({**personal.erased, "custom": {}, "erased_at": work.now}, work.now)
            keep_erasure(work, kind.name, record, sorted(personal.history))
    await work.flush()
    rows = await work.sql.fetchval(_IMPORTS, ids)
    return {"records": len(records), "history": history, "links": links, "import_rows": rows}


async def ids_ever(at: Reading, kind: RecordType[Any, Any], ids: Sequence[UUID]) -> Sequence[UUID]:
    """The ids, and those of records that were merged into them: their past is told of there."""
    return await losers_of(at, kind.name, ids) if kind.merging else ids


async def erase_added(work: Work, kind: RecordType[E, V], ids: Sequence[UUID]) -> dict[str, int]:
    """Delete the notes and attachments of the records, also in events and kept replies."""
    notes = await erase_notes(work, [(kind.name, one) for one in ids])
    files = await erase_attachments(work, kind.name, ids)
    events = await redact_events(work.sql, notes, ["text"])
    events += await redact_events(work.sql, files, ["filename", "sha256"])
    replies = await erase_replies(work, [*ids, *notes, *files])
    await erase_files(work, [kind.name], ids)
    return {"notes": len(notes), "attachments": len(files), "events": events, "replies": replies}


async def erase_replies(work: Work, ids: Collection[UUID]) -> int:
    """Empty the replies kept for repeats that speak of one of the ids."""
    return int(await work.sql.fetchval(_REPLIES, [str(one) for one in ids]))


async def known_of(
    at: Reading, kind: RecordType[E, V], ids: Sequence[UUID]
) -> dict[str, list[dict[str, Any]]]:
    """The records with all that is kept beside them, by part, as JSON."""
    views: Any = await kind.reads.get_all(at, ids)
    changes = await at.sql.fetch(
        """select * from record_change where record_type = $1 and record_id = any($2::uuid[])
           order by revision, id""",
        kind.name,
        list(await ids_ever(at, kind, ids)),
    )
    history = await shown_changes(at, kind, [dict(row) for row in changes])
    known: dict[str, list[dict[str, Any]]] = {
        "records": [{"record_type": kind.name} | one.model_dump(mode="json") for one in views],
        "history": [one.model_dump(mode="json") for one in history],
    }
    for name, sql in _KNOWN.items():
        rows = await at.sql.fetch(sql, kind.name, list(ids))
        known[name] = [row["row"] for row in rows]
    words = {str(getattr(one, name, "")) for one in views for name in LOOKED_FOR}
    past = await past_values(at, kind.name, ids, LOOKED_FOR)
    known["saved_views"] = await views_naming(at, words | {word for _, word in past})
    return known


def writable_values(
    work: Work, kind: RecordType[E, V], change: Change[Any], values: Values, sender: str | None
) -> Values:
    """The values without those that an erased person does not get any more.

    What comes from elsewhere loses them in silence, so that it goes on. Raises PersonIsErased for
    a change by hand.
    """
    erased_at = getattr(change.record, "erased_at", None)
    if erased_at is None:
        return values
    personal = personal_of(kind).erased.keys() & values.keys()
    given, change.custom = change.custom, None
    if (personal or given) and not is_import(work, sender):
        raise PersonIsErased(entity=kind.name, erased_at=erased_at)
    return {name: value for name, value in values.items() if name not in personal}


async def refuse_suppressed(
    work: Work, kind: RecordType[E, V], found: Mapping[UUID, set[Identifier]], sender: str | None
) -> None:
    """Raise PersonSuppressed where an import brings one back whose identifiers were erased.

    `found`: the identifiers of each record that is written. The other half has looked at addresses
    and numbers itself: a user there may have taken the person on anew.
    """
    if not is_import(work, sender):
        return
    wanted = set().union(*found.values()) if found else set()
    if sender in RESERVED_SYSTEMS:
        wanted = {one for one in wanted if one[0] == f"id:{sender}"}
    if await suppressed(work, wanted):
        problem: Problem = PersonSuppressed(entity=kind.name)
        raise problem
