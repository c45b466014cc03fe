"""`GET /<many>` and `GET /<many>/{id}` of a record type, master data or documents alike."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from chassis.actor import Actor
from chassis.http.dependencies import InReading
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked, RecordsAsked
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from records.asked import RecordSearchAsked, SearchAsked
from records.custom.lists import LIST_PARAMETER, with_custom
from records.paths import RecordPaths
from records.reads import BY_TIME, Reads
from records.redirects import winner_of
from records.replies import asked_includes, include_related, replies_of

__all__ = ["Explain", "get_route", "list_route"]

Explain: TypeAlias = Callable[[Reading, Sequence[Any]], Awaitable[Sequence[Any]]]
"""What makes the views of a page as this caller reads them, such as in the caller's language."""


async def as_it_is() -> Explain:
    """Views say the same to everybody."""

    async def unchanged(_at: Reading, views: Sequence[Any]) -> Sequence[Any]:
        return views

    return unchanged


AS_IT_IS = Annotated[Explain, Depends(as_it_is)]


def list_route(of: RecordPaths, text: str, *, explain: Any = AS_IT_IS) -> None:
    """`GET /<many>`: a page of them, by the query of the reads.

    It takes `include` where they refer to others, and custom fields where they have some.
    `explain`: the dependency that gives what the views become for this caller.
    """
    replies = replies_of(of.reads)
    query = of.reads.query

    async def filtered(
        wanted: Any,
        _by: Actor,
        asked: Any,
        included: Sequence[str],
        at: InReading,
        explained: Explain,
    ) -> Any:
        page = await replies.page(at, wanted, asked)
        items = await explained(at, page.items)
        items = await include_related(at, of.reads, included, items)
        return page.model_copy(update={"items": items})

    async def whole(
        _by: Actor, asked: Any, included: Sequence[str], at: InReading, explained: Explain
    ) -> Any:
        return await filtered(None, _by, asked, included, at, explained)

    types: dict[str, Any] = {
        "_by": of.reader,
        "asked": _asked_of(of.reads),
        "included": asked_includes(of.reads),
        "explained": explain,
        "return": Page.__class_getitem__(replies.view),
    }
    if query is not None:
        types["wanted"] = Annotated[query, Query()]
    extra = LIST_PARAMETER if of.reads.has_custom_fields else None
    endpoint = filtered if query else whole
    of.add_to_many("GET", "", "list", text, endpoint, types, openapi_extra=extra)


def get_route(of: RecordPaths, text: str = "", *, explain: Any = AS_IT_IS) -> None:
    """`GET /<many>/{id}`: one, with its ETag where it has one; `include` as in the list."""
    replies = replies_of(of.reads)

    async def get(
        record_id: Any,
        _by: Actor,
        included: Sequence[str],
        at: InReading,
        response: Response,
        explained: Explain,
    ) -> Any:
        found = await _resolved(at, of, record_id, response)
        [seen] = await include_related(at, of.reads, included, await explained(at, [found]))
        reply_with(response, seen)
        return seen

    async def get_unversioned(
        record_id: Any, _by: Actor, included: Sequence[str], at: InReading, explained: Explain
    ) -> Any:
        views = await explained(at, [await replies.get(at, record_id)])
        [seen] = await include_related(at, of.reads, included, views)
        return seen

    types = {
        "_by": of.reader,
        "included": asked_includes(of.reads),
        "explained": explain,
        "return": replies.view,
    }
    view: type[BaseModel] = replies.view
    endpoint = get if "version" in view.model_fields else get_unversioned
    text = text or f"The {of.one}."
    if of.kind and of.kind.merging:
        text += " The id of one that was merged gives the one it is now (`Content-Location`)."
    of.add("GET", "", "get", text, endpoint, types)


async def _resolved(at: Reading, of: RecordPaths, record_id: Any, response: Response) -> Any:
    """The record, or the one into which it was merged, also just now. Raises NotFound."""
    replies, into = replies_of(of.reads), record_id
    merged = of.kind is not None and of.kind.merging is not None
    while True:
        try:
            found = await replies.get(at, into)
        except NotFound:
            into = await winner_of(at, of.name, into) if merged else None
            if into is None:
                raise NotFound(entity=of.name, id=record_id) from None
            continue
        if into != record_id:
            response.headers["Content-Location"] = f"{of.router.prefix}/{into}"
        return found


def _asked_of(reads: Reads[Any]) -> Any:
    """How a list is asked: by days and words where it can be, by custom fields likewise."""
    own_q = reads.query is not None and "q" in reads.query.model_fields
    searched = not own_q and reads.searched
    if reads.sorts.keys() >= BY_TIME.keys():
        asked: Any = RecordSearchAsked if searched else RecordsAsked
    else:
        asked = SearchAsked if searched else PageAsked
    return with_custom(asked) if reads.has_custom_fields else asked
