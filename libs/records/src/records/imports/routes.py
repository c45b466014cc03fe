"""The routes of imports and of saved mappings."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
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
from chassis.storage.reading import Reading
from identity.systems import SystemReserved
from records.exports.service import Sheets
from records.imports import mappings, service
from records.imports.errors import (
    FileTooLarge,
    ImportBusy,
    ImportFileRefused,
    MappingNameTaken,
)
from records.imports.schemas import (
    ImportQuery,
    ImportRowView,
    ImportView,
    MappingQuery,
    MappingView,
    NewImport,
    NewMapping,
    StartImport,
    UndoRowView,
)
from records.imports.states import ImportState
from records.sheets.at_once import BOM, file_headers
from records.sheets.workbooks import text_in
from records.sheets.writing import MEDIA_TYPES, FileFormat, csv_text
from values.sheets.csv_files import EXTRA_COLUMNS

__all__ = ["import_router", "mapping_router"]

Importer = Annotated[Actor, Needs(service.IMPORT)]
CSV_REPLY: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


def import_router(sheets: Sheets) -> APIRouter:
    """`/v1/imports` of these record types."""
    router = api_router(prefix="/v1/imports", tag="imports")
    _add_acts(router, sheets)
    _add_reads(router)
    return router


def _add_acts(router: APIRouter, sheets: Sheets) -> None:
    begun = refuses(NotFound, ImportBusy, SystemReserved)

    @router.post(
        "",
        status_code=status.HTTP_201_CREATED,
        responses=LOCATED | refuses(SystemReserved, FileTooLarge, ImportFileRefused),
    )
    async def import_create(
        command: NewImport,
        _by: Importer,
        _once: OnlyOnce,
        work: InWork,
        language: Language,
        response: Response,
    ) -> ImportView:
        """Bring a file; the reply suggests which column is which field. Nothing is written yet."""
        import_id = await service.bring(work, sheets, command, language)
        response.headers["Location"] = f"/v1/imports/{import_id}"
        return await service.get_import(work, import_id)

    @router.post("/{import_id}/check", responses=begun)
    async def import_check(
        import_id: UUID, command: StartImport, _by: Importer, _once: OnlyOnce, work: InWork
    ) -> ImportView:
        """Let a job judge every row and change nothing: a dry run."""
        await service.start(work, sheets, import_id, command, ImportState.CHECKING)
        return await service.get_import(work, import_id)

    @router.post("/{import_id}/run", responses=begun)
    async def import_run(
        import_id: UUID, command: StartImport, _by: Importer, _once: OnlyOnce, work: InWork
    ) -> ImportView:
        """Let a job write the records; a refused row leaves the others alone."""
        await service.start(work, sheets, import_id, command, ImportState.RUNNING)
        return await service.get_import(work, import_id)

    @router.post("/{import_id}/undo", responses=refuses(NotFound, ImportBusy))
    async def import_undo(
        import_id: UUID, _by: Importer, _once: OnlyOnce, work: InWork
    ) -> ImportView:
        """Let a job undo the import, but for what was edited later; twice changes nothing."""
        await service.undo(work, sheets, import_id)
        return await service.get_import(work, import_id)


def _add_reads(router: APIRouter) -> None:
    @router.get("")
    async def import_list(
        wanted: Annotated[ImportQuery, Query()], _by: Importer, asked: PageAsked, at: InReading
    ) -> Page[ImportView]:
        """One's own imports, the newest first; administrators see all."""
        return await service.import_page(at, wanted, asked)

    @router.get("/{import_id}", responses=refuses(NotFound))
    async def import_get(import_id: UUID, _by: Importer, at: InReading) -> ImportView:
        """The import, and how far it has come."""
        return await service.get_import(at, import_id)

    @router.get("/{import_id}/errors", responses=refuses(NotFound))
    async def import_error_list(
        import_id: UUID, _by: Importer, asked: PageAsked, at: InReading
    ) -> Page[ImportRowView]:
        """The rows that were refused, in the order of the file, and why."""
        return await service.failed_rows(at, import_id, asked)

    @router.get(
        "/{import_id}/error-file",
        response_class=StreamingResponse,
        responses=CSV_REPLY | refuses(NotFound),
    )
    async def import_error_file(
        import_id: UUID, by: Importer, at: InReading, request: Request
    ) -> StreamingResponse:
        """The rows that were refused, as they came, with the reasons: mended, it is sent again."""
        return _error_file(request, by, await service.get_import(at, import_id))

    @router.get("/{import_id}/undo-report", responses=refuses(NotFound))
    async def import_undo_list(
        import_id: UUID, _by: Importer, asked: PageAsked, at: InReading
    ) -> Page[UndoRowView]:
        """What became of each record when the import was undone, and what was left alone."""
        return await service.undo_rows(at, import_id, asked)


def _error_file(request: Request, by: Actor, found: ImportView) -> StreamingResponse:
    """The reply with the rows that were refused, sent some at a time."""
    database = request.app.state.database

    async def content() -> AsyncIterator[str]:
        async with database.reading(actor=by) as reading:
            yield BOM + csv_text([[*found.header, *EXTRA_COLUMNS]])
            async for some in _failed(reading, found.id):
                yield csv_text(_error_row(found.header, one) for one in some)

    headers = file_headers(f"errors-{found.id}.csv")
    media_type = MEDIA_TYPES[FileFormat.CSV]
    return StreamingResponse(content(), media_type=media_type, headers=headers)


async def _failed(at: Reading, import_id: UUID) -> AsyncIterator[list[Mapping[str, Any]]]:
    """The rows that were refused, in their order, some at a time."""
    place = 0
    while rows := await at.sql.fetch(_FAILED, import_id, place):
        yield rows
        place = rows[-1]["place"]


def _error_row(header: list[str], row: Mapping[str, Any]) -> list[str]:
    reasons = "; ".join(
        f"{one['column']}: {one['message']}" if one["column"] else one["message"]
        for one in row["errors"]
    )
    cells = [text_in(row["cells"].get(name)) for name in header]
    return [*cells, str(row["number"]), reasons, row["line"]]


_FAILED = """select place, number, cells, line, errors from record_import_row
  where import_id = $1 and outcome = 'failed' and place > $2 order by place limit 1000"""


def mapping_router() -> APIRouter:
    """`/v1/import-mappings`."""
    router = api_router(prefix="/v1/import-mappings", tag="import-mappings")

    @router.get("")
    async def import_mapping_list(
        wanted: Annotated[MappingQuery, Query()], _by: Importer, asked: PageAsked, at: InReading
    ) -> Page[MappingView]:
        """One's own saved mappings and those for all, the newest first."""
        return await mappings.mapping_page(at, wanted, asked)

    @router.post(
        "",
        status_code=status.HTTP_201_CREATED,
        responses=LOCATED | refuses(MappingNameTaken),
    )
    async def import_mapping_create(
        command: NewMapping, _by: Importer, _once: OnlyOnce, work: InWork, response: Response
    ) -> MappingView:
        """Keep a mapping; it is suggested for files that have all of its columns."""
        mapping_id = await mappings.add_mapping(work, command)
        response.headers["Location"] = f"/v1/import-mappings/{mapping_id}"
        return await mappings.get_mapping(work, mapping_id)

    @router.get("/{mapping_id}", responses=refuses(NotFound))
    async def import_mapping_get(mapping_id: UUID, _by: Importer, at: InReading) -> MappingView:
        """The saved mapping."""
        return await mappings.get_mapping(at, mapping_id)

    @router.delete(
        "/{mapping_id}", status_code=status.HTTP_204_NO_CONTENT, responses=refuses(NotFound)
    )
    async def import_mapping_delete(mapping_id: UUID, _by: Importer, work: InWork) -> None:
        """Forget one's own mapping."""
        await mappings.delete_mapping(work, mapping_id)

    return router
