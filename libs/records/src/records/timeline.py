"""What happened to a record, of every source in one list: `GET /{id}/timeline`.

A source is one `Source` in `SOURCES`, and is a member of `TimelineEntry` by that. A service adds
its own as `timeline` of its metadata's `info`. All are read by one statement, the newest first.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, create_model

from chassis.actor import SYSTEM, Actor
from chassis.http.dependencies import InReading
from chassis.http.paging import PageAsked
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from records.attachments.schemas import AttachmentView
from records.attachments.service import COLUMNS as ATTACHMENT_COLUMNS
from records.filters import AnyOf
from records.history_reads import COLUMNS as CHANGE_COLUMNS
from records.history_reads import RecordChangeView, shown_changes
from records.notes.schemas import NoteView
from records.notes.service import COLUMNS as NOTE_COLUMNS
from records.paths import RecordPaths, described_by
from records.redirects import losers_of
from records.tags.schemas import UsedTag
from records.types import record_types

__all__ = ["SOURCES", "Source", "timeline_route"]


class TagsChange(BaseModel):
    """Tags that were put on the record, and others that were taken off."""

    added: list[UsedTag] = Field(description="As they are named now; a merged one: the other.")
    removed: list[UsedTag] = Field(description="As they are named now; a merged one: the other.")


class RecordEvent(BaseModel):
    """What was published of the record."""

    type: str = Field(description="The event's type, such as `tandem.crm.account-changed.v1`.")
    revision: int = Field(description="Its `aggversion`.")
    changed: list[str] = Field(description="Names of the fields that changed.")
    correlation_id: UUID = Field(description="The process that it was a part of.")


Show = Callable[[Reading, RecordPaths, Sequence[Mapping[str, Any]]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A kind of entry: the rows of a table that have a record's type and id.

    view      what an entry of it says, made of `columns` as JSON, by `show` where there is more
              to it
    meaning   what the view is, in the contract
    at, by    SQL: when it happened, and the columns of who did it and of the name then
    of        SQL: the type and the id of the record; events say another type where the record
              type does (`RecordPaths.published_as`)
    of_type   the record type that its entries are, by their ids: only those that the caller may
              read and sees
    """

    kind: str
    view: type[BaseModel]
    meaning: str
    table: str
    columns: str
    at: str
    by: tuple[str, str]
    of: tuple[str, str] = ("record_type", "record_id")
    id: str = "id"
    show: Show | None = None
    of_type: str = ""

    def select(self, of: RecordPaths) -> str:
        """SQL for its entries of records of a type."""
        columns = {"id": self.id, "at": self.at}
        columns |= zip(("actor", "actor_name"), self.by, strict=True)
        columns |= zip(("record_type", "record_id"), self.of, strict=True)
        if self.kind == "event" and of.published_as:
            known = ", ".join(f"'{one}'" for one in of.published_as)
            columns["record_type"] = f"case when o.aggregate_type in ({known}) then '{of.name}' end"
        named = ", ".join(f"{self._column(one)} as {name}" for name, one in columns.items())
        return (
            f"select '{self.kind}' as kind, {named}, to_jsonb(shown) as content from {self.table}"
            f" cross join lateral (select {self.columns}) shown"
        )

    def _column(self, named: str) -> str:
        """SQL for a column of the table; other expressions as they are."""
        return f"{self.table}.{named}" if named.isidentifier() else named

    async def views(
        self, at: Reading, of: RecordPaths, contents: Sequence[Mapping[str, Any]]
    ) -> Sequence[Any]:
        """What its entries say."""
        if self.show:
            return await self.show(at, of, contents)
        return [self.view.model_validate(one) for one in contents]


async def _changes(
    at: Reading, of: RecordPaths, contents: Sequence[Mapping[str, Any]]
) -> Sequence[RecordChangeView]:
    kind = of.kind or of.documents
    return await shown_changes(at, kind, contents) if kind else []


def _tags(column: str) -> str:
    return f"""(select coalesce(jsonb_agg(jsonb_build_object(
        'id', u.id, 'name', u.name, 'colour', u.colour) order by u.sort_key, u.id), '[]')
      from tag t join tag u on u.id = coalesce(t.merged_into, t.id)
      where t.id = any(record_tag_change.{column})) as {column}"""


SOURCES = (
    Source(
        kind="change",
        view=RecordChangeView,
        meaning="Fields that changed, of documents their custom ones; null: another kind of entry.",
        table="record_change",
        columns=CHANGE_COLUMNS,
        at="changed_at",
        by=("actor", "actor_name"),
        show=_changes,
    ),
    Source(
        kind="note",
        view=NoteView,
        meaning="The note, as it is now; null: another kind of entry.",
        table="note",
        columns=NOTE_COLUMNS,
        at="created_at",
        by=("author", "author_name"),
    ),
    Source(
        kind="tags",
        view=TagsChange,
        meaning="Tags that were put on and taken off; null: another kind of entry.",
        table="record_tag_change",
        columns=f"{_tags('added')}, {_tags('removed')}",
        at="changed_at",
        by=("actor", "actor_name"),
    ),
    Source(
        kind="attachment",
        view=AttachmentView,
        meaning="The file, also one that was deleted; null: another kind of entry.",
        table="attachment",
        columns=ATTACHMENT_COLUMNS,
        at="created_at",
        by=("added_by", "added_by_name"),
    ),
    Source(
        kind="event",
        view=RecordEvent,
        meaning="What was published of the record; null: another kind of entry.",
        table="outbox_version v join outbox o on o.id = v.outbox_id",
        columns="o.type, o.aggregate_version as revision, o.payload->'changed' as changed,"
        " o.correlation_id",
        id="o.id",
        at="o.occurred_at",
        by=("o.actor", "''"),
        of=("replace(o.aggregate_type, '-', '_')", "v.aggregate_id"),
    ),
)
"""Every source of timelines. Events are shown as long as the outbox keeps them."""


def sources_of(of: RecordPaths) -> tuple[Source, ...]:
    """Every source of the timelines of the type's service."""
    base = of.service_base
    return (*SOURCES, *(base.metadata.info.get("timeline", ()) if base else ()))


class EntryHead(BaseModel):
    """What all entries say."""

    kind: str
    id: UUID = Field(description="Id of what happened: of the note, the change, the event.")
    at: datetime = Field(description="When it happened.")
    actor: str = Field(description="Who did it: `user:…`, `key:…`, `token:…` or `system:…`.")
    actor_name: str = Field(
        description="The actor's name at that time, of events the name now; empty: it was erased, "
        "or the actor is known by a token."
    )


@cache
def entry_model(sources: tuple[Source, ...]) -> type[BaseModel]:
    """What entries of these sources say: the member that the source names, and null in others."""
    kinds = ", ".join(one.kind for one in sources)
    text = f"One of {kinds}, or one to come: the member of that name has it."
    members: Any = {"kind": (str, Field(description=text))}
    members |= {one.kind: (one.view | None, Field(description=one.meaning)) for one in sources}
    doc = "Something that happened to a record."
    return create_model("TimelineEntry", __base__=EntryHead, __doc__=doc, **members)


@cache
def query_model(sources: tuple[Source, ...]) -> type[BaseModel]:
    """Which entries of these sources are wanted."""
    kinds = Annotated[str, AnyOf(Literal[tuple(one.kind for one in sources)])]
    doc = "Which entries are wanted."
    return create_model("TimelineQuery", __doc__=doc, kind=(kinds | None, None))


def timeline_route(of: RecordPaths) -> None:
    """Put `GET /{id}/timeline` onto the router of the record type."""
    sources = sources_of(of)

    async def timeline(
        record_id: UUID, wanted: Any, _by: Actor, asked: PageAsked, at: InReading
    ) -> Page[Any]:
        await of.reads.require(at, record_id)
        chosen = wanted.kind.split(",") if wanted.kind else [one.kind for one in sources]
        return await _page(at, of, record_id, [one for one in sources if one.kind in chosen], asked)

    text = f"All that happened to the {of.one}, the newest first."
    types: dict[str, Any] = {"wanted": Annotated[query_model(sources), Query()], "_by": of.reader}
    types["return"] = Page[entry_model(sources)]  # type: ignore[misc] # made of the sources
    of.add("GET", "timeline", "timeline", text, timeline, types)


async def _page(
    at: Reading, of: RecordPaths, record_id: UUID, wanted: Sequence[Source], asked: PageQuery
) -> Page[Any]:
    """A page of the entries of the record, and of those that were merged into it.

    Those of types that the caller may not read are left out.
    """
    sources = [one for one in wanted if not one.of_type or at.actor.may(_type_of(one, of).read)]
    if not sources:
        return Page(items=[])
    merged = of.kind is not None and of.kind.merging is not None
    ids = await losers_of(at, of.name, [record_id]) if merged else [record_id]
    page = await fetch_page(
        at.sql,
        columns="entry.kind, entry.id, entry.at, entry.actor, entry.actor_name, entry.content",
        source=f"({' union all '.join(one.select(of) for one in sources)}) entry",
        view=dict,
        sorts={"at": Sort("entry.at", "timestamptz")},
        default="-at",
        asked=asked,
        where=[
            Filter("entry.record_type = {}", of.name),
            Filter("entry.record_id = any({}::uuid[])", ids),
            *(hidden for one in sources if one.of_type for hidden in _hidden(at, one, of)),
        ],
        key="entry.id",
    )
    await _name_actors(at, [row for row in page.items if row["kind"] == "event"])
    empty = {one.kind: None for one in sources_of(of)}
    for source in sources:
        rows = [row for row in page.items if row["kind"] == source.kind]
        views = await source.views(at, of, [row["content"] for row in rows])
        for row, view in zip(rows, views, strict=True):
            row |= {source.kind: view}
    model = entry_model(sources_of(of))
    items = [model.model_validate(empty | row) for row in page.items]
    return Page(items=items, next_cursor=page.next_cursor, total=page.total)


def _type_of(source: Source, of: RecordPaths) -> RecordPaths:
    """The record type that the source's entries are."""
    base: Any = of.service_base
    return described_by(record_types(base)[source.of_type].reads.view)


def _hidden(at: Reading, source: Source, of: RecordPaths) -> Iterator[Filter]:
    """Conditions that leave out entries whose records the caller does not see."""
    reads = _type_of(source, of).reads
    for one in reads.conditions(at):
        seen = f"{reads.key} = entry.id and {one.condition}"
        yield Filter(
            f"(entry.kind <> '{source.kind}' or exists (select from {reads.source} where {seen}))",
            one.value,
        )


_NAMES = """select 'user:' || id as actor, name from local_user where id = any($1::uuid[])
  union all select 'key:' || id, name from api_key where id = any($2::uuid[])"""


async def _name_actors(at: Reading, rows: Sequence[dict[str, Any]]) -> None:
    """Give the entries the names that their actors have now."""
    if not rows:
        return
    users, keys = (_ids_of(kind, rows) for kind in ("user", "key"))
    names = {row["actor"]: row["name"] for row in await at.sql.fetch(_NAMES, users, keys)}
    names[SYSTEM.reference] = SYSTEM.name
    for row in rows:
        row["actor_name"] = names.get(row["actor"], "")


def _ids_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """The ids of the actors of a kind."""
    named = {row["actor"].partition(":")[::2] for row in rows}
    return [UUID(one) for of_kind, one in named if of_kind == kind]
