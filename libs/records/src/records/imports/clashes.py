"""What rows of a dry run would take from each other: keys that only one record can have.

Each step of a dry run is taken back, so the database cannot refuse a row for what a row of an
earlier step would have written. The keys that records came to have are kept until its end instead,
as hashes: no row's content stays in them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from chassis.work.unit_of_work import Work
from records.imports.cells import EXTERNAL_REFS, ReadRow
from records.imports.resolving import other_links_of
from records.imports.states import RowOutcome
from records.imports.writing import ChunkWriter, RowResult

__all__ = ["UNIQUE_INDEXES", "UniqueKeys", "field_of", "forget_keys", "keys_of"]

_TWICE = "Row {row} has the same, and only one of these records can have it."


@dataclass(frozen=True)
class UniqueKeys:
    """Keys that only one record can have: of each the record, and the field that says it."""

    of: Sequence[tuple[UUID, str, str]]

    async def refuse_clashes(
        self,
        work: Work,
        import_id: UUID,
        writer: ChunkWriter,
        numbers: Sequence[int],
        results: Sequence[RowResult],
    ) -> list[RowResult]:
        """The results, rows refused that clash with those of steps before; the others' keys kept.

        `numbers` are those of the rows in the file.
        """
        row_of = {one.record_id: number for one, number in zip(results, numbers, strict=True)}
        hashed = [(uuid5(import_id, text), record_id, field) for record_id, field, text in self.of]
        columns = [[one[0] for one in hashed], [one[1] for one in hashed]]
        found = await work.sql.fetch(_CLASHES, import_id, *columns) if hashed else []
        fields = {(key, record_id): field for key, record_id, field in hashed}
        clashes = {
            row["record_id"]: writer.problem_of(
                fields[row["key"], row["record_id"]],
                "key_twice",
                _TWICE,
                {"row": str(row["number"])},
            )
            for row in found
        }
        kept = [one for one in hashed if one[1] not in clashes]
        await work.sql.execute(
            _KEEP,
            import_id,
            [one[0] for one in kept],
            [one[1] for one in kept],
            [row_of[one[1]] for one in kept],
        )
        return [
            RowResult(RowOutcome.FAILED, errors=[clashes[one.record_id]])
            if one.record_id in clashes
            else one
            for one in results
        ]


async def keys_of(
    work: Work, writer: ChunkWriter, rows: Sequence[ReadRow], results: Sequence[RowResult]
) -> UniqueKeys:
    """The keys of the records that the rows made or changed, as unique indexes have them."""
    table = writer.sheet.name
    written = [one.record_id for one in results if one.record_id is not None]
    keys = [
        (done.record_id, EXTERNAL_REFS, f"link {system} {their}")
        for row, done in zip(rows, results, strict=True)
        if done.record_id is not None
        for system, their in other_links_of(row, writer.system)
    ]
    for index in await work.sql.fetch(UNIQUE_INDEXES, table):
        if index["name"] in writer.kind.last_has:
            continue
        found = await work.sql.fetch(_keys(table, index), written)
        field = field_of(index, writer.columns)
        keys += [(row["id"], field, f"{index['name']} {row['key']}") for row in found]
    return UniqueKeys(keys)


def field_of(index: Mapping[str, Any], given: Collection[str]) -> str:
    """The first field of the unique index that files give; empty where they give none of it."""
    return next((one for one in index["fields"] if one in given), "")


def _keys(table: str, index: Mapping[str, Any]) -> str:
    """SQL for the key of each record that the unique index has."""
    columns = ", ".join(index["keys"])
    conditions = ["id = any($1::uuid[])"]
    if index["condition"]:
        conditions.append(f"({index['condition']})")
    if not index["nulls_clash"]:
        conditions.append(f"num_nulls({columns}) = 0")
    where = " and ".join(conditions)
    return f"select id, jsonb_build_array({columns})::text as key from {table} where {where}"


async def forget_keys(work: Work, import_id: UUID) -> None:
    """Delete the keys of a dry run that has ended, or begins anew."""
    await work.sql.execute("delete from record_import_key where import_id = $1", import_id)


UNIQUE_INDEXES = """select c.relname as name, pg_get_expr(i.indpred, i.indrelid) as condition,
    i.indnullsnotdistinct as nulls_clash,
    array(select pg_get_indexdef(i.indexrelid, k, true)
      from generate_series(1, i.indnkeyatts) k) as keys,
    array(select a.attname::text
      from generate_series(1, i.indnkeyatts) k
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum > 0 and not a.attisdropped
        and case i.indkey[k - 1] when 0
          then pg_get_indexdef(i.indexrelid, k, true) ~ ('\\m' || a.attname || '\\M')
          else a.attnum = i.indkey[k - 1] end
     order by k, a.attnum) as fields
  from pg_index i join pg_class c on c.oid = i.indexrelid
 where i.indrelid = $1::text::regclass and i.indisunique and not i.indisprimary
 order by c.relname"""
"""The unique indexes of a table: what their keys are, and of which columns these are made."""
_CLASHES = """select distinct on (n.record_id) n.key, n.record_id, k.number
  from unnest($2::uuid[], $3::uuid[]) as n(key, record_id)
  join record_import_key k on k.import_id = $1 and k.key = n.key and k.record_id <> n.record_id
 order by n.record_id, k.number"""
_KEEP = """insert into record_import_key (import_id, key, record_id, number)
  select $1, n.key, n.record_id, n.number
    from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as n(key, record_id, number)
  on conflict (import_id, key) do nothing"""
