"""The job of an import: the file is taken apart into rows, and those are judged chunk by chunk.

Each step is a transaction that asks for the next one, so a worker that is killed loses one step at
most, and nothing is done twice. A dry run does each step and takes it back.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.texts import Texts
from chassis.work.unit_of_work import Work
from records.exports.service import Sheets
from records.imports.cells import ReadRow, RowReader
from records.imports.clashes import UniqueKeys, forget_keys, keys_of
from records.imports.schemas import ImportOptions
from records.imports.service import IMPORT, KIND, file_refused, form_of
from records.imports.states import ImportState, RowOutcome
from records.imports.targets import identity_fields, targets_of
from records.imports.writing import ChunkWriter, RowResult
from records.sheets.kinds import RecordSheet
from records.sheets.makers import actor_of
from records.sheets.parts import write_parts
from records.sheets.reading import SheetRow, open_rows
from values.sheets.refused import FileRefused

__all__ = ["ImportJob"]

ROWS_A_STEP = 500
STAGED_AT_ONCE = 5_000
_DIFFERS = "Row {row} has the same id and says something else."


class TakenBack(Exception):
    """Ends the step of a dry run: its results are known, its writes are not kept."""


@dataclass(frozen=True)
class ImportJob:
    """Checks and runs imports of these types; one step for each call."""

    sheets: Sheets
    texts: Texts

    async def __call__(self, work: Work, payload: Mapping[str, Any]) -> None:
        """Do the next step of an import, and ask for the one after it."""
        sql = "select * from record_import where id = $1 for update"
        row = await work.sql.fetchrow(sql, UUID(payload["id"]))
        if row is None or row["state"] not in {ImportState.CHECKING, ImportState.RUNNING}:
            return
        sheet, before = self.sheets[row["record_type"]], work.actor
        try:
            async with work.savepoint():
                work.actor = await actor_of(work, row["actor"], sheet.read, sheet.write, IMPORT)
                if row["is_staged"]:
                    await self._judge(work, sheet, row)
                else:
                    await self._stage(work, sheet, row)
        except Problem as refused:
            work.actor = before
            problem = refused.view(self.texts, row["language"], work.trace.request_id)
            await work.sql.execute(_FAILED, row["id"], orjson.dumps(problem).decode(), work.now)

    async def _stage(self, work: Work, sheet: RecordSheet, row: Mapping[str, Any]) -> None:
        """Take the file apart into rows. Raises ImportFileRefused."""
        import_id, options = row["id"], ImportOptions.model_validate(row["options"])
        await work.sql.execute("delete from record_import_row where import_id = $1", import_id)
        await forget_keys(work, import_id)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            await write_parts(work, import_id, path)
            place = 0
            try:
                _, rows = await asyncio.to_thread(open_rows, path, form_of(options))
                while some := await asyncio.to_thread(lambda: list(islice(rows, STAGED_AT_ONCE))):
                    await self._keep_rows(work, row, place, some)
                    place += len(some)
            except FileRefused as refused:
                raise file_refused(row["file_name"], refused) from refused
        await self._mark_twice(work, sheet, row)
        await work.sql.execute(_STAGED, import_id, place)
        work.enqueue(KIND, {"id": str(import_id)})

    async def _keep_rows(
        self, work: Work, row: Mapping[str, Any], place: int, some: Sequence[SheetRow]
    ) -> None:
        def errors(one: SheetRow) -> list[dict[str, str]]:
            if one.unread is None:
                return []
            text = self.texts.text(one.unread.text, row["language"])
            message = text.format(**one.unread.facts) if one.unread.facts else text
            column = str(one.unread.facts.get("column", ""))
            return [{"column": column, "field": "", "code": one.unread.code, "message": message}]

        states = [RowOutcome.FAILED if one.unread else RowOutcome.PENDING for one in some]
        await work.sql.execute(
            _KEEP_ROWS,
            row["id"],
            [uuid7() for _ in some],
            list(range(place + 1, place + 1 + len(some))),
            [one.number for one in some],
            [orjson.dumps(one.cells).decode() for one in some],
            [one.line for one in some],
            states,
            [orjson.dumps(errors(one)).decode() for one in some],
        )

    async def _mark_twice(self, work: Work, sheet: RecordSheet, row: Mapping[str, Any]) -> None:
        """Of rows with one id or code the later ones: the same once more, or an error."""
        message = self.texts.text(_DIFFERS, row["language"])
        for field in identity_fields(sheet):
            if field in row["mapping"]:
                await work.sql.execute(_TWICE, row["id"], row["mapping"][field], message)

    async def _judge(self, work: Work, sheet: RecordSheet, row: Mapping[str, Any]) -> None:
        """Judge the next rows; at the end, once more those that waited for others of the file."""
        import_id, is_dry = row["id"], row["state"] == ImportState.CHECKING
        rows = await work.sql.fetch(_NEXT, import_id, row["place"], ROWS_A_STEP)
        if not rows:
            await self._finish(work, row)
            return
        options = ImportOptions.model_validate(row["options"])
        targets = await targets_of(work, sheet)
        mapping = {name: one for name, one in row["mapping"].items() if name in targets}
        reader = RowReader(targets, mapping, options, identity_fields(sheet))
        read = [reader.read(one["number"], one["cells"]) for one in rows]
        pending = await self._pending(work, sheet, row) if is_dry else frozenset()
        assert sheet.kind is not None  # noqa: S101 - what is imported is written
        writer = ChunkWriter(
            work=work,
            sheet=sheet,
            kind=sheet.kind,
            system=row["system"],
            columns=row["mapping"],
            texts=self.texts,
            language=row["language"],
            pending=pending,
        )
        if not is_dry:
            work.import_id = UUID(str(import_id))
            work.trace = replace(work.trace, import_id=work.import_id)
        numbers = [one["number"] for one in rows]
        results = await (
            _as_if(work, import_id, writer, numbers, read) if is_dry else writer.write(read)
        )
        await _keep_results(work, import_id, [one["place"] for one in rows], results)
        work.enqueue(KIND, {"id": str(import_id)})

    async def _pending(
        self, work: Work, sheet: RecordSheet, row: Mapping[str, Any]
    ) -> frozenset[str]:
        """Texts by which rows of this file will be found, where rows may name each other."""
        if not any(one.table == sheet.name for one in sheet.references.values()):
            return frozenset()
        columns = [row["mapping"][one] for one in identity_fields(sheet) if one in row["mapping"]]
        found = await work.sql.fetch(_NAMES, row["id"], columns)
        return frozenset(one["name"] for one in found)

    async def _finish(self, work: Work, row: Mapping[str, Any]) -> None:
        """End the import, unless rows that named others of the file may find them now."""
        import_id, is_dry = row["id"], row["state"] == ImportState.CHECKING
        if not is_dry and row["created"] > row["created_so_far"]:
            again = await work.sql.fetchval(_AGAIN, import_id)
            if again:
                await work.sql.execute(_ONCE_MORE, import_id, again)
                work.enqueue(KIND, {"id": str(import_id)})
                return
        await forget_keys(work, import_id)
        state = ImportState.CHECKED if is_dry else ImportState.DONE
        await work.sql.execute(_END, import_id, state, work.now)


async def _as_if(
    work: Work,
    import_id: UUID,
    writer: ChunkWriter,
    numbers: Sequence[int],
    rows: Sequence[ReadRow],
) -> list[RowResult]:
    """What would become of the rows; nothing of it stays but the keys that they would take."""
    results: list[RowResult] = []
    keys = UniqueKeys([])
    with suppress(TakenBack):
        async with work.savepoint():
            results += await writer.write(rows)
            keys = await keys_of(work, writer, rows, results)
            raise TakenBack
    return await keys.refuse_clashes(work, import_id, writer, numbers, results)


async def _keep_results(
    work: Work, import_id: UUID, places: Sequence[int], results: Sequence[RowResult]
) -> None:
    """Note what became of the rows, and count it."""
    await work.sql.execute(
        _RESULTS,
        import_id,
        list(places),
        [one.outcome for one in results],
        [one.record_id for one in results],
        [orjson.dumps(list(one.errors)).decode() for one in results],
    )
    counts = [
        sum(one.outcome == outcome for one in results)
        for outcome in (
            RowOutcome.CREATED,
            RowOutcome.UPDATED,
            RowOutcome.UNCHANGED,
            RowOutcome.FAILED,
        )
    ]
    await work.sql.execute(_COUNTED, import_id, places[-1], *counts)


_KEEP_ROWS = """insert into record_import_row
    (import_id, id, place, number, cells, line, outcome, errors)
  select $1, n.id, n.place, n.number, n.cells::jsonb, n.line, n.outcome, n.errors::jsonb
    from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[],
      $8::text[]) as n(id, place, number, cells, line, outcome, errors)"""
_TEXT = "coalesce({0} ->> 'shown', {0} ->> 'n', {0} ->> 'd', {0} ->> 'e', {0} #>> '{{}}')"
"""The text of a cell, as `text_in` has it."""
_TWICE = f"""with named as (
    select place, cells, row_number() over w as nth, first_value(cells) over w as first_cells,
        first_value(number) over w as first_number
      from record_import_row
     where import_id = $1 and outcome = 'pending' and coalesce(cells ->> $2, '') <> ''
    window w as (partition by {_TEXT.format("(cells -> $2::text)")} order by place))
  update record_import_row r
     set outcome = case when n.cells = n.first_cells then 'unchanged' else 'failed' end,
       errors = case when n.cells = n.first_cells then '[]' else jsonb_build_array(
         jsonb_build_object('column', $2::text, 'field', '', 'code', 'id_twice',
           'message', replace($3::text, '{{row}}', n.first_number::text))) end
    from named n where r.import_id = $1 and r.place = n.place and n.nth > 1"""
_STAGED = """update record_import i set is_staged = true, rows_total = $2,
    rows_done = n.unchanged + n.failed, unchanged = n.unchanged, failed = n.failed
  from (select count(*) filter (where outcome = 'unchanged') as unchanged,
          count(*) filter (where outcome = 'failed') as failed
          from record_import_row where import_id = $1) n
  where i.id = $1"""
_NEXT = """select place, number, cells from record_import_row
  where import_id = $1 and place > $2 and outcome = 'pending' order by place limit $3"""
_RESULTS = """update record_import_row r
  set outcome = n.outcome, record_id = n.record_id, errors = n.errors::jsonb
  from unnest($2::bigint[], $3::text[], $4::uuid[], $5::text[])
    as n(place, outcome, record_id, errors)
  where r.import_id = $1 and r.place = n.place"""
_COUNTED = """update record_import set place = $2, created = created + $3, updated = updated + $4,
    unchanged = unchanged + $5, failed = failed + $6, rows_done = rows_done + $3 + $4 + $5 + $6
  where id = $1"""
_NAMES = f"""select distinct {_TEXT.format("(r.cells -> c.name)")} as name
  from record_import_row r cross join unnest($2::text[]) c(name)
  where r.import_id = $1 and coalesce(r.cells ->> c.name, '') <> ''"""
_AGAIN = """with waiting as (
    update record_import_row set outcome = 'pending', errors = '[]'
     where import_id = $1 and outcome = 'failed' and exists (
       select from jsonb_array_elements(errors) e where e ->> 'code' = 'missing_reference')
    returning 1)
  select count(*) from waiting"""
_ONCE_MORE = """update record_import set place = 0, created_so_far = created, failed = failed - $2,
    rows_done = rows_done - $2 where id = $1"""
_END = "update record_import set state = $2, finished_at = $3 where id = $1"
_FAILED = """update record_import set state = 'failed', problem = $2, finished_at = $3
  where id = $1"""
