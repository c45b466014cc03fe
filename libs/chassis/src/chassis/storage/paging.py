"""Lists: pages by keyset, so that a deep page costs what the first one does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import asyncpg
from pydantic import BaseModel, Field

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidCursor, InvalidInput
from chassis.storage.conditions import Numbered, all_of
from chassis.storage.cursors import decoded, encoded
from chassis.storage.totals import Total, count_rows

__all__ = ["LARGEST_PAGE", "Filter", "Page", "PageQuery", "Sort", "fetch_page"]

T = TypeVar("T")
LARGEST_PAGE = 200
FIRST_TESTED = (400, 8_000)
"""Records that are tested for a word one by one: so many, and more where they promise a page."""


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` for the next page; null: this is the last."
    )
    total: Total | None = Field(default=None, description="With `include_total`; else null.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name in the contract: a page of `CustomerView` is a `CustomerPage`."""
        return f"{params[0].__name__.removesuffix('View').removesuffix('Record')}Page"


@dataclass(frozen=True)
class PageQuery:
    """Which page the caller asks for.

    `times` are ranges of instants by the name of a sort, without their ends; `link` is given the
    cursor of the next page, where there is one; `custom` are parameters about custom fields.
    """

    limit: int = 50
    cursor: str | None = None
    sort: str | None = None
    q: str | None = None
    include_total: bool = False
    times: Mapping[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    link: Callable[[str], None] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """One condition; `{}` stands for its value. A value of None leaves the condition out.

    `by_index` marks a condition that many records meet or hardly any, such as a word in a text.
    The first records of the list are tested for it one by one; where they do not fill a page,
    `by_index` takes the records from an index: the same ones, or with `is_rest` more, which are
    tested. `weight`: how many times a plain test such a test takes.
    """

    condition: str
    value: Any
    by_index: "Filter | None" = None
    weight: int = 1
    is_rest: bool = False


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
            errors=[FieldError("/query/sort", "unknown_sort", "Sort by one of: {known}.", known)]
        )
    listing = _Listing(columns, source, chosen, key, descending=descending)
    where = [*where, *_of_times(sorts, asked)]
    after = decoded(asked.cursor, sort) if asked.cursor else None
    try:
        rows = await _rows(sql, listing, where, after, asked.limit + 1)
    except asyncpg.DataError as not_ours:
        if asked.cursor:
            raise InvalidCursor from not_ours
        raise
    shown = rows[: asked.limit]
    last = shown[-1] if len(rows) > asked.limit else None
    following = encoded(sort, last["page_sort"], last["page_key"]) if last else None
    if following and asked.link:
        asked.link(following)
    return Page(
        items=[view(row) for row in shown],
        next_cursor=following,
        total=await _total(sql, source, where) if asked.include_total else None,
    )


def _of_times(sorts: Mapping[str, Sort], asked: PageQuery) -> list[Filter]:
    """The conditions of the ranges of times; each is one that the list may be sorted by."""
    return [
        Filter(f"{sorts[name].expression} {sign} {{}}", end)
        for name, ends in asked.times.items()
        for sign, end in zip((">=", "<"), ends, strict=True)
        if end is not None
    ]


async def _total(sql: "asyncpg.Connection[Any]", source: str, where: Sequence[Filter]) -> Total:
    """How many rows meet the conditions; words are looked up in their index."""
    at = Numbered()
    present = [one for one in where if one.value is not None]
    conditions = [at.condition(one.by_index or one) for one in present]
    conditions += [at.condition(one) for one in present if one.by_index and one.is_rest]
    return await count_rows(sql, source, at, conditions)


@dataclass(frozen=True)
class _Listing:
    """What is listed, and in which order."""

    columns: str
    source: str
    sort: Sort
    key: str
    descending: bool

    def order(self, expression: str, key: str) -> str:
        direction = "desc" if self.descending else "asc"
        return f" order by {expression} {direction}, {key} {direction}"

    def page(self, where: Sequence[str], limit: str = "") -> str:
        return (
            f"select {self.columns}, ({self.sort.expression})::text as page_sort,"
            f" {self.key}::text as page_key from {self.source}{all_of(where)}"
            f"{self.order(self.sort.expression, self.key)}{limit}"
        )

    def after(self, value: str, key: str) -> str:
        sign = "<" if self.descending else ">"
        return f"({self.sort.expression}, {self.key}) {sign} ({value}, {key})"

    def among_first(
        self, tested: int, where: Sequence[str], tests: Sequence[str], limit: str
    ) -> str:
        """Of the first records those that pass the tests, so many as a page holds."""
        passed = f", {' and '.join(tests)} as passed"
        order = f"{self.order(self.sort.expression, self.key)} limit {tested}"
        return self._one_of(f"{self._places(where, passed)}{order}", "passed", limit)

    def among_all(self, where: Sequence[str], tests: Sequence[str], limit: str) -> str:
        """Of all records that meet the conditions, so many as a page holds.

        They are tested in the list's order, until the page is full. `offset 0` keeps the planner
        from walking the list instead.
        """
        places = f"{self._places(where)} offset 0"
        if not tests:
            return self._one_of(places, "true", limit)
        order = self.order("place", "key")
        test = (
            f"select {' and '.join(tests)} as passed from {self.source}"
            f" where {self.key} = found.key offset 0"
        )
        found = f"select place, key from ({places}) placed{order} offset 0"
        return (
            f"{self.key} = any(array(select key from ({found}) found"
            f" cross join lateral ({test}) tested where passed{order}{limit}))"
        )

    def _places(self, where: Sequence[str], passed: str = "") -> str:
        columns = f"{self.sort.expression} as place, {self.key} as key{passed}"
        return f"select {columns} from {self.source}{all_of(where)}"

    def _one_of(self, places: str, condition: str, limit: str) -> str:
        chosen = f"from ({places}) found where {condition}{self.order('place', 'key')}{limit}"
        return f"{self.key} = any(array(select key {chosen}))"


async def _rows(
    sql: "asyncpg.Connection[Any]",
    listing: _Listing,
    where: Sequence[Filter],
    after: tuple[str, str] | None,
    count: int,
) -> list[Any]:
    """The first rows that meet the conditions: from the list's order, or else from an index."""
    plain = [one for one in where if one.value is not None and not one.by_index]
    words = [one for one in where if one.value is not None and one.by_index]
    at, conditions, limit = _asked(listing, plain, after, count)
    if not words:
        return await sql.fetch(listing.page(conditions, limit), *at.values)
    tests = [at.condition(one) for one in words]
    few, many = FIRST_TESTED
    for tested in FIRST_TESTED:
        tried = tested // max(one.weight for one in words)
        first = listing.among_first(tried, conditions, tests, limit)
        rows = await sql.fetch(listing.page([first]), *at.values)
        if len(rows) >= count:
            return rows
        if len(rows) * many < count * few:
            break
    at, conditions, limit = _asked(listing, plain, after, count)
    conditions += [at.condition(one.by_index) for one in words if one.by_index]
    tests = [at.condition(one) for one in words if one.is_rest]
    return await sql.fetch(listing.page([listing.among_all(conditions, tests, limit)]), *at.values)


def _asked(
    listing: _Listing, plain: Sequence[Filter], after: tuple[str, str] | None, count: int
) -> tuple[Numbered, list[str], str]:
    """The plain conditions and how many are wanted, with their values."""
    at = Numbered()
    conditions = [at.condition(one) for one in plain]
    if after:
        value = f"{at.value(after[0])}::text::{listing.sort.sql_type}"
        conditions.append(listing.after(value, f"{at.value(after[1])}::text::uuid"))
    return at, conditions, f" limit {at.value(count)}"
