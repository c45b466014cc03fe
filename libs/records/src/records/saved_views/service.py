"""Views are kept, shared, changed and deleted by their owners, and shown to whom they are for.

A view of a type that the caller may not read is not there, nor is one that is not shared with the
caller. A list takes what a view asks as anybody's question: a view shows nobody more rows.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from chassis.actor import ADMIN
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import Forbidden, InvalidInput, NotFound, StaleRevision
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.custom.definitions import CustomFields, fields_of_types
from records.custom.lists import asks_custom
from records.paths import RecordPaths
from records.saved_views.checking import list_url, wrong_in
from records.saved_views.errors import NoTeam, ViewNameTaken, ViewOfAnother
from records.saved_views.schemas import ChangeView, NewView, SharedWith, ViewQuery

__all__ = ["SHARE", "Views", "views_by_field"]

SHARE = "views.share"
NO_FIELDS = CustomFields(None)
_COLUMNS = """v.id, v.version, v.record_type, v.name, v.owner, v.owner_name, v.shared_with,
  v.team_id, v.query, v.sort, v.fields, v.created_at, v.updated_at"""
_ADD = """insert into saved_view (id, created_at, updated_at, record_type, name, owner, owner_name,
    shared_with, team_id, query, sort, fields)
  values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11)"""
_CHANGE = """update saved_view set name = $2, shared_with = $3, team_id = $4, query = $5::jsonb,
    sort = $6, fields = $7, version = version + 1, updated_at = $8 where id = $1"""
_MAKE_DEFAULT = """insert into default_view (actor, record_type, view_id) values ($1, $2, $3)
  on conflict (actor, record_type) do update set view_id = excluded.view_id"""
_DEFAULTS = "select view_id from default_view where actor = $1"
_DROP_DEFAULT = "delete from default_view where (actor, view_id) = ($1, $2)"
_BY_FIELD = """select name from saved_view where record_type = $1
    and (ltrim(sort, '-') = $2 or query ?| array[$2, $2 || '.from', $2 || '.to'])
  order by name limit 20"""
_SORTS = {
    "created_at": Sort("v.created_at", "timestamptz"),
    "name": Sort("lower(v.name)", "text"),
}


@dataclass(frozen=True)
class Views:
    """The views of a service. `team_of`: SQL for the team of the user `{}`; "": there are none."""

    types: Mapping[str, RecordPaths]
    team_of: str = ""

    async def page(self, at: Reading, wanted: ViewQuery, asked: PageQuery) -> Page[Any]:
        """One page of the views that the caller sees, by name."""
        actor, defaults = at.actor.reference, await _defaults_of(at)
        page = await fetch_page(
            at.sql,
            columns=_COLUMNS,
            source="saved_view v",
            view=dict,
            sorts=_SORTS,
            default="name",
            asked=asked,
            where=[
                *await self._visible(at),
                Filter("v.record_type = {}", wanted.record_type),
                Filter("v.owner = {}", actor if wanted.mine else None),
                Filter("v.owner <> {}", actor if wanted.mine is False else None),
            ],
            key="v.id",
        )
        fields = await _custom_fields_of(at, page.items)
        views = [self._view(at, row, defaults, fields) for row in page.items]
        return Page(items=views, next_cursor=page.next_cursor, total=page.total)

    async def get(self, at: Reading, view_id: UUID, *, lock: bool = False) -> dict[str, Any]:
        """The view as it is shown. Raises NotFound, also where the caller may not see it."""
        conditions = await self._visible(at)
        where = "".join(
            f" and {one.condition.format(f'${number}')}" for number, one in enumerate(conditions, 2)
        )
        sql = f"select {_COLUMNS} from saved_view v where v.id = $1{where}"
        values = [one.value for one in conditions]
        row = await at.sql.fetchrow(f"{sql}{' for update' if lock else ''}", view_id, *values)
        if row is None:
            raise NotFound(entity="view", id=view_id)
        fields = await _custom_fields_of(at, [row])
        return self._view(at, row, await _defaults_of(at), fields)

    async def add(self, work: Work, command: NewView) -> UUID:
        """Keep a view. Raises InvalidInput, Forbidden, NoTeam, ViewNameTaken."""
        of = self._type(work, command.record_type)
        await _require_sound(work, of, command.query, command.sort, command.fields)
        team = await self._team_for(work, command.shared_with)
        view_id = uuid7()
        await _written(
            work,
            command.name,
            _ADD,
            view_id,
            work.now,
            of.name,
            command.name,
            work.actor.reference,
            work.actor.name,
            command.shared_with,
            team,
            json.dumps(command.query),
            command.sort,
            command.fields,
        )
        return view_id

    async def change(
        self, work: Work, view_id: UUID, command: ChangeView, *, revision: int
    ) -> None:
        """Change what the caller saw as `revision`; nothing is done where nothing differs.

        Raises NotFound, ViewOfAnother, StaleRevision, and what `add` raises.
        """
        view = await self._own(work, view_id, revision)
        given = command.given()
        after = view | given
        if after == view:
            return
        of = self.types[view["record_type"]]
        await _require_sound(work, of, after["query"], after["sort"], after["fields"])
        team = view["team_id"]
        if after["shared_with"] != view["shared_with"]:
            team = await self._team_for(work, after["shared_with"])
        await _written(
            work,
            after["name"],
            _CHANGE,
            view_id,
            after["name"],
            after["shared_with"],
            team,
            json.dumps(after["query"]),
            after["sort"],
            after["fields"],
            work.now,
        )

    async def delete(self, work: Work, view_id: UUID, *, revision: int) -> None:
        """Delete a view. Raises NotFound, ViewOfAnother, StaleRevision."""
        await self._own(work, view_id, revision)
        await work.sql.execute("delete from saved_view where id = $1", view_id)

    async def make_default(self, work: Work, view_id: UUID) -> None:
        """Let the caller begin with the view, and with no other one of its type."""
        view = await self.get(work, view_id)
        values = (work.actor.reference, view["record_type"], view_id)
        await work.sql.execute(_MAKE_DEFAULT, *values)

    async def drop_default(self, work: Work, view_id: UUID) -> None:
        """Let the caller begin with the list as it is."""
        await self.get(work, view_id)
        await work.sql.execute(_DROP_DEFAULT, work.actor.reference, view_id)

    async def _visible(self, at: Reading) -> list[Filter]:
        """One's own views and those shared with one, of types that one may read."""
        readable = [name for name, of in self.types.items() if at.actor.may(of.read)]
        own = "v.owner = ({0}::text[])[1] or v.shared_with = 'all'"
        team = await self._team(at)
        if team is not None:
            own += " or v.team_id = ({0}::text[])[2]::uuid"
        reader = [at.actor.reference, *([str(team)] if team else [])]
        return [Filter("v.record_type = any({}::text[])", readable), Filter(f"({own})", reader)]

    async def _team(self, at: Reading) -> UUID | None:
        if not self.team_of or at.actor.kind != "user":
            return None
        found: UUID | None = await at.sql.fetchval(self.team_of.format("$1"), UUID(at.actor.id))
        return found

    async def _team_for(self, work: Work, shared_with: str) -> UUID | None:
        """The team that a view is shared with; None: it is with all, or with nobody."""
        if shared_with == SharedWith.NOBODY:
            return None
        if not work.actor.may(SHARE):
            raise Forbidden(scope=SHARE)
        if shared_with == SharedWith.ALL:
            return None
        team = await self._team(work)
        if team is None:
            raise NoTeam
        return team

    def _type(self, work: Work, record_type: str) -> RecordPaths:
        of = self.types.get(record_type)
        if of is None:
            facts = {"expected": ", ".join(f"'{name}'" for name in self.types)}
            text = "Write one of: {expected}."
            raise InvalidInput(errors=[FieldError("/record_type", "literal_error", text, facts)])
        if not work.actor.may(of.read):
            raise Forbidden(scope=of.read)
        return of

    async def _own(self, work: Work, view_id: UUID, revision: int) -> dict[str, Any]:
        """The view, locked for its owner or an administrator until the act ends."""
        view = await self.get(work, view_id, lock=True)
        if not view["mine"] and not work.actor.may(ADMIN):
            raise ViewOfAnother(owner=view["owner_name"])
        if view["version"] != revision:
            raise StaleRevision(expected=revision, current=view["version"])
        return view

    def _view(
        self,
        at: Reading,
        row: Mapping[str, Any],
        defaults: Collection[UUID],
        fields: Mapping[str, CustomFields],
    ) -> dict[str, Any]:
        """The row, with the list's address and what the list does not take any more."""
        view = dict(row) | {
            "mine": row["owner"] == at.actor.reference,
            "is_default": row["id"] in defaults,
        }
        asked = view["query"], view["sort"], view["fields"]
        of = self.types[view["record_type"]]
        return view | {
            "url": list_url(of, *asked),
            "wrong": wrong_in(of, *asked, fields.get(of.name, NO_FIELDS)),
        }


async def views_by_field(at: Reading, record_type: str, key: str) -> Sequence[str]:
    """Names of the first views of the type that filter or sort by the custom field."""
    rows = await at.sql.fetch(_BY_FIELD, record_type, f"custom.{key}")
    return [row["name"] for row in rows]


async def _custom_fields_of(
    at: Reading, views: Sequence[Mapping[str, Any]]
) -> Mapping[str, CustomFields]:
    """The custom fields of the types whose views ask any, by type."""
    types = {one["record_type"] for one in views if asks_custom(one["query"], one["sort"])}
    return await fields_of_types(at, types) if types else {}


async def _defaults_of(at: Reading) -> Collection[UUID]:
    """Ids of the views that the caller begins with."""
    rows = await at.sql.fetch(_DEFAULTS, at.actor.reference)
    return {row["view_id"] for row in rows}


async def _require_sound(
    at: Reading,
    of: RecordPaths,
    query: Mapping[str, str],
    sort: str | None,
    fields: Collection[str],
) -> None:
    asked = {"record_type": of.name, "query": query, "sort": sort}
    custom_fields = (await _custom_fields_of(at, [asked])).get(of.name, NO_FIELDS)
    wrong = wrong_in(of, query, sort, list(fields), custom_fields)
    if wrong:
        raise InvalidInput(errors=wrong)


async def _written(work: Work, name: str, statement: str, *values: Any) -> None:
    """Write a view. Raises ViewNameTaken."""
    try:
        async with work.savepoint():
            await work.sql.execute(statement, *values)
    except asyncpg.UniqueViolationError as taken:
        raise ViewNameTaken(name=name) from taken
