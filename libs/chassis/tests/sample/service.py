"""A small service that uses the whole edge: notes with a title."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped

import identity
from chassis.actor import Actor
from chassis.events.event import Event
from chassis.http.batch import BatchReply, DryRun, Outcome, Present, each_in_savepoint
from chassis.http.dependencies import (
    IfMatch,
    InReading,
    InWork,
    Language,
    Needs,
    OnlyOnce,
    OnlyOnceUnlessDry,
)
from chassis.http.deprecation import deprecated
from chassis.http.etag import reply_with
from chassis.http.paging import RecordsAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.service import Module, Service
from chassis.storage import external
from chassis.storage.base import NAMING, TYPES, Identified, Versioned
from chassis.storage.paging import Filter, Page, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.states import States
from chassis.work.unit_of_work import Work
from identity.module import MODULE as CALLERS
from identity.settings import IdentitySettings


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Note(Identified, Versioned, Base):
    __tablename__ = "note"
    title: Mapped[str]


class NoteWritten(Event):
    """A note was written or changed."""

    event_name: ClassVar[str] = "note-written"
    topic: ClassVar[str] = "note"
    aggregate: ClassVar[str] = "note"
    title: str


class SampleSettings(IdentitySettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "sample"


class TitleRefused(Problem):
    """The title is not wanted."""

    status = 409
    code = "title_refused"
    title = "Title refused"
    detail = "The title {title} is refused."


class WriteNote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=200)


class SendNote(WriteNote):
    external_id: str
    source_version: int


class SendNotes(BaseModel):
    items: list[SendNote] = Field(max_length=500)


class NoteView(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID
    title: str
    version: int
    created_at: datetime


async def refuse_unwanted(work: Work, event: NoteWritten) -> None:
    if event.title == "unwanted":
        raise TitleRefused(title=event.title)


async def write(work: Work, command: WriteNote) -> Note:
    note = Note(title=command.title)
    work.session.add(note)
    await work.flush()
    await work.record(NoteWritten(id=note.id, version=1, changed=["title"], title=note.title))
    return note


async def note_states(at: Reading, note_ids: Sequence[UUID]) -> list[NoteWritten]:
    return [
        NoteWritten(id=note.id, version=note.version, changed=[], title=note.title)
        for note in await read_all(at, Note, note_ids)
    ]


async def rename(work: Work, note_id: UUID, command: WriteNote, revision: int | None) -> Note:
    note = await work.session.get(Note, note_id, with_for_update=True)
    if note is None:
        raise NotFound(entity="note", id=note_id)
    if revision is not None:
        note.check_revision(revision)
    note.title = command.title
    note.touch(work.now)
    await work.flush()
    await work.record(
        NoteWritten(id=note.id, version=note.version, changed=["title"], title=note.title)
    )
    return note


async def take(work: Work, item: SendNote) -> tuple[Outcome, Present]:
    outcome, note = await _take(work, item)
    return outcome, Present(note.id, version=note.etag_version, revision=note.version)


async def _take(work: Work, item: SendNote) -> tuple[Outcome, Note]:
    known = await external.resolve(work.sql, "note", "other", item.external_id)
    if known is None:
        note = await write(work, WriteNote(title=item.title))
        await external.claim(
            work.sql,
            "note",
            "other",
            item.external_id,
            entity_id=note.id,
            source_version=item.source_version,
        )
        return "created", note
    if item.source_version <= known.source_version:
        found = await work.session.get(Note, known.entity_id)
        assert found
        return "stale", found
    await external.advance(work.sql, known, item.source_version)
    return "updated", await rename(work, known.entity_id, WriteNote(title=item.title), None)


Writer = Annotated[Actor, Needs("notes.write")]
Reader = Annotated[Actor, Needs("notes.read")]
router = api_router(prefix="/v1/notes", tag="notes")


@router.post("", status_code=201, response_model=NoteView, responses=refuses(TitleRefused))
async def create(
    command: WriteNote, reply: Response, writer: Writer, once: OnlyOnce, work: InWork
) -> Note:
    note = await write(work, command)
    reply_with(reply, note, location=f"/v1/notes/{note.id}")
    return note


@router.patch("/{note_id}", response_model=NoteView, responses=refuses(NotFound, TitleRefused))
async def change(  # noqa: PLR0917 - a route lists its dependencies
    note_id: UUID,
    command: WriteNote,
    revision: IfMatch,
    reply: Response,
    writer: Writer,
    work: InWork,
) -> Note:
    note = await rename(work, note_id, command, revision)
    reply_with(reply, note)
    return note


@router.get("", response_model=Page[NoteView])
async def notes(
    reader: Reader, asked: RecordsAsked, reading: InReading, title: str | None = None
) -> Page[NoteView]:
    def view(row: Mapping[str, Any]) -> NoteView:
        return NoteView.model_validate(dict(row))

    return await fetch_page(
        reading.sql,
        columns="id, title, version, created_at",
        source="note",
        where=[Filter("title like {}", title)],
        sorts={
            "title": Sort("title", "text"),
            "created_at": Sort("created_at", "timestamptz"),
            "updated_at": Sort("updated_at", "timestamptz"),
        },
        default="-created_at",
        asked=asked,
        view=view,
    )


class ReaderView(BaseModel):
    reader: str
    currency: str
    now: datetime
    today: date


@router.get(
    "/newest",
    response_model=NoteView,
    responses=refuses(NotFound),
    **deprecated(
        since=date(2026, 11, 28), gone=date(2027, 6, 1), link="https://notes.example.com/newest"
    ),
)
async def note_newest_get(may: Reader, at: InReading) -> NoteView:
    """The note that was written last."""
    row = await at.sql.fetchrow("select * from note order by id desc limit 1")
    if row is None:
        raise NotFound(entity="note", id="newest")
    return NoteView.model_validate(dict(row))


@router.get("/reader")
async def reader_of(reader: Reader, reading: InReading) -> ReaderView:
    return ReaderView(
        reader=reading.actor.reference,
        currency=reading.setting.currency,
        now=reading.now,
        today=reading.today(),
    )


@router.post("/by-external/other/batch", response_model=BatchReply)
async def batch(  # noqa: PLR0917 - the same
    command: SendNotes,
    writer: Writer,
    once: OnlyOnceUnlessDry,
    work: InWork,
    language: Language,
    dry_run: DryRun = False,  # noqa: FBT002 - a query parameter
) -> BatchReply:
    return await each_in_savepoint(
        work, command.items, lambda item: take(work, item), language=language, dry_run=dry_run
    )


@router.post("/slow", status_code=201, response_model=NoteView, responses=refuses(TitleRefused))
async def slow(command: WriteNote, writer: Writer, once: OnlyOnce, work: InWork) -> Note:
    note = await write(work, command)
    gate = GATES[command.title]
    gate.entered.set()
    await gate.opened.wait()
    return note


@router.post("/broken")
async def broken(writer: Writer, once: OnlyOnce, work: InWork) -> None:
    await work.sql.execute("insert into note values ($1, 'x', 1, now(), now())", UUID(int=1))
    message = "a fault of ours"
    raise RuntimeError(message)


class Gate:
    """Lets a test hold a request in the middle of its act."""

    def __init__(self) -> None:
        self.entered, self.opened = asyncio.Event(), asyncio.Event()


GATES: dict[str, Gate] = {}
HERE = Path(__file__).parent

MODULE = Module(
    name="notes",
    routers=[router],
    tables=[Note],
    permissions={
        "notes.read": "Read notes.",
        "notes.write": "Write notes.",
        "events.read": "Read the event feed.",
        "events.relay": "Continue a process of another service.",
    },
    roles={"writer": {"notes.write"}},
    events=[NoteWritten],
    states={NoteWritten: States("note", note_states)},
    handlers={NoteWritten: [refuse_unwanted]},
)

SERVICE = Service(
    name="sample",
    title="Notes",
    description="Notes, for the tests of the chassis.",
    version="0.0.0",
    settings=SampleSettings,
    migrations=HERE / "migrations",
    locale=HERE,
    retired_schemas=HERE / "schemas",
    reserved_systems=frozenset({"twin"}),
    shared_locales=[identity.LOCALE],
    modules=[CALLERS, MODULE],
)
