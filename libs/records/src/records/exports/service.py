"""Exports: asked for, written by a job step by step, and forgotten in time.

Each step is a transaction: it writes a part of the file and asks for the next step. So a worker
that is killed loses at most one step, which is done again.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import Forbidden, InvalidInput, NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.texts import Texts
from chassis.work.unit_of_work import Work
from identity.audit.entries import write_entry
from records.custom.lists import asks_custom
from records.exports.schemas import ExportQuery, ExportView, NewExport
from records.exports.states import ExportState
from records.settings import record_settings
from records.sheets.asked import chosen_columns, rows_asked
from records.sheets.at_once import BOM, EXPORT, cells_of
from records.sheets.kinds import RecordSheet
from records.sheets.makers import actor_of, kept_actor, only_own
from records.sheets.parts import delete_parts, keep_file, keep_part, parts_of
from records.sheets.writing import FileFormat, csv_text, rows_of_csv, write_workbook

__all__ = ["KIND", "ExportJob", "ask_for_export", "export_page", "forget_expired", "get_export"]

KIND = "records.export"
ROWS_A_STEP = 2_000
Sheets = Mapping[str, RecordSheet]

_COLUMNS = ", ".join(ExportView.model_fields)
_INSERT = """insert into record_export
    (id, record_type, format, query, fields, bom, state, actor, made_by, language, created_at)
  values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10)"""
_STEP = """update record_export set state = 'running', cursor = $2, parts = parts + 1,
    rows_written = rows_written + $3, rows_total = coalesce(rows_total, $4) where id = $1"""
_END = """update record_export set state = $2, finished_at = $3, expires_at = $4, size_bytes = $5,
    problem = $6 where id = $1"""
_EXPIRED = """update record_export set state = 'expired', problem = null
  where id in (select id from record_export
    where state in ('done', 'failed') and expires_at <= $1 order by expires_at limit 100)
  returning id"""


def sheet_of(sheets: Sheets, at: Reading, record_type: str, pointer: str) -> RecordSheet:
    """The type's sheet, which the actor may read. Raises InvalidInput, Forbidden."""
    sheet = sheets.get(record_type)
    if sheet is None:
        text = "There is no such type of record here. There are: {known}."
        facts = {"known": ", ".join(sorted(sheets))}
        raise InvalidInput(errors=[FieldError(pointer, "unknown_record_type", text, facts)])
    if not at.actor.may(sheet.read):
        raise Forbidden(scope=sheet.read)
    return sheet


async def ask_for_export(work: Work, sheets: Sheets, command: NewExport, language: str) -> UUID:
    """Ask for an export. Raises InvalidInput (type, query, columns), Forbidden."""
    sheet = sheet_of(sheets, work, command.record_type, "/record_type")
    wanted, order = rows_asked(sheet, work.setting, command.query)
    if asks_custom(order.custom, order.sort):
        await sheet.reads.page(work, wanted, replace(order, limit=1))
    chosen_columns(await sheet.columns_now(work), command.fields)
    export_id, actor = uuid7(), work.actor
    await work.sql.execute(
        _INSERT,
        export_id,
        command.record_type,
        command.format,
        orjson.dumps(command.query).decode(),
        command.fields,
        command.bom,
        orjson.dumps(kept_actor(actor)).decode(),
        actor.reference,
        language,
        work.now,
    )
    asked = {"record_type": command.record_type, "format": command.format}
    await write_entry(work, "export.requested", f"export:{export_id}", asked)
    work.enqueue(KIND, {"id": str(export_id)})
    return export_id


async def get_export(at: Reading, export_id: UUID) -> ExportView:
    """The export. Raises NotFound, also for one of somebody else."""
    asked = PageQuery(limit=1)
    page = await _page(at, asked, [Filter("id = {}", export_id)])
    if not page.items:
        raise NotFound(entity="export", id=export_id)
    return page.items[0]


async def export_page(at: Reading, wanted: ExportQuery, asked: PageQuery) -> Page[ExportView]:
    """A page of one's own exports, or of all for administrators. Raises InvalidCursor."""
    where = [
        Filter("record_type = {}", wanted.record_type),
        Filter("state = {}", wanted.state),
    ]
    return await _page(at, asked, where)


async def _page(at: Reading, asked: PageQuery, where: Sequence[Filter]) -> Page[ExportView]:
    return await fetch_page(
        at.sql,
        columns=_COLUMNS,
        source="record_export",
        view=lambda row: ExportView.model_validate(dict(row)),
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        where=[only_own(at), *where],
    )


@dataclass(frozen=True)
class ExportJob:
    """Writes exports of these types; one step for each call."""

    sheets: Sheets
    texts: Texts

    async def __call__(self, work: Work, payload: Mapping[str, Any]) -> None:
        """Do the next step of an export, and ask for the one after it."""
        sql = "select * from record_export where id = $1 for update"
        row = await work.sql.fetchrow(sql, UUID(payload["id"]))
        if row is None or row["finished_at"]:
            return
        try:
            async with work.savepoint():
                await self._step(work, row)
        except Problem as refused:
            problem = refused.view(self.texts, row["language"], work.trace.request_id)
            await _end(work, row["id"], ExportState.FAILED, problem=problem)

    async def _step(self, work: Work, row: Mapping[str, Any]) -> None:
        sheet = self.sheets[row["record_type"]]
        work.actor = await actor_of(work, row["actor"], sheet.read, EXPORT)
        wanted, order = rows_asked(sheet, work.setting, row["query"])
        first = row["parts"] == 0
        columns = chosen_columns(await sheet.columns_now(work), row["fields"])
        asked = replace(order, limit=ROWS_A_STEP, cursor=row["cursor"], include_total=first)
        page = await sheet.reads.page(work, wanted, asked)
        rows = await cells_of(work, sheet, columns, page.items)
        is_csv = row["format"] == FileFormat.CSV
        head = [[column.name for column in columns]] if is_csv and first else []
        text = csv_text([*head, *rows], safe=is_csv)
        bom = BOM if is_csv and first and row["bom"] else ""
        await keep_part(work, row["id"], row["parts"], (bom + text).encode())
        counted = page.total.count if page.total and not page.total.is_capped else None
        await work.sql.execute(_STEP, row["id"], page.next_cursor, len(page.items), counted)
        if page.next_cursor:
            work.enqueue(KIND, {"id": str(row["id"])})
            return
        if not is_csv:
            await _as_workbook(work, row["id"], columns)
        await _end(work, row["id"], ExportState.DONE)


async def _as_workbook(work: Work, export_id: UUID, columns: Any) -> None:
    """Make a workbook of the rows that were read."""
    parts = [part async for part in parts_of(work, export_id)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.xlsx"
        await asyncio.to_thread(write_workbook, path, columns, rows_of_csv(parts))
        await keep_file(work, export_id, path)


async def _end(
    work: Work, export_id: UUID, state: ExportState, *, problem: Mapping[str, Any] | None = None
) -> None:
    expires_at = work.now + timedelta(days=record_settings(work).export_days)
    size_sql = "select sum(length(content)) from file_part where owner_id = $1"
    size = await work.sql.fetchval(size_sql, export_id) if state == ExportState.DONE else None
    told = orjson.dumps(problem).decode() if problem else None
    await work.sql.execute(_END, export_id, state, work.now, expires_at, size, told)


async def forget_expired(work: Work, _payload: Mapping[str, Any]) -> None:
    """Delete the files of exports that have expired; a full pass asks for another."""
    rows = await work.sql.fetch(_EXPIRED, work.now)
    await delete_parts(work, [row["id"] for row in rows])
    if len(rows) == 100:  # noqa: PLR2004 - the limit of the statement
        work.enqueue(f"{KIND}.expiry", {}, key="again")
