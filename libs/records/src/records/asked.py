"""Lists that are asked for words: the page asked for, with `q`."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query

from chassis.http.paging import PageAsked, RecordsAsked
from chassis.storage.paging import PageQuery

__all__ = ["RecordSearchAsked", "SearchAsked"]

WORDS = "Words of the number, of texts or of names and SKUs that belong to it, in any order."
Words = Annotated[
    str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description=WORDS)
]


def _with_words(asked_by: Any) -> Any:
    """The page asked for by a dependency, of the records that have the words."""

    async def search_asked(asked: PageQuery, q: Words = None) -> PageQuery:
        return replace(asked, q=q)

    search_asked.__annotations__["asked"] = asked_by
    return Depends(search_asked)


SearchAsked = Annotated[PageQuery, _with_words(PageAsked)]
RecordSearchAsked = Annotated[PageQuery, _with_words(RecordsAsked)]
