"""How records are read: one place where views are made, and where row visibility is added.

Documents are read so as well; their source joins what belongs to them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import FromClause

from chassis.problems.ranges import require_ranges
from chassis.problems.standard import Forbidden, NotFound
from chassis.storage.base import version_columns
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.storage.searching import Searched, containing, having_words
from records.custom.fields import CustomView
from records.custom.lists import CustomList, custom_list
from records.custom.pages import page_by_custom
from records.filters import among
from records.includes import Include
from records.links import linked_to, references
from records.tagged import Tagged, tagged_with
from values.amounts import InCurrency

__all__ = [
    "BY_NAME",
    "BY_TIME",
    "Reads",
    "RecordQuery",
    "View",
    "columns_of",
    "everybody",
    "record_filters",
    "sorts_of",
    "sorts_of_postings",
]


class Model(Protocol):
    """What callers see: a Pydantic model."""

    @classmethod
    def model_validate(cls, obj: Any, /) -> Self:
        """The view of a row."""


class View(Model, Protocol):
    """What callers see of a record whose changes are counted."""

    @property
    def id(self) -> UUID:
        """The record's id."""

    @property
    def version(self) -> int:
        """The number in its ETag."""


V = TypeVar("V", bound=Model)
NUMBERS = ("number", "code", "sku", "login")
"""Fields whose values only one record has."""


def sorts_of(
    table: str,
    *,
    named: bool = True,
    texts: Sequence[str] = (),
    days: Sequence[str] = (),
    total: str = "",
) -> dict[str, Sort]:
    """What lists of the table are sorted by where their source joins others.

    `texts` and `days` are further columns of it; `total` is SQL for what a document comes to.
    """
    sorts = {name: Sort(f"{table}.{name}", "timestamptz") for name in ("created_at", "updated_at")}
    if named:
        sorts["name"] = Sort(f"{table}.sort_key", "text")
    sorts |= {name: Sort(f"{table}.{name}", "text") for name in texts}
    sorts |= {name: Sort(f"{table}.{name}", "date") for name in days}
    return sorts | ({"total": Sort(total, "numeric")} if total else {})


def sorts_of_postings(table: str) -> dict[str, Sort]:
    """What lists are sorted by of what is recorded once, and never changed."""
    recorded = Sort(f"{table}.recorded_at", "timestamptz")
    return dict.fromkeys(("created_at", "updated_at", "recorded_at"), recorded)


BY_TIME: Mapping[str, Sort] = {
    name: Sort(name, "timestamptz") for name in ("created_at", "updated_at")
}
BY_NAME: Mapping[str, Sort] = {**BY_TIME, "name": Sort("sort_key", "text")}
"""What lists are sorted by; each has an index (`list_indexes`)."""


def everybody(_at: Reading) -> Sequence[Filter]:
    """The rule of records that every caller sees who may read records of that type."""
    return ()


def no_filters(_at: Reading, _query: Any) -> Sequence[Filter]:
    """The filters of a list that has none of its own."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Reads(Generic[V]):
    """How records of a type are read: what callers see of which rows, how they filter and sort.

    name          the type in one word, such as `sales_order`: in problems, history, notes, tags
    view          the model that a row becomes, by `show` where that is not plain validation
    columns       SQL columns of the view
    source        SQL table, with joins; a row for each record
    visible       conditions that are added to every read: the rows that the actor may see
    changeable    conditions of those that the actor may change as well, where they are fewer;
                  `change_scope`: the permission that lifts them
    filters       conditions of a list for the query (`QueryModel`) that its route takes
    searched      the texts that `q` is looked up in
    sorts         what lists may be sorted by; `default_sort` without a wish
    key           SQL expression of the record's id
    place         SQL expression that tells rows of a list apart, where an index has it and not the
                  key
    title         SQL text by which people know a record; usually its name, or its number
    subtitle      SQL text that says more of it; usually the number of one that has a name
    includes      records that it refers to, by the name under which `include=` brings them along
    """

    name: str
    view: type[V]
    columns: str
    source: str
    visible: Callable[[Reading], Sequence[Filter]]
    query: type[BaseModel] | None = None
    filters: Callable[[Reading, Any], Sequence[Filter]] = no_filters
    searched: Searched | None = None
    sorts: Mapping[str, Sort] = field(default_factory=lambda: BY_TIME)
    default_sort: str = "-created_at"
    key: str = "id"
    place: str = ""
    title: str = ""
    subtitle: str = ""
    show: Callable[[Reading, Mapping[str, Any]], V] | None = None
    changeable: Callable[[Reading], Sequence[Filter]] = everybody
    change_scope: str = ""
    includes: Mapping[str, Include] = field(default_factory=dict)

    async def get(self, at: Reading, record_id: UUID) -> V:
        """The record as callers see it. Raises NotFound, also where the actor may not see it."""
        hidden = self._visibility(at)
        sql = self._one + _numbered(hidden, first=2)
        row = await at.sql.fetchrow(sql, record_id, *(one.value for one in hidden))
        if row is None:
            raise NotFound(entity=self.name, id=record_id)
        return self._view(at, row)

    async def get_all(
        self, at: Reading, keys: Collection[UUID | str], *, by: str = "id"
    ) -> list[V]:
        """Those of the records that there are and that the actor may see, in the order of keys.

        `by`: the field that the keys are values of, the id or a text of the table.
        """
        hidden = self._visibility(at)
        column = f"{self.key.rpartition('id')[0]}{by}"
        sql_type = "uuid" if by == "id" else "text"
        sql = (
            f"select {self.columns} from {self.source}"
            f" where {column} = any($1::{sql_type}[]){_numbered(hidden, first=2)} order by {column}"
        )
        rows = await at.sql.fetch(sql, list(keys), *(one.value for one in hidden))
        return [self._view(at, row) for row in rows]

    async def page(self, at: Reading, wanted: Any, asked: PageQuery) -> "Page[V]":
        """One page of the records wanted; `wanted` is a query of the list, or None.

        Raises InvalidCursor, InvalidInput (unknown sort, nothing to search, a reversed range).
        """
        if wanted is not None:
            require_ranges(vars(wanted))
        q = asked.q if asked.q is not None else getattr(wanted, "q", None)
        words = await containing(at.sql, q, self.searched) if self.searched else []
        tag = getattr(wanted, "tag", None)
        tagged = [tagged_with(self.name, self.key, tag)] if tag else []
        own = [*self._visibility(at), *self.filters(at, wanted), *words, *tagged]

        async def fetch(
            join: str, sorts: Mapping[str, Sort], where: Sequence[Filter], part: PageQuery
        ) -> "Page[V]":
            return await fetch_page(
                at.sql,
                columns=self.columns,
                source=f"{self.source}{join}",
                view=lambda row: self._view(at, row),
                sorts={**self.sorts, **sorts},
                default=self.default_sort,
                asked=part,
                where=[*own, *where],
                key=self.place or self.key,
            )

        by_custom = await self._by_custom(at, asked)
        return await page_by_custom(by_custom, self.place or self.key, asked, fetch)

    async def _by_custom(self, at: Reading, asked: PageQuery) -> CustomList:
        if not self.has_custom_fields:
            return CustomList()
        return await custom_list(at, self.name, self.key, asked, beside=self.custom_beside)

    @cached_property
    def table(self) -> str:
        """The table that has a row for each record."""
        return self.source.split()[0]

    @cached_property
    def has_custom_fields(self) -> bool:
        """Whether the records show custom fields."""
        return issubclass(self.view, CustomView)

    @cached_property
    def has_amounts(self) -> bool:
        """Whether the view says in which currency its amounts are."""
        return issubclass(self.view, InCurrency)

    @cached_property
    def custom_beside(self) -> bool:
        """Whether custom fields stand beside the records, as those of documents do."""
        return "from document_fields" in self.columns

    @cached_property
    def has_tags(self) -> bool:
        """Whether the records have tags: their list is filtered by them."""
        return self.query is not None and issubclass(self.query, Tagged)

    @cached_property
    def number(self) -> str:
        """SQL of what is its own of each record, and has an index: number, code, SKU or login."""
        own = next((self.sorts[one] for one in NUMBERS if one in self.sorts), None)
        return own.expression if own else ""

    @cached_property
    def titles(self) -> tuple[str, str]:
        """SQL of the texts by which people know a record: title and subtitle."""
        table = self.key.rpartition("id")[0]
        fields: Mapping[str, Any] = self.view.model_fields  # type: ignore[attr-defined] # a model
        name = f"{table}name" if "name" in fields else ""
        title = self.title or name or self.number
        return title, self.subtitle or (self.number if title != self.number else "") or "''"

    async def newest_with(
        self, at: Reading, words: list[list[str]], count: int, *, without: Collection[UUID]
    ) -> list[UUID]:
        """Ids of the first so many records whose texts have the words (`words_of`), as listed."""
        if self.searched is None:
            return []
        page = await fetch_page(
            at.sql,
            columns=f"{self.key} as found",
            source=self.source,
            view=lambda row: row["found"],
            sorts=self.sorts,
            default=self.default_sort,
            asked=PageQuery(limit=count),
            where=[
                *self._visibility(at),
                Filter(f"{self.key} <> all({{}}::uuid[])", list(without) or None),
                having_words(self.searched, words),
            ],
            key=self.place or self.key,
        )
        return page.items

    def conditions(self, at: Reading) -> Sequence[Filter]:
        """The conditions of the rows that the actor may see."""
        return self._visibility(at)

    async def require(self, at: Reading, record_id: UUID) -> None:
        """Raise NotFound unless there is such a record and the actor may see it."""
        hidden = self._visibility(at)
        sql = f"select from {self.source} where {self.key} = $1{_numbered(hidden, first=2)}"
        if await at.sql.fetchrow(sql, record_id, *(one.value for one in hidden)) is None:
            raise NotFound(entity=self.name, id=record_id)

    async def require_visible(
        self, at: Reading, ids: Collection[UUID], *, named: str | None = None
    ) -> None:
        """Raise NotFound for a record that there is not, or that the actor may not see.

        Where everybody sees all records it asks nothing. `named`: the id by which the caller
        named the record, where that is not ours.
        """
        visible = await self.visible_ids(at, ids)
        missing = next((one for one in ids if one not in visible), None)
        if missing:
            raise NotFound(entity=self.name, id=named or missing)

    async def found_ids(self, at: Reading, ids: Collection[UUID]) -> Collection[UUID]:
        """Those of the ids whose records there are and the actor may see."""
        return await self._select_ids(at, ids, self._visibility(at))

    async def visible_ids(self, at: Reading, ids: Collection[UUID]) -> Collection[UUID]:
        """Those of the ids whose records the actor may see; all, unasked, if everybody may."""
        return await self._ids_within(at, ids, self._visibility(at))

    async def changeable_ids(self, at: Reading, ids: Collection[UUID]) -> Collection[UUID]:
        """Those of the ids whose records the actor may change; all, unasked, if it sees all so."""
        return await self._ids_within(at, ids, self.changeable(at))

    async def require_changeable(
        self, at: Reading, ids: Collection[UUID], *, named: str | None = None
    ) -> None:
        """Raise NotFound for a record that is not visible, Forbidden for one that is not to change.

        Where the actor may change all records it asks nothing. `named` as in `require_visible`.
        """
        await self.require_visible(at, ids, named=named)
        changeable = await self.changeable_ids(at, ids)
        if any(one not in changeable for one in ids):
            raise Forbidden(scope=self.change_scope)

    async def _ids_within(
        self, at: Reading, ids: Collection[UUID], hidden: Sequence[Filter]
    ) -> Collection[UUID]:
        return await self._select_ids(at, ids, hidden) if hidden else ids

    async def _select_ids(
        self, at: Reading, ids: Collection[UUID], hidden: Sequence[Filter]
    ) -> Collection[UUID]:
        sql = (
            f"select {self.key} as id from {self.source}"
            f" where {self.key} = any($1::uuid[]){_numbered(hidden, first=2)}"
        )
        rows = await at.sql.fetch(sql, list(ids), *(one.value for one in hidden))
        return {row["id"] for row in rows}

    def _visibility(self, at: Reading) -> Sequence[Filter]:
        conditions = self.visible(at)
        if any(one.value is None for one in conditions):
            message = f"{self.name}: a condition of visibility without a value would hide nothing"
            raise ValueError(message)
        return conditions

    def _view(self, at: Reading, row: Mapping[str, Any]) -> V:
        shown = dict(row)
        if self.has_amounts:
            # Documents whose table names no currency are in the company's.
            shown.setdefault("currency", at.setting.currency)
        return self.show(at, shown) if self.show else self.view.model_validate(shown)

    @cached_property
    def _one(self) -> str:
        return f"select {self.columns} from {self.source} where {self.key} = $1"


def _numbered(conditions: Sequence[Filter], *, first: int) -> str:
    """The conditions as SQL, their values numbered on."""
    return "".join(
        f" and {one.condition.format(f'${number}')}" for number, one in enumerate(conditions, first)
    )


class RecordQuery(Protocol):
    """A query with the filters that every list of master data has."""

    status: Any
    external_system: str | None
    external_id: str | None


def record_filters(table: str, query: RecordQuery) -> list[Filter]:
    """The conditions of the filters that every list of master data has."""
    return [
        among(f"{table}.status", query.status),
        linked_to(table, query.external_system, query.external_id),
    ]


def columns_of(view: type[BaseModel], table: FromClause, **computed: str) -> str:
    """The SQL columns of a view: the table's own by their names, others as `computed` says."""
    name = table.description
    columns = []
    for field_name in view.model_fields:
        if field_name in computed:
            columns.append(f"{computed[field_name]} as {field_name}")
        elif field_name == "external_refs":
            columns.append(references(name))
        elif field_name == "version":
            columns.append(version_columns(table))
        elif field_name != "revision":
            columns.append(f"{name}.{field_name}")
    return ", ".join(columns)
