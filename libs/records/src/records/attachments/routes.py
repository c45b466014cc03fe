"""The routes of attachments of one type of record."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.problems.problem import Problem
from chassis.storage.paging import Page
from records.attachments import errors, service
from records.attachments.downloads import FILE_REPLY, file_reply
from records.attachments.filenames import Filename
from records.attachments.schemas import AttachmentQuery, AttachmentView, RenameAttachment
from records.paths import RecordPaths
from records.uploads import FILE_BODY, InFileRequest, InUpload

__all__ = ["attachment_routes"]

_NAMED: tuple[type[Problem], ...] = (errors.FileTypeNotAllowed, errors.FileTypeMismatch)
_SCANNED: tuple[type[Problem], ...] = (
    errors.AttachmentInfected,
    errors.ScanRefused,
    errors.ScannerUnavailable,
)
_FILENAME = Query(
    description="The name that the file is kept under, with its ending, such as `drawing.pdf`."
)


def attachment_routes(of: RecordPaths) -> None:
    """Put `/{id}/attachments` onto the router of the record type."""
    _list(of)
    _create(of)
    _get(of)
    _download(of)
    _update(of)
    _delete(of)


def _list(of: RecordPaths) -> None:
    async def attachment_list(
        record_id: UUID,
        wanted: Annotated[AttachmentQuery, Query()],
        _by: Actor,
        asked: PageAsked,
        at: InReading,
    ) -> Page[AttachmentView]:
        return await service.attachment_page(at, of, record_id, wanted, asked)

    text = f"Files attached to the {of.one}, the newest first."
    of.add("GET", "attachments", "attachment_list", text, attachment_list, {"_by": of.reader})


def _create(of: RecordPaths) -> None:
    async def attachment_create(
        record_id: UUID,
        _by: Actor,
        upload: InUpload,
        filename: Annotated[Filename, _FILENAME],
        response: Response,
    ) -> AttachmentView:
        added = await service.add_attachment(upload, of, record_id, filename)
        reply_with(response, added, location=of.location(record_id, "attachments", added.id))
        return added

    attachment_create.__dict__["reads_body"] = True
    text = (
        f"Attach a file to the {of.one}: the body is the file, its name a parameter. "
        "A `Content-Type` that names a type must be that of the content."
    )
    of.add(
        "POST",
        "attachments",
        "attachment_create",
        text,
        attachment_create,
        {"_by": of.writer},
        refuses=(*_NAMED, *_SCANNED, errors.TooManyAttachments),
        status_code=status.HTTP_201_CREATED,
        openapi_extra=FILE_BODY,
    )


def _get(of: RecordPaths) -> None:
    async def attachment_get(
        record_id: UUID, attachment_id: UUID, _by: Actor, at: InReading, response: Response
    ) -> AttachmentView:
        found = await service.get_attachment(at, of, record_id, attachment_id)
        reply_with(response, found)
        return found

    text = "What is known of an attachment, also of a deleted one."
    path = "attachments/{attachment_id}"
    of.add("GET", path, "attachment_get", text, attachment_get, {"_by": of.reader})


def _download(of: RecordPaths) -> None:
    async def attachment_download(
        record_id: UUID, attachment_id: UUID, _by: Actor, request: InFileRequest
    ) -> Response:
        found, content = await service.content_of(request, of, record_id, attachment_id)
        return file_reply(request.request, found, content)

    text = "The file itself, to be saved. `Range` gets a part of it."
    missing = (errors.AttachmentDeleted, errors.AttachmentContentMissing)
    of.add(
        "GET",
        "attachments/{attachment_id}/content",
        "attachment_download",
        text,
        attachment_download,
        {"_by": of.reader},
        refuses=(*_SCANNED, *missing, errors.RangeNotSatisfiable),
        replies=FILE_REPLY,
        response_class=Response,
    )


def _update(of: RecordPaths) -> None:
    async def attachment_update(  # noqa: PLR0917 - a route is all of these
        record_id: UUID,
        attachment_id: UUID,
        command: RenameAttachment,
        _by: Actor,
        revision: IfMatch,
        work: InWork,
        response: Response,
    ) -> AttachmentView:
        key = (record_id, attachment_id)
        renamed = await service.rename_attachment(work, of, key, command, revision=revision)
        reply_with(response, renamed)
        return renamed

    text = "Rename an attachment; who added it may, and who may change the record."
    of.add(
        "PATCH",
        "attachments/{attachment_id}",
        "attachment_update",
        text,
        attachment_update,
        {"_by": of.writer},
        refuses=(*_NAMED, errors.AttachmentDeleted),
    )


def _delete(of: RecordPaths) -> None:
    async def attachment_delete(
        record_id: UUID, attachment_id: UUID, _by: Actor, revision: IfMatch, work: InWork
    ) -> None:
        key = (record_id, attachment_id)
        await service.delete_attachment(work, of, key, revision=revision)

    text = "Delete an attachment: its content goes, and who deleted it when is kept."
    types: dict[str, Any] = {"_by": of.writer}
    of.add(
        "DELETE",
        "attachments/{attachment_id}",
        "attachment_delete",
        text,
        attachment_delete,
        types,
        refuses=(errors.AttachmentDeleted,),
        status_code=status.HTTP_204_NO_CONTENT,
    )
