"""Paths of tags, the same in every service that keeps records."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from records.asked import RecordSearchAsked
from records.entities import ACTIVE, ARCHIVED
from records.history_reads import ChangedField, RecordChangeView, history_of
from records.tags import service
from records.tags.errors import TagArchived, TagMerged, TagNameTaken
from records.tags.history import TAG
from records.tags.queries import TAGS
from records.tags.schemas import ChangeTag, MergeTag, NewTag, TagQuery, TagView

__all__ = ["READ", "WRITE", "tag_router"]

READ, WRITE = "tags.read", "tags.write"
Reader = Annotated[Actor, Needs(READ)]
Keeper = Annotated[Actor, Needs(WRITE)]

tag_router = api_router(prefix="/v1/tags", tag="tags")


@tag_router.get("")
async def tag_list(
    _by: Reader, wanted: Annotated[TagQuery, Query()], asked: RecordSearchAsked, at: InReading
) -> Page[TagView]:
    """Tags, by name."""
    return await TAGS.page(at, wanted, asked)


@tag_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(TagNameTaken))
async def tag_create(
    command: NewTag, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> TagView:
    """Make a tag, which people can put on records then."""
    tag = await service.add_tag(work, command)
    reply_with(response, tag, location=f"{tag_router.prefix}/{tag.id}")
    return tag


@tag_router.get("/{tag_id}", responses=refuses(NotFound))
async def tag_get(tag_id: UUID, _by: Reader, at: InReading, response: Response) -> TagView:
    """The tag; of one that was merged `merged_into` says which one its name stands for."""
    tag = await TAGS.get(at, tag_id)
    reply_with(response, tag)
    return tag


@tag_router.get("/{tag_id}/history", responses=refuses(NotFound))
async def tag_history(
    tag_id: UUID, _by: Reader, asked: PageAsked, at: InReading, field: ChangedField = None
) -> Page[RecordChangeView]:
    """Who made, renamed, archived or merged the tag when, the last change first."""
    return await history_of(at, TAG, tag_id, asked, field=field)


@tag_router.patch("/{tag_id}", responses=refuses(NotFound, TagMerged, TagNameTaken))
async def tag_update(
    tag_id: UUID,
    command: ChangeTag,
    _by: Keeper,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> TagView:
    """Rename a tag, or change its colour or description; it stays on its records."""
    tag = await service.change_tag(work, tag_id, command, revision=revision)
    reply_with(response, tag)
    return tag


@tag_router.post("/{tag_id}/archive", responses=refuses(NotFound))
async def tag_archive(
    tag_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> TagView:
    """Put the tag on no more records; those that have it keep it, and are found by it."""
    tag = await service.set_status(work, tag_id, ARCHIVED)
    reply_with(response, tag)
    return tag


@tag_router.post("/{tag_id}/restore", responses=refuses(NotFound, TagMerged))
async def tag_restore(
    tag_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> TagView:
    """Use the tag again."""
    tag = await service.set_status(work, tag_id, ACTIVE)
    reply_with(response, tag)
    return tag


@tag_router.post("/{tag_id}/merge", responses=refuses(NotFound, TagMerged, TagArchived))
async def tag_merge(
    tag_id: UUID,
    command: MergeTag,
    _by: Keeper,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> TagView:
    """Give all records of the tag another one instead; its name stands for that one then."""
    tag = await service.merge_tag(work, tag_id, command.into)
    reply_with(response, tag)
    return tag
