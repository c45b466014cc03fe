"""Reading merges: those of records that the actor may see."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from records.merging.schemas import MergeQuery, MergeView
from records.merging.service import COLUMNS, filters, show_merge
from records.paths import RecordPaths

__all__ = ["get_merge", "merge_page"]

Types = Mapping[str, RecordPaths]

_SORTS = {"merged_at": Sort("merged_at", "timestamptz")}


async def merge_page(
    at: Reading, types: Types, wanted: MergeQuery, asked: PageQuery
) -> Page[MergeView]:
    """One page of the merges, the newest first."""
    return await fetch_page(
        at.sql,
        columns=COLUMNS,
        source="record_merge",
        view=lambda row: show_merge(at, row),
        sorts=_SORTS,
        default="-merged_at",
        asked=asked,
        where=[*_visible(at, types), *filters(at, wanted)],
    )


async def get_merge(at: Reading, types: Types, merge_id: UUID) -> MergeView:
    """The merge. Raises NotFound, also where the actor may not see the record."""
    row = await at.sql.fetchrow(f"select {COLUMNS} from record_merge where id = $1", merge_id)
    of = types.get(row["record_type"]) if row else None
    if row is None or of is None or not at.actor.may(of.read):
        raise NotFound(entity="merge", id=merge_id)
    ids = await at.sql.fetchval(_OF_NOW, of.name, row["winner_id"])
    if not await of.reads.found_ids(at, [ids]):
        raise NotFound(entity="merge", id=merge_id)
    return show_merge(at, row)


_OF_NOW = """with recursive chain(id, place) as (
    select $2::uuid, 0
    union all select m.winner_id, c.place + 1 from chain c join record_merge m
      on m.record_type = $1 and m.loser_id = c.id and m.undone_at is null)
  select id from chain order by place desc limit 1"""
"""The record that the winner is now."""


def _visible(at: Reading, types: Types) -> Sequence[Filter]:
    """The merges of types that the actor may read, of records that it may see.

    A merge whose winner was merged in its turn is seen with the record that it is now.
    """
    readable = [of for of in types.values() if at.actor.may(of.read)]
    names = [Filter("record_type = any({}::text[])", [of.name for of in readable])]
    return [*names, *(one for of in readable for one in _rows_of(at, of))]


def _rows_of(at: Reading, of: RecordPaths) -> Sequence[Filter]:
    now = f"""(with recursive chain(id, place) as (
        select record_merge.winner_id, 0
        union all select m.winner_id, c.place + 1 from chain c join record_merge m
          on m.record_type = '{of.name}' and m.loser_id = c.id and m.undone_at is null)
      select id from chain order by place desc limit 1)"""
    return [
        Filter(
            f"(record_type <> '{of.name}' or exists (select from {of.reads.source}"
            f" where {of.reads.key} = {now} and {one.condition}))",
            one.value,
        )
        for one in of.reads.conditions(at)
    ]
