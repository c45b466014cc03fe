"""Where rows name a record: found in the database's own catalogue, so that no table is forgotten.

A foreign key to the type's table is one, and so is a pair of columns `<x>_type` (text) and
`<x>_id` (uuid), by which notes, files, links to other systems and activities name records.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

__all__ = ["NEVER_MOVED", "Reference", "UniqueIndex", "references_to"]

NEVER_MOVED: dict[str, str] = {
    "record_change": "what happened is never rewritten: timelines read both ids",
    "record_tag_change": "what happened is never rewritten: timelines read both ids",
    "record_tags": "counts the changes of one record's tags, which go by `record_tag`",
    "record_tag": "goes with the tags, which nobody has twice",
    "document_fields": "of documents, which are not merged",
    "outbox": "what was published",
    "record_merge": "the merges themselves",
    "activity_record": "a trigger keeps it as the activities are, which move",
    "custom_order": "places in lists, which follow the record",
    "assignment_decision": "what was decided is never rewritten",
    "follow_up_run": "of two by one plan only one goes on: `NamedWithin`",
    "assignment_waiting": "whether the other one waits depends on more: `NamedWithin`",
}
"""Tables with such a pair whose rows stay, each with the reason."""


@dataclass(frozen=True)
class UniqueIndex:
    """A key that only one row has: its other parts, as SQL, and the rows that it holds for."""

    name: str
    others: Sequence[str]
    where: str
    is_key: bool


@dataclass(frozen=True)
class Reference:
    """A column by which rows of a table name a record.

    `of_type`: the column with the type, where it is no foreign key. `key`: the primary key.
    `counted`: whether the rows have versions of their own.
    """

    table: str
    column: str
    of_type: str = ""
    key: Sequence[str] = ()
    counted: bool = False
    is_partly_edited: bool = False
    uniques: Sequence[UniqueIndex] = field(default_factory=tuple)

    @property
    def own_key(self) -> str:
        """SQL of the primary key as JSON."""
        return f"jsonb_build_array({', '.join(self.key)})"

    def rows_of(self, at: int) -> str:
        """The condition of rows that name the record: its type is $1, its id parameter `at`."""
        of_type = self.of_type or "$1::text"
        return f"{of_type} = $1::text and {self.column} = ${at}::uuid"


async def references_to(sql: "asyncpg.Connection[Any]", table: str) -> list[Reference]:
    """All columns that name records of the type, whose table has its name, by table."""
    rows = await sql.fetch(_REFERENCES, table, list(NEVER_MOVED))
    return [
        Reference(
            **{name: row[name] for name in _FIELDS},
            uniques=[UniqueIndex(**one) for one in row["uniques"]],
        )
        for row in rows
    ]


_FIELDS = ("table", "column", "of_type", "key", "counted", "is_partly_edited")
_REFERENCES = """with found as (
    select c.conrelid as of, a.attname as "column", '' as of_type
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.confrelid = to_regclass($1) and c.conparentid = 0
       and cardinality(c.conkey) = 1
    union all
    select t.oid, i.attname, y.attname
      from pg_class t join pg_attribute i on i.attrelid = t.oid and i.attnum > 0
          and i.atttypid = 'uuid'::regtype and not i.attisdropped
        join pg_attribute y on y.attrelid = t.oid and y.atttypid = 'text'::regtype
          and y.attname = regexp_replace(i.attname, '_id$', '_type') and not y.attisdropped
     where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
       and not t.relispartition and i.attname like '%\\_id' and t.relname <> all($2::text[])),
  columns as (
    select i.indexrelid, i.indrelid, i.indisprimary, c.relname as name,
        coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') as "where",
        array(select pg_get_indexdef(i.indexrelid, n, true)
          from generate_series(1, i.indnkeyatts) n) as parts
      from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indisunique and i.indrelid in (select of from found))
  select t.relname::text as "table", f."column"::text as "column", f.of_type::text as of_type,
    array(select a.attname::text from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.of and a.attnum = k.number
       where i.indrelid = f.of and i.indisprimary order by k.place) as key,
    (select count(*) = 2 from pg_attribute a where a.attrelid = f.of and not a.attisdropped
      and a.attname in ('version', 'updated_at')) as counted,
    exists (select from pg_attribute a where a.attrelid = f.of and not a.attisdropped
      and a.attname = 'unedited_versions') as is_partly_edited,
    (select coalesce(jsonb_agg(jsonb_build_object(
          'name', c.name, 'where', c."where", 'is_key', c.indisprimary,
          'others', array_remove(array_remove(c.parts, f."column"::text), f.of_type::text))
        order by c.name), '[]')
      from columns c where c.indrelid = f.of and f."column"::text = any(c.parts)) as uniques
  from found f join pg_class t on t.oid = f.of
  order by 1, 2"""
