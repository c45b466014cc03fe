"""Saved mappings: how files of one kind are read, one's own or for all."""

from collections.abc import Collection
from uuid import UUID

import orjson

from chassis.actor import ADMIN
from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.imports.errors import MappingNameTaken
from records.imports.schemas import MappingQuery, MappingView, NewMapping

__all__ = ["add_mapping", "delete_mapping", "fitting", "get_mapping", "mapping_page"]

_COLUMNS = ", ".join(MappingView.model_fields)
_INSERT = """insert into import_mapping
    (id, name, record_type, mapping, options, shared, made_by, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id"""
_FITTING = f"""select {_COLUMNS} from import_mapping
  where record_type = $1 and (shared or made_by = $2)
    and not exists (select from jsonb_each_text(mapping) e where e.value <> all($3::text[]))
  order by (made_by = $2) desc, created_at desc limit 1"""


async def add_mapping(work: Work, command: NewMapping) -> UUID:
    """Keep a mapping. Raises MappingNameTaken."""
    made = await work.sql.fetchval(
        _INSERT,
        uuid7(),
        command.name,
        command.record_type,
        orjson.dumps(command.mapping).decode(),
        command.options.model_dump_json(),
        command.shared,
        work.actor.reference,
        work.now,
    )
    if made is None:
        raise MappingNameTaken(name=command.name)
    found: UUID = made
    return found


async def get_mapping(at: Reading, mapping_id: UUID) -> MappingView:
    """The mapping. Raises NotFound, also for one of somebody else that is not shared."""
    page = await _page(at, PageQuery(limit=1), [Filter("id = {}", mapping_id)])
    if not page.items:
        raise NotFound(entity="import_mapping", id=mapping_id)
    return page.items[0]


async def mapping_page(at: Reading, wanted: MappingQuery, asked: PageQuery) -> Page[MappingView]:
    """A page of one's own mappings and of those for all. Raises InvalidCursor."""
    return await _page(at, asked, [Filter("record_type = {}", wanted.record_type)])


async def _page(at: Reading, asked: PageQuery, where: list[Filter]) -> Page[MappingView]:
    own = None if at.actor.may(ADMIN) else at.actor.reference
    return await fetch_page(
        at.sql,
        columns=_COLUMNS,
        source="import_mapping",
        view=lambda row: MappingView.model_validate(dict(row)),
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        where=[Filter("(shared or made_by = {})", own), *where],
    )


async def delete_mapping(work: Work, mapping_id: UUID) -> None:
    """Delete one's own mapping; administrators delete any. Raises NotFound."""
    own = None if work.actor.may(ADMIN) else work.actor.reference
    sql = """delete from import_mapping
      where id = $1 and ($2::text is null or made_by = $2) returning id"""
    if await work.sql.fetchval(sql, mapping_id, own) is None:
        raise NotFound(entity="import_mapping", id=mapping_id)


async def fitting(at: Reading, record_type: str, header: Collection[str]) -> MappingView | None:
    """The saved mapping all of whose columns the file has: one's own first, the newest first."""
    row = await at.sql.fetchrow(_FITTING, record_type, at.actor.reference, list(header))
    return MappingView.model_validate(dict(row)) if row else None
