"""The routes of notes on one type of record."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.storage.paging import Page
from records.notes import service
from records.notes.errors import NoteOfAnother
from records.notes.schemas import ChangeNote, NewNote, NoteQuery, NoteView
from records.paths import RecordPaths

__all__ = ["note_routes"]


def note_routes(of: RecordPaths) -> None:
    """Put `/{id}/notes` onto the router of the record type: list, write, get, edit, delete."""
    _list(of)
    _create(of)
    _get(of)
    _update(of)
    _delete(of)


def _list(of: RecordPaths) -> None:
    async def note_list(
        record_id: UUID,
        wanted: Annotated[NoteQuery, Query()],
        _by: Actor,
        asked: PageAsked,
        at: InReading,
    ) -> Page[NoteView]:
        await of.reads.require(at, record_id)
        return await service.note_page(at, (of.name, record_id), wanted, asked)

    text = f"Notes on the {of.one}, the newest first."
    types = {"_by": of.reader}
    of.add("GET", "notes", "note_list", text, note_list, types)


def _create(of: RecordPaths) -> None:
    async def note_create(
        record_id: UUID,
        command: NewNote,
        _by: Actor,
        _once: OnlyOnce,
        work: InWork,
        response: Response,
    ) -> NoteView:
        await of.reads.require(work, record_id)
        note = await service.add_note(work, (of.name, record_id), command, scope=of.read)
        reply_with(response, note, location=of.location(record_id, "notes", note.id))
        return note

    text = f"Write a note on the {of.one}; users are mentioned by `@login`."
    types = {"_by": of.writer}
    created = status.HTTP_201_CREATED
    of.add("POST", "notes", "note_create", text, note_create, types, status_code=created)


def _get(of: RecordPaths) -> None:
    async def note_get(
        record_id: UUID, note_id: UUID, _by: Actor, at: InReading, response: Response
    ) -> NoteView:
        await of.reads.require(at, record_id)
        note = await service.get_note(at, (of.name, record_id), note_id)
        reply_with(response, note)
        return note

    text = f"A note on the {of.one}."
    of.add("GET", "notes/{note_id}", "note_get", text, note_get, {"_by": of.reader})


def _update(of: RecordPaths) -> None:
    async def note_update(  # noqa: PLR0917 - a route is all of these
        record_id: UUID,
        note_id: UUID,
        command: ChangeNote,
        _by: Actor,
        revision: IfMatch,
        work: InWork,
        response: Response,
    ) -> NoteView:
        await of.reads.require(work, record_id)
        key = (of.name, record_id)
        note = await service.change_note(
            work, key, note_id, command, revision=revision, scope=of.read
        )
        reply_with(response, note)
        return note

    text = "Edit or pin a note; only its author and administrators may."
    types: dict[str, Any] = {"_by": of.writer}
    path = "notes/{note_id}"
    of.add("PATCH", path, "note_update", text, note_update, types, refuses=(NoteOfAnother,))


def _delete(of: RecordPaths) -> None:
    async def note_delete(
        record_id: UUID, note_id: UUID, _by: Actor, revision: IfMatch, work: InWork
    ) -> None:
        await of.reads.require(work, record_id)
        await service.delete_note(work, (of.name, record_id), note_id, revision=revision)

    text = "Delete a note; only its author and administrators may."
    gone = status.HTTP_204_NO_CONTENT
    path, types = "notes/{note_id}", {"_by": of.writer}
    of.add(
        "DELETE",
        path,
        "note_delete",
        text,
        note_delete,
        types,
        refuses=(NoteOfAnother,),
        status_code=gone,
    )
