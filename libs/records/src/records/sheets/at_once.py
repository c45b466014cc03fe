"""`GET /<many>/export`: records, documents or a report as a file, as many as a reply may have."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.refusals import refuses as declared
from chassis.storage.paging import PageQuery
from chassis.storage.reading import Reading
from identity.audit.reading_out import EntersAudit
from records.custom.lists import LIST_PARAMETER
from records.sheets.asked import chosen_columns, order_of_rows
from records.sheets.columns import Column, rows_of
from records.sheets.errors import ExportTooLarge
from records.sheets.kinds import RecordSheet
from records.sheets.writing import MEDIA_TYPES, FileFormat, csv_text, write_workbook

__all__ = ["AT_ONCE", "EXPORT", "FILE_REPLY", "add_export", "cells_of", "file_headers"]

AT_ONCE = 2_000
"""Records that one reply may have."""

EXPORT = "exports.run"
"""The permission to take records out as files, beside that to read them."""

BOM = "\ufeff"
FILE_REPLY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            MEDIA_TYPES[FileFormat.XLSX]: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Format = Annotated[FileFormat, Query(description="csv or xlsx.")]
Fields = Annotated[
    str | None,
    Query(max_length=4000, description="Only these columns, in this order, such as `id,name`."),
]
WithBom = Annotated[
    bool, Query(description="Whether CSV begins with the mark by which Excel knows UTF-8.")
]

Entered = Annotated[None, EntersAudit("export.fetched", "format", "fields")]


def add_export(
    router: APIRouter, sheet: RecordSheet, many: str, *, path: str = "/export"
) -> RecordSheet:
    """Put the route onto the router of the list or report; the sheet.

    It is asked before all others, whose paths may take "export" for an id.
    """
    query = sheet.reads.query

    async def filtered(
        wanted: Any,
        _by: Actor,
        _exporter: Annotated[Actor, Needs(EXPORT)],
        order: Any,
        _entered: Entered,
        at: InReading,
        format: Format = FileFormat.CSV,  # noqa: A002 - its name in the query
        fields: Fields = None,
        *,
        bom: WithBom = True,
    ) -> Response:
        columns = chosen_columns(await sheet.columns_now(at), fields)
        rows = await _rows(at, sheet, wanted, order, columns)
        return await _reply(sheet.name, format, columns, rows, bom=bom)

    async def whole(
        _by: Actor,
        exporter: Annotated[Actor, Needs(EXPORT)],
        order: Any,
        _entered: Entered,
        at: InReading,
        format: Format = FileFormat.CSV,  # noqa: A002 - its name in the query
        fields: Fields = None,
        *,
        bom: WithBom = True,
    ) -> Response:
        return await filtered(None, _by, exporter, order, None, at, format, fields, bom=bom)

    endpoint: Any = filtered if query else whole
    endpoint.__name__ = f"{sheet.name}_export"
    endpoint.__doc__ = f"The {many} as a file, at most {AT_ONCE}; more are written by a job."
    endpoint.__annotations__ |= {
        "_by": Annotated[Actor, Needs(sheet.read)],
        "order": order_of_rows(sheet),
    } | ({"wanted": Annotated[query, Query()]} if query else {})
    router.add_api_route(
        path,
        endpoint,
        methods=["GET"],
        response_class=Response,
        responses=FILE_REPLY | declared(ExportTooLarge),
        openapi_extra=LIST_PARAMETER if sheet.reads.has_custom_fields else None,
    )
    router.routes.insert(0, router.routes.pop())
    return sheet


async def _rows(
    at: Reading, sheet: RecordSheet, wanted: Any, order: PageQuery, columns: Sequence[Column]
) -> list[list[str]]:
    """The rows of all records wanted. Raises ExportTooLarge."""
    asked = replace(order, limit=AT_ONCE)
    page = await sheet.reads.page(at, wanted, asked)
    if page.next_cursor or len(page.items) > AT_ONCE:
        raise ExportTooLarge(limit=AT_ONCE)
    return await cells_of(at, sheet, columns, page.items)


async def cells_of(
    at: Reading, sheet: RecordSheet, columns: Sequence[Column], items: Sequence[Any]
) -> list[list[str]]:
    """The rows of views, a text for each column."""
    records = await sheet.records(at, items)
    return [row for record in records for row in rows_of(record, columns)]


async def _reply(
    name: str,
    format: FileFormat,  # noqa: A002 - its name in the query
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    bom: bool,
) -> Response:
    headers = file_headers(f"{name}.{format}")
    if format == FileFormat.CSV:
        text = csv_text([[column.name for column in columns], *rows])
        content = (BOM if bom else "").encode() + text.encode()
        return Response(content, media_type=MEDIA_TYPES[format], headers=headers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.xlsx"
        await asyncio.to_thread(write_workbook, path, columns, rows)
        return Response(path.read_bytes(), media_type=MEDIA_TYPES[format], headers=headers)


def file_headers(name: str) -> dict[str, str]:
    """Headers by which browsers store the file instead of showing it."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
