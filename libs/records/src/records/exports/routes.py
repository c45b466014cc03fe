"""The routes of exports: asked for, looked at, fetched."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Language, Needs, OnlyOnce
from chassis.http.etag import LOCATED
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from identity.audit.reading_out import EntersAudit
from records.exports import service
from records.exports.errors import NoExportFile
from records.exports.schemas import ExportQuery, ExportView, NewExport
from records.exports.service import Sheets
from records.exports.states import ExportState
from records.sheets.at_once import EXPORT, FILE_REPLY, file_headers
from records.sheets.parts import parts_of
from records.sheets.writing import MEDIA_TYPES

__all__ = ["export_router"]

Exporter = Annotated[Actor, Needs(EXPORT)]


def export_router(sheets: Sheets) -> APIRouter:
    """`/v1/exports` of these record types."""
    router = api_router(prefix="/v1/exports", tag="exports")

    @router.get("")
    async def export_list(
        wanted: Annotated[ExportQuery, Query()], _by: Exporter, asked: PageAsked, at: InReading
    ) -> Page[ExportView]:
        """One's own exports, the newest first; administrators see all."""
        return await service.export_page(at, wanted, asked)

    @router.post("", status_code=status.HTTP_201_CREATED, responses=LOCATED)
    async def export_create(
        command: NewExport,
        _by: Exporter,
        _once: OnlyOnce,
        work: InWork,
        language: Language,
        response: Response,
    ) -> ExportView:
        """Have records written to a file by a job; the type's own read permission is needed."""
        export_id = await service.ask_for_export(work, sheets, command, language)
        response.headers["Location"] = f"/v1/exports/{export_id}"
        return await service.get_export(work, export_id)

    @router.get("/{export_id}", responses=refuses(NotFound))
    async def export_get(export_id: UUID, _by: Exporter, at: InReading) -> ExportView:
        """The export, and how far it has come."""
        return await service.get_export(at, export_id)

    @router.get(
        "/{export_id}/file",
        response_class=StreamingResponse,
        responses=FILE_REPLY | refuses(NotFound, NoExportFile),
    )
    async def export_file(
        export_id: UUID,
        by: Exporter,
        _entered: Annotated[None, EntersAudit("export.fetched")],
        at: InReading,
        request: Request,
    ) -> StreamingResponse:
        """The file, once the export is done."""
        return _file(request, by, await service.get_export(at, export_id))

    return router


def _file(request: Request, by: Actor, export: ExportView) -> StreamingResponse:
    """The reply with the file, sent part by part. Raises NoExportFile."""
    if export.state != ExportState.DONE:
        raise NoExportFile(state=export.state)
    database = request.app.state.database

    async def content() -> AsyncIterator[bytes]:
        async with database.reading(actor=by) as reading:
            async for part in parts_of(reading, export.id):
                yield part

    headers = file_headers(f"{export.record_type}.{export.format}")
    media_type = MEDIA_TYPES[export.format]
    return StreamingResponse(content(), media_type=media_type, headers=headers)
