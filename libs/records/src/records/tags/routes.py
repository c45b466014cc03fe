"""The routes of tags on one type of record."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, OnlyOnce, ProblemViews
from chassis.problems.problem import Problem
from chassis.problems.standard import Forbidden, NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.paths import RecordPaths
from records.tags.errors import TagArchived, TooManyTags
from records.tags.queries import tags_of
from records.tags.schemas import (
    RECORDS_MAX,
    RecordTagsView,
    TagMany,
    TagOutcome,
    TagsOfMany,
    TagsReply,
)
from records.tags.tagging import Tagging, tag_records

__all__ = ["tag_routes"]

AskedIds = Annotated[
    list[UUID],
    Query(alias="id", min_length=1, max_length=RECORDS_MAX, description="Ids of records."),
]


def tag_routes(of: RecordPaths) -> None:
    """Put `/{id}/tags` onto the router of the record type, and `/tags/batch` for many records."""
    _list(of)
    _put(of)
    _remove(of)
    _list_many(of)
    _batch(of)


def _list(of: RecordPaths) -> None:
    async def tag_list(record_id: UUID, _by: Actor, at: InReading) -> RecordTagsView:
        await of.reads.require(at, record_id)
        return await _view(at, of, record_id)

    text = f"The tags of the {of.one}, by name."
    of.add("GET", "tags", "tag_list", text, tag_list, {"_by": of.reader})


def _put(of: RecordPaths) -> None:
    async def tag_put(record_id: UUID, tag_id: UUID, _by: Actor, work: InWork) -> RecordTagsView:
        return await _tag(work, of, record_id, Tagging(add=[tag_id]))

    text = f"Put a tag on the {of.one}; nothing changes where it has it. Its tags after that."
    why, types = (TagArchived, TooManyTags), {"_by": of.writer}
    of.add("PUT", "tags/{tag_id}", "tag_put", text, tag_put, types, refuses=why)


def _remove(of: RecordPaths) -> None:
    async def tag_remove(record_id: UUID, tag_id: UUID, _by: Actor, work: InWork) -> RecordTagsView:
        return await _tag(work, of, record_id, Tagging(remove=[tag_id]))

    text = f"Take a tag off the {of.one}; nothing changes where it is off. Its tags after that."
    of.add("DELETE", "tags/{tag_id}", "tag_remove", text, tag_remove, {"_by": of.writer})


def _list_many(of: RecordPaths) -> None:
    async def tag_list_many(ids: AskedIds, _by: Actor, at: InReading) -> TagsOfMany:
        seen = await of.reads.visible_ids(at, ids)
        found = await tags_of(at, of.name, seen)
        views = [
            RecordTagsView(record_type=of.name, record_id=one, tags=found[one])
            for one in dict.fromkeys(ids)
            if found.get(one)
        ]
        return TagsOfMany(items=views)

    text = "The tags of many records, such as those of a page; who has none is left out."
    of.add_to_many("GET", "tags/batch", "tag_list_many", text, tag_list_many, {"_by": of.reader})


def _batch(of: RecordPaths) -> None:
    async def tag_batch(
        command: TagMany, view_of: ProblemViews, _by: Actor, _once: OnlyOnce, work: InWork
    ) -> TagsReply:
        seen = await of.reads.found_ids(work, command.ids)
        changeable = await of.reads.changeable_ids(work, seen)
        done = await tag_records(work, of.name, changeable, Tagging(command.add, command.remove))

        def outcome(record_id: UUID) -> TagOutcome:
            became = done.get(record_id)
            if record_id not in seen:
                became = NotFound(entity=of.name, id=record_id)
            elif became is None:
                became = Forbidden(scope=of.reads.change_scope)
            if isinstance(became, Problem):
                return TagOutcome(id=record_id, status="failed", problem=view_of(became))
            return TagOutcome(id=record_id, status="changed" if became else "unchanged")

        return TagsReply(items=[outcome(one) for one in command.ids])

    text = "Put tags on many records and take others off; each is judged alone."
    types, why = {"_by": of.writer}, (NotFound, TagArchived)
    of.add_to_many("POST", "tags/batch", "tag_batch", text, tag_batch, types, refuses=why)


async def _tag(work: Work, of: RecordPaths, record_id: UUID, tagging: Tagging) -> RecordTagsView:
    """Change the tags of one record. Raises what may be in the way of it."""
    await of.reads.require(work, record_id)
    await of.reads.require_changeable(work, [record_id])
    became = (await tag_records(work, of.name, [record_id], tagging))[record_id]
    if isinstance(became, Problem):
        raise became
    return await _view(work, of, record_id)


async def _view(at: Reading, of: RecordPaths, record_id: UUID) -> RecordTagsView:
    tags = (await tags_of(at, of.name, [record_id]))[record_id]
    return RecordTagsView(record_type=of.name, record_id=record_id, tags=tags)
