"""Imports: brought, checked or run by a job, looked at, and forgotten in time."""

import asyncio
import tempfile
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import Forbidden, InvalidInput, NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.exports.service import Sheets, sheet_of
from records.imports import mappings
from records.imports.errors import FileTooLarge, ImportBusy, ImportFileRefused
from records.imports.schemas import (
    ImportOptions,
    ImportQuery,
    ImportRowView,
    ImportView,
    NewImport,
    StartImport,
    UndoRowView,
)
from records.imports.states import ImportState
from records.imports.targets import require_mapping, suggested, targets_of
from records.links import require_sender
from records.settings import record_settings
from records.sheets.kinds import RecordSheet
from records.sheets.makers import kept_actor, only_own
from records.sheets.parts import delete_parts, keep_file
from records.sheets.reading import Form, SheetRow, open_rows
from records.sheets.workbooks import text_in
from values.sheets.dates import problem_of_format
from values.sheets.encodings import is_surely_chinese
from values.sheets.refused import FileRefused

__all__ = [
    "IMPORT",
    "KIND",
    "UNDO",
    "bring",
    "failed_rows",
    "forget_expired",
    "form_of",
    "get_import",
    "import_page",
    "lock_import",
    "start",
    "undo",
    "undo_rows",
]

IMPORT = "imports.run"
"""The permission to bring records as files, beside that to write them."""

KIND, UNDO = "records.import", "records.import.undo"
_SAMPLE = 5
_BEGINS = {ImportState.DRAFT, ImportState.CHECKED, ImportState.FAILED}
_COLUMNS = ", ".join(name for name in ImportView.model_fields if name != "undo")
_UNDONE = """coalesce((select jsonb_object_agg(u.outcome, u.count) from (
    select outcome, count(*) as count from record_import_undo
     where import_id = record_import.id group by outcome) u), '{}') as undo"""
_INSERT = """insert into record_import (id, record_type, system, file_name, size_bytes, header,
    sample, mapping, options, state, actor, made_by, language, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10, $11, $12, $13, $14)"""
_START = """update record_import set state = $2, mapping = $3, options = $4, actor = $5,
    is_staged = false, place = 0, created_so_far = 0, rows_total = null, rows_done = 0, created = 0,
    updated = 0, unchanged = 0, failed = 0, problem = null, finished_at = null,
    is_run = is_run or $2 = 'running' where id = $1"""
_EXPIRED = """update record_import
    set state = case when state in ('done', 'undone') then state else 'expired' end,
      problem = null, expires_at = null
  where id in (select id from record_import
    where expires_at <= $1 and state not in ('checking', 'running', 'undoing')
    order by expires_at limit 10)
  returning id"""


def writable(sheets: Sheets, at: Reading, record_type: str) -> RecordSheet:
    """The type's sheet, which the actor may write. Raises InvalidInput, Forbidden."""
    importable = {name: one for name, one in sheets.items() if one.new}
    sheet = sheet_of(importable, at, record_type, "/record_type")
    if not at.actor.may(sheet.write):
        raise Forbidden(scope=sheet.write)
    return sheet


async def bring(work: Work, sheets: Sheets, command: NewImport, language: str) -> UUID:
    """Keep a file, with what its columns probably are.

    Raises InvalidInput, Forbidden, SystemReserved, FileTooLarge, ImportFileRefused.
    """
    sheet = writable(sheets, work, command.record_type)
    require_sender(work, command.system)
    limit, content = record_settings(work).import_max_bytes, _decoded(command.content)
    if len(content) > limit:
        raise FileTooLarge(limit=limit)
    import_id = uuid7()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        await asyncio.to_thread(path.write_bytes, content)
        header, rows, options = await _opened(path, command)
        size = await keep_file(work, import_id, path)
    sample = [{name: text_in(cell) for name, cell in row.cells.items()} for row in rows]
    mapping, own = await suggested(work, sheet, header)
    options = options.model_copy(update=own.model_dump(exclude_unset=True))
    saved = await mappings.fitting(work, command.record_type, header)
    if saved:
        mapping = saved.mapping
        options = saved.options.model_copy(update=command.options.model_dump(exclude_unset=True))
    expires_at = work.now + timedelta(days=record_settings(work).import_days)
    await work.sql.execute(
        _INSERT,
        import_id,
        command.record_type,
        command.system,
        command.file_name,
        size,
        header,
        _json(sample),
        _json(mapping),
        options.model_dump_json(),
        _json(kept_actor(work.actor)),
        work.actor.reference,
        language,
        work.now,
        expires_at,
    )
    return import_id


def _decoded(content: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except ValueError as wrong:
        text = "Send the file's bytes in base64."
        raise InvalidInput(errors=[FieldError("/content", "base64", text)]) from wrong


async def _opened(
    path: Path, command: NewImport
) -> tuple[list[str], list[SheetRow], ImportOptions]:
    """Columns, first rows, and options with the encoding that it can only be."""

    def first_rows(options: ImportOptions) -> tuple[list[str], list[SheetRow], ImportOptions]:
        header, rows = open_rows(path, form_of(options))
        return header, list(islice(rows, _SAMPLE)), options

    def tried(options: ImportOptions) -> tuple[list[str], list[SheetRow], ImportOptions]:
        try:
            return first_rows(options)
        except FileRefused as refused:
            wrong_encoding = any(one.code == "encoding" for one in refused.problems)
            if options.encoding or not wrong_encoding or not is_surely_chinese(path):
                raise
            return first_rows(options.model_copy(update={"encoding": "gb18030"}))

    try:
        return await asyncio.to_thread(tried, command.options)
    except FileRefused as refused:
        raise file_refused(command.file_name, refused) from refused


def file_refused(file_name: str, refused: FileRefused) -> ImportFileRefused:
    """The problem that the caller is told."""
    errors = [
        FieldError("/content", one.code, one.text, {k: str(v) for k, v in one.facts.items()})
        for one in refused.problems
    ]
    return ImportFileRefused(errors=errors, file_name=file_name)


def form_of(options: ImportOptions) -> Form:
    """How the file is written, as the options say."""
    return Form(options.encoding, options.delimiter, options.sheet, options.short_rows)


async def start(
    work: Work, sheets: Sheets, import_id: UUID, command: StartImport, state: ImportState
) -> None:
    """Let a job check or run the import.

    Raises NotFound, ImportBusy, InvalidInput (mapping, options), Forbidden, SystemReserved.
    """
    row = await lock_import(work, import_id)
    sheet = writable(sheets, work, row["record_type"])
    require_sender(work, row["system"])
    if row["state"] not in _BEGINS:
        raise ImportBusy(state=row["state"])
    mapping = row["mapping"] if command.mapping is None else command.mapping
    options = command.options or ImportOptions.model_validate(row["options"])
    require_mapping(sheet, await targets_of(work, sheet), mapping, row["header"])
    _require_formats(options)
    actor = _json(kept_actor(work.actor))
    await work.sql.execute(
        _START, import_id, state, _json(mapping), options.model_dump_json(), actor
    )
    work.enqueue(KIND, {"id": str(import_id)})


def _require_formats(options: ImportOptions) -> None:
    wrong = [
        FieldError("/options/date_formats", "date_format", "{why}.", {"why": why})
        for form in options.date_formats
        if (why := problem_of_format(form, options.century))
    ]
    if options.thousands and options.thousands == (options.decimal or "."):
        text = "One sign cannot stand between thousands and before decimals."
        wrong.append(FieldError("/options/thousands", "same_sign", text))
    if wrong:
        raise InvalidInput(errors=wrong)


async def undo(work: Work, sheets: Sheets, import_id: UUID) -> None:
    """Let a job undo the import; one that is undone, or being so, stays as it is.

    Raises NotFound, ImportBusy, Forbidden.
    """
    row = await lock_import(work, import_id)
    writable(sheets, work, row["record_type"])
    if row["state"] in {ImportState.UNDOING, ImportState.UNDONE}:
        return
    if not row["is_run"] or row["state"] in {ImportState.CHECKING, ImportState.RUNNING}:
        raise ImportBusy(state=row["state"])
    sql = """update record_import set state = 'undoing', problem = null, finished_at = null,
        undo_cursor = null, actor = $2 where id = $1"""
    await work.sql.execute(sql, import_id, _json(kept_actor(work.actor)))
    work.enqueue(UNDO, {"id": str(import_id)})


async def lock_import(work: Work, import_id: UUID) -> Mapping[str, Any]:
    """The import's row, locked. Raises NotFound, also for one of somebody else."""
    await get_import(work, import_id)
    sql = "select * from record_import where id = $1 for update"
    [row] = await work.sql.fetch(sql, import_id)
    return dict(row)


async def get_import(at: Reading, import_id: UUID) -> ImportView:
    """The import. Raises NotFound, also for one of somebody else."""
    page = await _page(at, PageQuery(limit=1), [Filter("id = {}", import_id)])
    if not page.items:
        raise NotFound(entity="import", id=import_id)
    return page.items[0]


async def import_page(at: Reading, wanted: ImportQuery, asked: PageQuery) -> Page[ImportView]:
    """A page of one's own imports, or of all for administrators. Raises InvalidCursor."""
    where = [
        Filter("record_type = {}", wanted.record_type),
        Filter("state = {}", wanted.state),
    ]
    return await _page(at, asked, where)


async def _page(at: Reading, asked: PageQuery, where: Sequence[Filter]) -> Page[ImportView]:
    return await fetch_page(
        at.sql,
        columns=f"{_COLUMNS}, {_UNDONE}",
        source="record_import",
        view=lambda row: ImportView.model_validate(dict(row)),
        sorts={"created_at": Sort("created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        where=[only_own(at), *where],
    )


async def failed_rows(at: Reading, import_id: UUID, asked: PageQuery) -> Page[ImportRowView]:
    """A page of the rows that were refused, in their order. Raises NotFound, InvalidCursor."""
    await get_import(at, import_id)
    return await fetch_page(
        at.sql,
        columns="number as row, outcome, errors",
        source="record_import_row",
        view=lambda row: ImportRowView.model_validate(dict(row)),
        sorts={"row": Sort("place", "bigint")},
        default="row",
        asked=asked,
        where=[Filter("import_id = {}", import_id), Filter("outcome = {}", "failed")],
    )


async def undo_rows(at: Reading, import_id: UUID, asked: PageQuery) -> Page[UndoRowView]:
    """A page of what became of the records of an undone import. Raises NotFound, InvalidCursor."""
    await get_import(at, import_id)
    return await fetch_page(
        at.sql,
        columns="record_id, outcome, fields, kept",
        source="record_import_undo",
        view=lambda row: UndoRowView.model_validate(dict(row)),
        sorts={"record_id": Sort("record_id", "uuid")},
        default="record_id",
        asked=asked,
        where=[Filter("import_id = {}", import_id)],
    )


async def forget_expired(work: Work, _payload: Mapping[str, Any]) -> None:
    """Delete files and rows of imports that have expired; a full pass asks for another."""
    ids = [row["id"] for row in await work.sql.fetch(_EXPIRED, work.now)]
    await delete_parts(work, ids)
    await work.sql.execute("delete from record_import_row where import_id = any($1::uuid[])", ids)
    if len(ids) == 10:  # noqa: PLR2004 - the limit of the statement
        work.enqueue(f"{KIND}.expiry", {}, key="again")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
