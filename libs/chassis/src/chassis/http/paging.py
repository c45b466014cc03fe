"""Which page of a list is asked for, read from the query string."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query

from chassis.http.refusals import may_refuse
from chassis.problems.standard import InvalidCursor
from chassis.storage.paging import LARGEST_PAGE, PageQuery

__all__ = ["PageAsked", "SearchAsked"]


@may_refuse(InvalidCursor)
async def page_asked(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Records a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
    ] = None,
    sort: Annotated[
        str | None, Query(max_length=60, description="Field to sort by; `-` before it: descending.")
    ] = None,
) -> PageQuery:
    """The page asked for, from the query string."""
    return PageQuery(limit, cursor, sort)


PageAsked = Annotated[PageQuery, Depends(page_asked)]
WORDS = "Words of the number, of texts or of names and SKUs that belong to it, in any order."


async def search_asked(
    asked: PageAsked,
    q: Annotated[
        str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description=WORDS)
    ] = None,
) -> PageQuery:
    """The page asked for, of the records that have the words."""
    return replace(asked, q=q)


SearchAsked = Annotated[PageQuery, Depends(search_asked)]
