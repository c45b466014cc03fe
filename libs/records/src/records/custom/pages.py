"""Pages of documents sorted by a custom field: those that have a value, then those that have none.

Documents without a value have no row of `custom_order`: nothing is written when one is made. So a
page may be of two lists, each with an index: the places of values, and the documents by their key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar
from uuid import UUID

from chassis.problems.standard import InvalidCursor
from chassis.storage.cursors import decoded, encoded
from chassis.storage.paging import Filter, Page, PageQuery, Sort
from records.custom.lists import CustomList

__all__ = ["page_by_custom"]

V = TypeVar("V")

_WITHOUT = " without"
_FIRST_KEY, _LAST_KEY = str(UUID(int=0)), str(UUID(int=2**128 - 1))


class FetchPart(Protocol[V]):
    """What fetches a page with more joined to the source, more sorts and more conditions."""

    async def __call__(
        self, join: str, sorts: Mapping[str, Sort], where: Sequence[Filter], asked: PageQuery, /
    ) -> Page[V]:
        """The page."""


async def page_by_custom(
    by: CustomList, key: str, asked: PageQuery, fetch: FetchPart[V]
) -> Page[V]:
    """The page asked for, by what custom fields add; `key` is the SQL of the records' ids."""
    if by.without_place is None or asked.sort is None:
        return await fetch(by.join, by.sorts, by.where, asked)
    part = replace(asked, link=None, include_total=False)
    rest_sort = f"{asked.sort}{_WITHOUT}"
    sorts = {rest_sort.removeprefix("-"): Sort(key, "uuid")}
    lacking = [*by.where, by.without_place]
    if _is_of(asked.cursor, rest_sort):
        page = await fetch("", sorts, lacking, replace(part, sort=rest_sort))
    else:
        page = await fetch(by.join, by.sorts, by.where, part)
    if not page.next_cursor and not _is_of(asked.cursor, rest_sort):
        room = asked.limit - len(page.items)
        rest = replace(part, sort=rest_sort, cursor=None, limit=max(room, 1))
        page = _joined(page, await fetch("", sorts, lacking, rest), room, rest_sort)
    if page.next_cursor and asked.link:
        asked.link(page.next_cursor)
    if asked.include_total:
        counted = replace(asked, sort=None, cursor=None, limit=1, link=None)
        page.total = (await fetch("", {}, by.where, counted)).total
    return page


def _is_of(cursor: str | None, sort: str) -> bool:
    if not cursor:
        return False
    try:
        decoded(cursor, sort)
    except InvalidCursor:
        return False
    return True


def _joined(page: Page[V], rest: Page[V], room: int, rest_sort: str) -> Page[V]:
    """One page of the last documents that have a value and the first that have none."""
    if room:
        items = [*page.items, *rest.items]
        return page.model_copy(update={"items": items, "next_cursor": rest.next_cursor})
    if not rest.items:
        return page
    start = _LAST_KEY if rest_sort.startswith("-") else _FIRST_KEY
    return page.model_copy(update={"next_cursor": encoded(rest_sort, start, start)})
