"""Notes are written, edited, pinned and deleted; each is one row and one event.

Who may see the record is asked before (`Reads.require`); here it is known.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.actor import ADMIN
from chassis.ids import uuid7
from chassis.problems.standard import NotFound, StaleRevision
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.notes.errors import NoteOfAnother
from records.notes.events import NoteChanged
from records.notes.mentions import mentioned
from records.notes.schemas import ChangeNote, Mention, NewNote, NoteQuery, NoteView

__all__ = [
    "COLUMNS",
    "RecordKey",
    "add_note",
    "change_note",
    "delete_note",
    "erase_notes",
    "get_note",
    "note_page",
    "note_states",
]

RecordKey = tuple[str, UUID]
"""A record: its type, as `RecordPaths` names it, and its id."""

COLUMNS = """note.id, note.record_type, note.record_id, note.text, note.pinned, note.version,
  note.created_at, note.edited_at,
  jsonb_build_object('actor', note.author, 'name', note.author_name) as author,
  (select coalesce(jsonb_agg(jsonb_build_object('user_id', u.id, 'login', u.login, 'name', u.name)
      order by u.login), '[]') from local_user u where u.id = any(note.mentions)) as mentions"""
_ADD = f"""insert into note (id, record_type, record_id, text, pinned, mentions, author,
    author_name, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
  returning {COLUMNS}"""
_GET = f"""select {COLUMNS} from note
  where id = $1 and (record_type, record_id) = ($2, $3)"""
_LOCK = f"{_GET} for update"
_CHANGE = f"""update note set text = $2, pinned = $3, mentions = $4, edited_at = $5,
    version = version + 1, updated_at = $6
  where id = $1 returning {COLUMNS}"""
_DELETE = "delete from note where id = $1"
_ERASE = f"""delete from note where (record_type, record_id) in (
    select * from unnest($1::text[], $2::uuid[])) returning {COLUMNS}"""
_STATES = f"select {COLUMNS} from note where id = any($1::uuid[])"
_EVERY_FIELD = sorted(NoteChanged.model_fields.keys() - {"id", "version", "changed"})
_WRITTEN = {"created_at": Sort("note.created_at", "timestamptz")}


async def note_page(
    at: Reading, record: RecordKey, wanted: NoteQuery, asked: PageQuery
) -> Page[NoteView]:
    """One page of the record's notes, the newest first."""
    record_type, record_id = record
    return await fetch_page(
        at.sql,
        columns=COLUMNS,
        source="note",
        view=_view,
        sorts=_WRITTEN,
        default="-created_at",
        asked=asked,
        where=[
            Filter("note.record_type = {}", record_type),
            Filter("note.record_id = {}", record_id),
            Filter("note.pinned = {}", wanted.pinned),
        ],
        key="note.id",
    )


async def get_note(at: Reading, record: RecordKey, note_id: UUID) -> NoteView:
    """The note of the record. Raises NotFound."""
    row = await at.sql.fetchrow(_GET, note_id, *record)
    if row is None:
        raise NotFound(entity="note", id=note_id)
    return _view(row)


async def add_note(work: Work, record: RecordKey, command: NewNote, *, scope: str) -> NoteView:
    """Write a note on the record. `scope`: what a user needs to see it, and so to be mentioned."""
    row = await work.sql.fetchrow(
        _ADD,
        uuid7(),
        *record,
        command.text,
        command.pinned,
        _ids(await mentioned(work, command.text, scope=scope)),
        work.actor.reference,
        work.actor.name,
        work.now,
    )
    note = _view(row)
    await work.record(NoteChanged.of(note, _EVERY_FIELD))
    return note


async def change_note(
    work: Work, record: RecordKey, note_id: UUID, command: ChangeNote, *, revision: int, scope: str
) -> NoteView:
    """Edit or pin what the caller saw as `revision`; nothing is done where nothing differs.

    Raises NotFound, NoteOfAnother, StaleRevision.
    """
    note = await _lock(work, record, note_id, revision)
    given = command.given()
    text, pinned = given.get("text", note.text), given.get("pinned", note.pinned)
    found = await mentioned(work, text, scope=scope) if text != note.text else note.mentions
    edited_at = work.now if text != note.text else note.edited_at
    changed = [
        name
        for name, before, after in (
            ("text", note.text, text),
            ("edited_at", note.edited_at, edited_at),
            ("pinned", note.pinned, pinned),
            ("mentions", _ids(note.mentions), _ids(found)),
        )
        if before != after
    ]
    if not changed:
        return note
    row = await work.sql.fetchrow(_CHANGE, note_id, text, pinned, _ids(found), edited_at, work.now)
    note = _view(row)
    await work.record(NoteChanged.of(note, changed))
    return note


async def delete_note(work: Work, record: RecordKey, note_id: UUID, *, revision: int) -> None:
    """Delete what the caller saw as `revision`. Raises NotFound, NoteOfAnother, StaleRevision."""
    note = await _lock(work, record, note_id, revision)
    await work.sql.execute(_DELETE, note_id)
    await work.record(NoteChanged.gone(note))


async def erase_notes(work: Work, records: Sequence[RecordKey]) -> list[UUID]:
    """Delete all notes on records and documents of a person who is erased; their ids."""
    names, ids = [one[0] for one in records], [one[1] for one in records]
    rows = await work.sql.fetch(_ERASE, names, ids)
    notes = [_view(row) for row in rows]
    await work.record(*(NoteChanged.gone(one) for one in notes))
    return [one.id for one in notes]


async def note_states(at: Reading, note_ids: Sequence[UUID]) -> list[NoteChanged]:
    """What is published of notes, as they are now."""
    rows = await at.sql.fetch(_STATES, list(note_ids))
    return [NoteChanged.of(_view(row), []) for row in rows]


async def _lock(work: Work, record: RecordKey, note_id: UUID, revision: int) -> NoteView:
    """The note of the record, locked for its author or an administrator until the act ends."""
    row = await work.sql.fetchrow(_LOCK, note_id, *record)
    if row is None:
        raise NotFound(entity="note", id=note_id)
    note = _view(row)
    if note.author.actor != work.actor.reference and not work.actor.may(ADMIN):
        raise NoteOfAnother(author=note.author.name)
    if note.version != revision:
        raise StaleRevision(expected=revision, current=note.version)
    return note


def _view(row: Any) -> NoteView:
    return NoteView.model_validate(dict(row))


def _ids(mentions: Sequence[Mention]) -> list[UUID]:
    return [one.user_id for one in mentions]
