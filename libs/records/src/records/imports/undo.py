"""The undo of an import: what it made is put away, what it changed is what it was before.

Later edits are left alone and reported. A record goes by its first change of the import, so each is
looked at once however many steps it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import ValidationError

from chassis.http.batch import AtOnce, Outcome, Present, Sent, each_in_savepoint
from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.telemetry.trace import Trace
from chassis.texts import Texts
from chassis.work.unit_of_work import Work
from records.entities import Values
from records.exports.service import Sheets
from records.history import CUSTOM, EXTERNAL_REFS
from records.history_reads import changes_by_view
from records.imports.errors import NotDeletable
from records.imports.service import IMPORT, UNDO
from records.imports.states import ImportState, UndoOutcome
from records.sheets.kinds import RecordSheet
from records.sheets.makers import actor_of
from records.tags.tagging import Tagging, tag_records
from records.types import Change, RecordType
from records.writes import given_values, lock_visible, write

__all__ = ["UndoJob"]

RECORDS_A_STEP = 200
_BY_THEMSELVES = {"bridge", "rule"}
"""Ways by which a record changes without anybody's having worked with it."""


@dataclass
class Undoing:
    """A record, and what is done to it: `values` None: it is deleted."""

    id: UUID
    is_new: bool
    values: Values | None = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        """Its name among those that are done together."""
        return str(self.id)

    @property
    def does_something(self) -> bool:
        """Whether anything is left to be done to it."""
        return self.values is None or bool(self.values)

    @property
    def outcome(self) -> UndoOutcome:
        """What became of it when all went well."""
        if not self.does_something:
            return UndoOutcome.KEPT
        if not self.is_new:
            return UndoOutcome.RESTORED
        return UndoOutcome.DELETED if self.values is None else UndoOutcome.PUT_AWAY


@dataclass(frozen=True)
class UndoJob:
    """Undoes imports of these types; one step for each call."""

    sheets: Sheets
    texts: Texts

    async def __call__(self, work: Work, payload: Mapping[str, Any]) -> None:
        """Undo the next records, and ask for the step after it."""
        sql = "select * from record_import where id = $1 for update"
        row = await work.sql.fetchrow(sql, UUID(payload["id"]))
        if row is None or row["state"] != ImportState.UNDOING:
            return
        sheet, before = self.sheets[row["record_type"]], work.actor
        try:
            async with work.savepoint():
                work.actor = await actor_of(work, row["actor"], sheet.write, IMPORT)
                await self._step(work, sheet, row)
        except Problem as refused:
            work.actor = before
            problem = refused.view(self.texts, row["language"], work.trace.request_id)
            await work.sql.execute(_FAILED, row["id"], orjson.dumps(problem).decode(), work.now)

    async def _step(self, work: Work, sheet: RecordSheet, row: Mapping[str, Any]) -> None:
        import_id = row["id"]
        found = await work.sql.fetch(
            _FIRST, import_id, sheet.name, row["undo_cursor"], RECORDS_A_STEP
        )
        if not found:
            await _take_tags_off(work, sheet, import_id)
            sql = "update record_import set state = 'undone', finished_at = $2 where id = $1"
            await work.sql.execute(sql, import_id, work.now)
            return
        ids = [one["record_id"] for one in found]
        changes: dict[UUID, list[Mapping[str, Any]]] = {one: [] for one in ids}
        for change in await work.sql.fetch(_CHANGES, sheet.name, ids):
            changes[change["record_id"]].append(change)
        undoing = [
            await _undoing(work, sheet, import_id, record_id, of_it)
            for record_id, of_it in changes.items()
        ]
        await self._do(work, sheet, row["language"], undoing)
        await _report(work, import_id, undoing)
        sql = "update record_import set undo_cursor = $2 where id = $1"
        await work.sql.execute(sql, import_id, found[-1]["id"])
        work.enqueue(UNDO, {"id": str(import_id)})

    async def _do(
        self, work: Work, sheet: RecordSheet, language: str, undoing: Sequence[Undoing]
    ) -> None:
        """Do it, each record as if alone; what is refused is kept, with the reason."""
        assert sheet.kind is not None  # noqa: S101 - what was imported is written
        doing = _Doing(work, sheet, sheet.kind)
        wanted = [one for one in undoing if one.does_something]
        reply = await each_in_savepoint(
            work,
            wanted,
            doing.one,
            language=language,
            texts=self.texts,
            at_once=AtOnce(doing.fits, doing.several),
        )
        for one, done in zip(wanted, reply.items, strict=True):
            if done.problem:
                told = {"code": done.problem.code, "message": done.problem.detail}
                one.kept += [{"field": name, **told} for name in one.fields or [""]]
                one.values, one.fields = {}, []


@dataclass(frozen=True)
class _Doing:
    """Writes what an undo does."""

    work: Work
    sheet: RecordSheet
    kind: RecordType[Any, Any]

    def fits(self, one: Undoing, _trace: Trace) -> bool:
        return self.kind.in_bulk and one.values is not None

    async def one(self, one: Undoing) -> tuple[Outcome, Present]:
        if one.values is None:
            await self._delete(one.id)
            return "updated", Present(one.id, 1, 1)
        return (await self.several([(one, self.work.trace)]))[0]

    async def several(self, sent: Sequence[Sent[Undoing]]) -> list[tuple[Outcome, Present]]:
        found = await lock_visible(self.work, self.kind, [one.id for one, _ in sent])
        changes = [Change(found[one.id], one.values or {}) for one, _ in sent]
        await write(self.work, self.kind, changes)
        return [("updated", Present(one.id, 1, 1)) for one, _ in sent]

    async def _delete(self, record_id: UUID) -> None:
        """Delete a record that nobody refers to. Raises NotDeletable."""
        await lock_visible(self.work, self.kind, [record_id])
        await self.work.sql.execute(_UNLINK, self.sheet.name, record_id)
        try:
            await self.work.sql.execute(f"delete from {self.sheet.name} where id = $1", record_id)
        except asyncpg.IntegrityConstraintViolationError as used:
            raise NotDeletable(entity=self.sheet.name) from used
        self.work.session.expunge_all()


async def _undoing(
    work: Work,
    sheet: RecordSheet,
    import_id: UUID,
    record_id: UUID,
    changes: Sequence[Mapping[str, Any]],
) -> Undoing:
    """What is to be done to a record, by its changes in their order."""
    mine = [at for at, one in enumerate(changes) if one["import_id"] == import_id]
    if changes[mine[0]]["is_new"]:
        return _undoing_new(sheet, record_id, changes[mine[0] + 1 :], import_id)
    undoing, wanted = Undoing(record_id, is_new=False), dict[str, Any]()
    for name in sorted({name for at in mine for name in changes[at]["changes"]} - {EXTERNAL_REFS}):
        of_it = [at for at in mine if name in changes[at]["changes"]]
        later = changes[of_it[-1] + 1 :]
        if any(name in one["changes"] and one["import_id"] != import_id for one in later):
            undoing.kept.append({"field": name, "code": "changed_later"})
        else:
            wanted[name] = changes[of_it[0]]["changes"][name]
    await _restore(work, sheet, undoing, wanted)
    return undoing


def _undoing_new(
    sheet: RecordSheet, record_id: UUID, later: Sequence[Mapping[str, Any]], import_id: UUID
) -> Undoing:
    undoing = Undoing(record_id, is_new=True, values=sheet.takes_away)
    edited = {
        name
        for one in later
        if one["import_id"] != import_id and one["way"] not in _BY_THEMSELVES
        for name in one["changes"]
    } - {EXTERNAL_REFS}
    if edited:
        undoing.values = {}
        undoing.kept = [{"field": name, "code": "changed_later"} for name in sorted(edited)]
    return undoing


async def _restore(
    work: Work, sheet: RecordSheet, undoing: Undoing, wanted: Mapping[str, Any]
) -> None:
    """Let the fields be what they were; one that no command takes any more is kept."""
    assert sheet.kind is not None  # noqa: S101 - what was imported is written
    [shown] = await changes_by_view(work, sheet.kind, [wanted])
    before = {one.field: one.before for one in shown if not one.redacted}
    before |= {
        name.removesuffix("_raw"): before.pop(name)
        for name in list(before)
        if name.endswith("_raw")
    }
    values: dict[str, Any] = {}
    for one in shown:
        name = one.field.removesuffix("_raw")
        found = _values_of(sheet, name, before.get(name)) if name in before else None
        if found is None:
            undoing.kept.append({"field": name, "code": "not_restorable"})
        elif name not in undoing.fields:
            custom = {**values.get(CUSTOM, {}), **found.get(CUSTOM, {})}
            values |= {**found, **({CUSTOM: custom} if custom else {})}
            undoing.fields.append(name)
    undoing.values = values


def _values_of(sheet: RecordSheet, name: str, before: Any) -> Values | None:
    """The values by which the kit writes the field; None: they are refused."""
    field, _, key = name.partition(".")
    if field == CUSTOM:
        return {CUSTOM: {key: before}}
    if name == "status":
        return sheet.states.get(before) or {"status": before}
    if sheet.change is None or name not in sheet.change.model_fields:
        return None
    version = {"source_version": 1} if "source_version" in sheet.change.model_fields else {}
    try:
        return given_values(sheet.change.model_validate(version | {name: before}))
    except ValidationError:
        return None


async def _take_tags_off(work: Work, sheet: RecordSheet, import_id: UUID) -> None:
    """Take the tags off that the import put on, unless somebody put them on once more."""
    rows = await work.sql.fetch(_TAGGED, import_id, sheet.name)
    by_tags: dict[tuple[UUID, ...], list[UUID]] = {}
    for row in rows:
        by_tags.setdefault(tuple(row["tags"]), []).append(row["record_id"])
    for tags, ids in by_tags.items():
        await tag_records(work, sheet.name, ids, Tagging(remove=tags))


async def _report(work: Work, import_id: UUID, undoing: Sequence[Undoing]) -> None:
    await work.sql.executemany(
        _REPORT,
        [
            (
                uuid7(),
                import_id,
                one.id,
                one.outcome,
                one.fields,
                orjson.dumps(one.kept).decode(),
            )
            for one in undoing
        ],
    )


_FIRST = """select c.id, c.record_id from record_change c
  where c.import_id = $1 and c.record_type = $2 and ($3::uuid is null or c.id > $3)
    and not exists (select from record_change b where b.record_type = $2
      and b.record_id = c.record_id and b.import_id = $1 and b.id < c.id)
  order by c.id limit $4"""
_CHANGES = """select record_id, import_id, way, is_new, changes from record_change
  where record_type = $1 and record_id = any($2::uuid[]) order by record_id, revision, id"""
_TAGGED = """select c.record_id, array_agg(distinct a.tag_id order by a.tag_id) as tags
  from record_tag_change c cross join unnest(c.added) a(tag_id)
  where c.import_id = $1 and c.record_type = $2 and not exists (
    select from record_tag_change l where l.record_type = c.record_type
      and l.record_id = c.record_id and l.id > c.id and l.import_id is distinct from $1
      and a.tag_id = any(l.added))
  group by c.record_id order by c.record_id"""
_UNLINK = "delete from external_reference where entity_type = $1 and entity_id = $2"
_REPORT = """insert into record_import_undo (id, import_id, record_id, outcome, fields, kept)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (import_id, record_id) do update set outcome = excluded.outcome,
    fields = excluded.fields, kept = excluded.kept"""
_FAILED = """update record_import set state = 'failed', problem = $2, finished_at = $3
  where id = $1"""
