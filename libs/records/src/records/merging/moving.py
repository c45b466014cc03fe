"""Rows that name one record name the other one from then on; and back again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import permutations
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.storage.reading import Reading
from chassis.work.states import States
from chassis.work.unit_of_work import Work
from records.history import keep_change
from records.merging.catalogue import Reference, UniqueIndex
from records.merging.errors import MergeKeysCollide
from records.merging.schemas import MovedRows
from records.types import RecordType, StepsBack, record_types

__all__ = [
    "Moved",
    "MovedRecord",
    "Pair",
    "collides",
    "counts_of",
    "move_all",
    "move_back",
    "publish_states",
    "put_back",
]


@dataclass(frozen=True)
class Pair:
    """The two records: rows of the loser go to the winner."""

    kind: RecordType[Any, Any]
    winner_id: UUID
    loser_id: UUID

    @property
    def values(self) -> tuple[str, UUID, UUID]:
        """The parameters of statements: type, winner, loser."""
        return self.kind.name, self.winner_id, self.loser_id


@dataclass
class Moved:
    """What became of the rows of one table: keys of those that went, and rows that were removed.

    `stepped_back`: keys of rows that gave up a value that only one may have, with its column.
    """

    table: str
    column: str
    of_type: str
    keys: list[Any] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    stepped_back: list[dict[str, Any]] = field(default_factory=list)

    @property
    def shown(self) -> MovedRows:
        """What callers see of it."""
        of = {"table": self.table, "column": self.column}
        return MovedRows(**of, count=len(self.keys), removed=len(self.removed))


async def counts_of(at: Reading, pair: Pair, references: Sequence[Reference]) -> list[MovedRows]:
    """How many rows of each table name the loser, and how many of them the winner has as well."""
    if not references:
        return []
    parts = [
        f"""select {number} as place, count(*) as count,
          count(*) filter (where {_any_collision(one)}) as removed
        from {one.table} l where {_of(one, "l", 3)} and $2::uuid is not null"""
        for number, one in enumerate(references)
    ]
    rows = await at.sql.fetch(f"{' union all '.join(parts)} order by 1", *pair.values)
    return [
        MovedRows(
            table=references[row["place"]].table,
            column=references[row["place"]].column,
            count=row["count"] - row["removed"],
            removed=row["removed"],
        )
        for row in rows
        if row["count"]
    ]


async def collides(at: Reading, pair: Pair, reference: Reference, unique: UniqueIndex) -> bool:
    """Whether both records have a row there that there may be only once."""
    sql = f"select from {reference.table} l where {_of(reference, 'l', 3)}"
    row = await at.sql.fetchrow(f"{sql} and {_collides(reference, unique)} limit 1", *pair.values)
    return row is not None


async def move_all(work: Work, pair: Pair, references: Sequence[Reference]) -> list[Moved]:
    """Let all rows of the loser name the winner; what became of them, by table.

    Raises MergeKeysCollide where both have a row that there may be only once.
    """
    await work.flush()
    gone = await _remove_of_both(work, pair, references)
    done = [await _move(work, pair, one) for one in references]
    return [*gone, *(one for one in done if one.keys or one.removed)]


async def _remove_of_both(work: Work, pair: Pair, references: Sequence[Reference]) -> list[Moved]:
    """Remove rows that name both records: they would name one twice, which says nothing."""
    found = []
    for one, other in permutations(references, 2):
        if one.table != other.table:
            continue
        both = f"{one.rows_of(2)} and {other.rows_of(3)}"
        rows = await work.sql.fetch(
            f"select to_jsonb(l) as row from {one.table} l where {both}", *pair.values
        )
        if rows:
            await work.sql.execute(f"delete from {one.table} where {both}", *pair.values)
            removed = [row["row"] for row in rows]
            found.append(Moved(one.table, one.column, one.of_type, removed=removed))
    return found


async def _move(work: Work, pair: Pair, reference: Reference) -> Moved:
    moved = Moved(reference.table, reference.column, reference.of_type)
    for unique in reference.uniques:
        await _make_room(work, pair, reference, unique, moved)
    rows = await work.sql.fetch(_moving(reference, 2, 3), *pair.values, *_counted(work, reference))
    moved.keys = [row["key"] for row in rows]
    if reference.counted and rows:
        gave_up = {_id_of(one["key"]): one["field"] for one in moved.stepped_back}
        keep_moves(work, pair, reference, rows, gave_up=gave_up)
        changed = {row["row_id"]: [reference.column] for row in rows}
        changed |= {one: [reference.column, name] for one, name in gave_up.items()}
        await publish_states(work, pair.kind, reference.table, changed)
    return moved


async def _make_room(
    work: Work, pair: Pair, reference: Reference, unique: UniqueIndex, moved: Moved
) -> None:
    """See to it that no row of the loser stands in the way of one of the winner."""
    sql = f"select to_jsonb(l) as row, {_key('l', reference)} as key from {reference.table} l where"
    sql += f" {_of(reference, 'l', 3)} and {_collides(reference, unique)} for update"
    rows = await work.sql.fetch(sql, *pair.values)
    if not rows:
        return
    keys = orjson.dumps([row["key"] for row in rows]).decode()
    steps_back = _steps_back(pair, unique)
    if unique.is_key:
        sql = f"delete from {reference.table} where {reference.own_key} in {_KEYS}"
        await work.sql.execute(sql, keys)
        moved.removed += [row["row"] for row in rows]
    elif steps_back:
        sql = f"update {reference.table} set {steps_back.column} = false where"
        await work.sql.execute(f"{sql} {reference.own_key} in {_KEYS}", keys)
        moved.stepped_back += [{"key": row["key"], **asdict(steps_back)} for row in rows]
    else:
        raise MergeKeysCollide(table=reference.table, constraint=unique.name)


def _steps_back(pair: Pair, unique: UniqueIndex) -> StepsBack | None:
    merging = pair.kind.merging
    return merging.steps_back.get(unique.name) if merging else None


def keep_moves(
    work: Work,
    pair: Pair,
    reference: Reference,
    rows: Sequence[Mapping[str, Any]],
    *,
    gave_up: Mapping[UUID, str],
    back: bool = False,
) -> None:
    """Keep in the history of records that they belong to another one now."""
    kind = record_types(pair.kind.entity).get(reference.table)
    if kind is None:
        return
    was, now = (pair.winner_id, pair.loser_id) if back else (pair.loser_id, pair.winner_id)
    for row in rows:
        values: dict[str, Any] = {reference.column: now}
        before: dict[str, Any] = {reference.column: was}
        if row["row_id"] in gave_up:
            values |= {gave_up[row["row_id"]]: back}
            before |= {gave_up[row["row_id"]]: not back}
        record = MovedRecord(row["row_id"], row["version"], row["etag_version"], values)
        keep_change(work, kind.name, record, before)


@dataclass(frozen=True)
class MovedRecord:
    """A record that was moved by SQL, as the history takes it."""

    id: UUID
    version: int
    etag_version: int
    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """The value of a field that changed."""
        try:
            return self.values[name]
        except KeyError as unknown:
            raise AttributeError(name) from unknown


async def publish_states(
    work: Work,
    kind: RecordType[Any, Any],
    table: str,
    changed: Mapping[UUID, Sequence[str]],
) -> None:
    """Publish rows as they are now, with the fields that changed, where they have events."""
    known: Mapping[str, States] = kind.entity.metadata.info.get("states", {})
    states = known.get(table)
    if states is None or not changed:
        return
    events = await states.read(work, sorted(changed))
    await work.record(
        *(
            one.model_copy(update={"changed": sorted(changed[one.id])})
            for one in sorted(events, key=lambda event: event.id)
        )
    )


async def move_back(work: Work, pair: Pair, reference: Reference, moved: Moved) -> tuple[int, int]:
    """Let the rows that went name the loser again; how many did, and how many are elsewhere now."""
    keys = orjson.dumps(moved.keys).decode()
    counted = _counted(work, reference)
    wanted = f"{reference.own_key} in {_KEYS.replace('$1', f'${4 + len(counted)}')}"
    sql = _moving(reference, 3, 2, also=wanted)
    rows = await work.sql.fetch(sql, *pair.values, *counted, keys)
    gave_up = await _step_forward(work, reference, moved, rows)
    if reference.counted and rows:
        keep_moves(work, pair, reference, rows, gave_up=gave_up, back=True)
        changed = {row["row_id"]: [reference.column] for row in rows}
        changed |= {one: [reference.column, name] for one, name in gave_up.items()}
        await publish_states(work, pair.kind, reference.table, changed)
    return len(rows), len(moved.keys) - len(rows)


async def _step_forward(
    work: Work, reference: Reference, moved: Moved, rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, str]:
    """Give the rows that came back the values that they had given up."""
    came = [row["key"] for row in rows]
    wanted: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in moved.stepped_back:
        if one["key"] in came:
            wanted[one["column"], one["field"]].append(one)
    gave_up: dict[UUID, str] = {}
    for (column, name), of_it in wanted.items():
        keys = orjson.dumps([one["key"] for one in of_it]).decode()
        sql = f"update {reference.table} set {column} = true"
        await work.sql.execute(f"{sql} where {reference.own_key} in {_KEYS}", keys)
        gave_up |= {_id_of(one["key"]): name for one in of_it}
    return gave_up


async def put_back(sql: "asyncpg.Connection[Any]", table: str, rows: Sequence[Any]) -> int:
    """Store rows again that were removed; how many. One whose key is taken stays away."""
    if not rows:
        return 0
    columns = await sql.fetchval(_COLUMNS, table, sorted(rows[0]))
    listed = ", ".join(f'"{one}"' for one in columns)
    done = await sql.execute(
        f"insert into {table} ({listed}) select {listed}"
        f" from jsonb_populate_recordset(null::{table}, $1::jsonb) on conflict do nothing",
        orjson.dumps(list(rows)).decode(),
    )
    return int(done.rpartition(" ")[2])


_KEYS = "(select value from jsonb_array_elements($1::text::jsonb))"
_COLUMNS = """select array_agg(a.attname::text order by a.attnum) from pg_attribute a
  where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and a.attname = any($2::text[])"""


def _counted(work: Work, reference: Reference) -> tuple[Any, ...]:
    return (work.now,) if reference.counted else ()


def _moving(reference: Reference, to: int, of: int, *, also: str = "true") -> str:
    """SQL that lets rows name the record of another parameter; $4 is the time."""
    count = ", version = version + 1, updated_at = $4" if reference.counted else ""
    returned = f"{reference.own_key} as key"
    if reference.counted:
        unedited = " - unedited_versions" if reference.is_partly_edited else ""
        returned += f", id as row_id, version, version{unedited} as etag_version"
    return (
        f"update {reference.table} set {reference.column} = ${to}::uuid{count}"
        f" where {reference.rows_of(of)} and {also} returning {returned}"
    )


def _of(reference: Reference, alias: str, at: int) -> str:
    of_type = f"{alias}.{reference.of_type}" if reference.of_type else "$1::text"
    return f"{of_type} = $1::text and {alias}.{reference.column} = ${at}::uuid"


def _key(alias: str, reference: Reference) -> str:
    return f"jsonb_build_array({', '.join(f'{alias}.{one}' for one in reference.key)})"


def _any_collision(reference: Reference) -> str:
    keys = [_collides(reference, one) for one in reference.uniques if one.is_key]
    return " or ".join(keys) or "false"


def _collides(reference: Reference, unique: UniqueIndex) -> str:
    """The condition that the winner has a row with the same key: of rows `l` of the loser."""
    own = _key("l", reference)
    parts = "".join(f", ({one}) as part{at}" for at, one in enumerate(unique.others))
    rows = f"select {reference.own_key} as own{parts} from {reference.table} where"
    theirs = f"{rows} {reference.rows_of(2)} and {unique.where}"
    mine = f"{rows} {reference.rows_of(3)} and {unique.where}"
    same = "".join(f" and x.part{at} = y.part{at}" for at in range(len(unique.others)))
    return f"exists (select from ({mine}) x join ({theirs}) y on true{same} where x.own = {own})"


def _id_of(key: Sequence[Any]) -> UUID:
    return UUID(str(key[0]))
