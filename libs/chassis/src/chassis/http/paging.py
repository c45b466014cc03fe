"""Which page of a list is asked for, read from the query string."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from chassis.clock import days_between
from chassis.http.refusals import may_refuse
from chassis.problems.ranges import require_ranges
from chassis.problems.standard import InvalidCursor
from chassis.storage.paging import LARGEST_PAGE, PageQuery
from chassis.storage.totals import LARGEST_TOTAL
from values.days import Day

__all__ = ["LINK", "PageAsked", "RecordsAsked", "page_asked"]

LINK = {
    "Link": {
        "description": 'The next page (`rel="next"`); the last page has none.',
        "schema": {"type": "string"},
    }
}
FIELDS = "Only these fields of each row, such as `id,number`; unknown ones are refused."
TOTAL = f"Say in `total` how many there are on all pages; it counts up to {LARGEST_TOTAL}."


@may_refuse(InvalidCursor)
async def page_asked(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Records a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
    ] = None,
    sort: Annotated[
        str | None, Query(max_length=60, description="Field to sort by; `-` before it: descending.")
    ] = None,
    _fields: Annotated[
        str | None, Query(alias="fields", max_length=2000, description=FIELDS)
    ] = None,
    *,
    include_total: Annotated[bool, Query(description=TOTAL)] = False,
) -> PageQuery:
    """The page asked for, from the query string; the reply links to the next one."""

    def link(next_cursor: str) -> None:
        url = request.url.include_query_params(cursor=next_cursor)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'

    return PageQuery(limit, cursor, sort, include_total=include_total, link=link)


PageAsked = Annotated[PageQuery, Depends(page_asked)]


def _day(text: str) -> Any:
    return Query(description=f"{text}, a business day of the company's zone.")


async def records_asked(  # noqa: PLR0917 - the ends of two ranges
    request: Request,
    asked: PageAsked,
    created_from: Annotated[Day | None, _day("The first day of creation")] = None,
    created_to: Annotated[Day | None, _day("The last day of creation")] = None,
    updated_from: Annotated[Day | None, _day("The first day of the last change")] = None,
    updated_to: Annotated[Day | None, _day("The last day of the last change")] = None,
) -> PageQuery:
    """The page asked for, of the records that were made, or last changed, on these days."""
    require_ranges({"created_from": created_from, "created_to": created_to})
    require_ranges({"updated_from": updated_from, "updated_to": updated_to})
    zone = request.app.state.settings.time_zone
    times = {
        "created_at": days_between(zone, created_from, created_to),
        "updated_at": days_between(zone, updated_from, updated_to),
    }
    return replace(asked, times=times)


RecordsAsked = Annotated[PageQuery, Depends(records_asked)]
