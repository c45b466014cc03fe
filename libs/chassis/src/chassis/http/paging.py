"""Lists: pages by keyset, so that a deep page costs what the first one does."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import asyncpg
import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chassis.http.problems import FieldError, InvalidCursor, InvalidInput

__all__ = ["Filter", "Page", "PageAsked", "PageQuery", "Sort", "fetch_page"]

T = TypeVar("T")
LARGEST_PAGE = 200


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` for the next page; null: this is the last."
    )


@dataclass(frozen=True)
class PageQuery:
    """Which page the caller asks for."""

    limit: int = 50
    cursor: str | None = None
    sort: str | None = None


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


@dataclass(frozen=True)
class Filter:
    """One condition; `{}` stands for its value. A value of None leaves the condition out.

    Where the best plan depends on the value, such as a frequent word or a rare one, the
    statement is planned for it, which costs a millisecond.
    """

    condition: str
    value: Any
    depends_on_value: bool = False


@dataclass(frozen=True)
class Sort:
    """A field a list may be sorted by: a NOT NULL expression with an index, and its SQL type."""

    expression: str
    sql_type: str


async def fetch_page(
    sql: "asyncpg.Connection[Any]",
    *,
    columns: str,
    source: str,
    view: Callable[[Mapping[str, Any]], T],
    sorts: Mapping[str, Sort],
    default: str,
    asked: PageQuery,
    where: Sequence[Filter] = (),
    key: str = "id",
) -> Page[T]:
    """One page of `select columns from source`. SQL holds only the filters that are present.

    `default` is the sort without a wish, such as `-created_at`; `key` the unique expression
    (uuid) that decides between equals. Raises InvalidCursor, InvalidInput (unknown sort).
    """
    sort = asked.sort or default
    descending, chosen = sort.startswith("-"), sorts.get(sort.removeprefix("-"))
    if chosen is None:
        known = {"known": ", ".join(sorts)}
        raise InvalidInput(
            errors=[FieldError("/sort", "unknown_sort", "Sort by one of: {known}.", known)]
        )
    present = [one for one in where if one.value is not None]
    conditions = [one.condition.format(f"${at}") for at, one in enumerate(present, 1)]
    arguments = [one.value for one in present]
    if asked.cursor:
        before = _decoded(asked.cursor, sort)
        sign, at = "<" if descending else ">", len(arguments)
        conditions.append(
            f"({chosen.expression}, {key}) {sign} "
            f"(${at + 1}::text::{chosen.sql_type}, ${at + 2}::text::uuid)"
        )
        arguments.extend(before)
    direction = "desc" if descending else "asc"
    statement = (
        f"select {columns}, ({chosen.expression})::text as page_sort, {key}::text as page_key"
        f" from {source}{' where ' if conditions else ''}{' and '.join(conditions)}"
        f" order by {chosen.expression} {direction}, {key} {direction}"
        f" limit ${len(arguments) + 1}"
    )
    try:
        fetch = _planned if any(one.depends_on_value for one in present) else _fetched
        rows = await fetch(sql, statement, *arguments, asked.limit + 1)
    except asyncpg.DataError as not_ours:
        if asked.cursor:
            raise InvalidCursor from not_ours
        raise
    shown = rows[: asked.limit]
    last = shown[-1] if len(rows) > asked.limit else None
    return Page(
        items=[view(row) for row in shown],
        next_cursor=_encoded(sort, last["page_sort"], last["page_key"]) if last else None,
    )


async def _fetched(sql: "asyncpg.Connection[Any]", statement: str, *arguments: Any) -> list[Any]:
    return await sql.fetch(statement, *arguments)


async def _planned(sql: "asyncpg.Connection[Any]", statement: str, *arguments: Any) -> list[Any]:
    """As fetched, by a plan for just these arguments."""
    await sql.execute("set plan_cache_mode = force_custom_plan")
    try:
        return await sql.fetch(statement, *arguments)
    finally:
        if not sql.is_closed():
            await sql.execute("reset plan_cache_mode")


def _encoded(sort: str, value: str, key: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, value, key])).decode().rstrip("=")


def _decoded(cursor: str, sort: str) -> tuple[str, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made_for, value, key = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError) as unreadable:
        raise InvalidCursor from unreadable
    if made_for != sort or not isinstance(value, str) or not isinstance(key, str):
        raise InvalidCursor
    return value, key
