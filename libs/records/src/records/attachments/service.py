"""Files are attached, renamed and deleted; each is one row, its content, and one event.

Who may see the record is asked by its `Reads`; who may change it, or added the file, renames and
deletes it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound, StaleRevision
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from records.attachments.errors import (
    AttachmentDeleted,
    FileTypeMismatch,
    TooManyAttachments,
)
from records.attachments.events import AttachmentChanged
from records.attachments.receiving import Received, allowed_type, received
from records.attachments.scanning import scan
from records.attachments.schemas import AttachmentQuery, AttachmentView, RenameAttachment
from records.attachments.storage import DATABASE, FOLDER, REMOVE, Content, content_file, keep
from records.paths import RecordPaths
from records.settings import record_settings
from records.uploads import FileRequest, Upload

__all__ = [
    "COLUMNS",
    "add_attachment",
    "attachment_page",
    "attachment_states",
    "content_of",
    "delete_attachment",
    "erase_attachments",
    "get_attachment",
    "rename_attachment",
]

_BY_WHOM = "jsonb_build_object('actor', {0}, 'name', {0}_name)"
COLUMNS = f"""attachment.id, attachment.record_type, attachment.record_id, attachment.filename,
  attachment.media_type, attachment.size, encode(attachment.sha256, 'hex') as sha256,
  {_BY_WHOM.format("attachment.added_by")} as added_by, attachment.version,
  attachment.created_at, attachment.updated_at, attachment.deleted_at,
  case when attachment.deleted_at is not null
    then {_BY_WHOM.format("attachment.deleted_by")} end as deleted_by"""
_ADD = f"""insert into attachment (id, record_type, record_id, filename, media_type, size, sha256,
    stored_in, scanned_at, added_by, added_by_name, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
  returning {COLUMNS}"""
_ROOM = """select count(*) as count, coalesce(sum(size), 0)::bigint as bytes from attachment
  where (record_type, record_id) = ($1, $2) and deleted_at is null"""
_GET = f"""select {COLUMNS}, stored_in, scanned_at from attachment
  where id = $1 and (record_type, record_id) = ($2, $3)"""
_LOCK = f"{_GET} for update"
_RENAME = f"""update attachment set filename = $2, version = version + 1, updated_at = $3
  where id = $1 returning {COLUMNS}"""
_DELETE = f"""update attachment set deleted_at = $2, deleted_by = $3, deleted_by_name = $4,
    version = version + 1, updated_at = $2
  where id = $1 returning {COLUMNS}"""
_SCANNED = "update attachment set scanned_at = now() where id = $1 and scanned_at is null"
_ERASE = f"""delete from attachment where record_type = $1 and record_id = any($2::uuid[])
  returning {COLUMNS}"""
_STATES = f"select {COLUMNS} from attachment where id = any($1::uuid[])"
_ADDED = {"created_at": Sort("attachment.created_at", "timestamptz")}


async def attachment_page(
    at: Reading, of: RecordPaths, record_id: UUID, wanted: AttachmentQuery, asked: PageQuery
) -> Page[AttachmentView]:
    """One page of the record's attachments, the newest first. Raises NotFound."""
    await of.reads.require(at, record_id)
    return await fetch_page(
        at.sql,
        columns=COLUMNS,
        source="attachment",
        view=_view,
        sorts=_ADDED,
        default="-created_at",
        asked=asked,
        where=[
            Filter("attachment.record_type = {}", of.name),
            Filter("attachment.record_id = {}", record_id),
            Filter("(attachment.deleted_at is not null) = {}", wanted.deleted),
        ],
        key="attachment.id",
    )


async def get_attachment(
    at: Reading, of: RecordPaths, record_id: UUID, attachment_id: UUID
) -> AttachmentView:
    """What is known of an attachment, also of a deleted one. Raises NotFound."""
    return _view(await _require(at, of, record_id, attachment_id, _GET))


async def add_attachment(
    upload: Upload, of: RecordPaths, record_id: UUID, filename: str
) -> AttachmentView:
    """Attach the file of a request to the record.

    Raises NotFound, FileTypeNotAllowed, FileTypeMismatch, TooLarge, InvalidInput (empty),
    AttachmentInfected, ScanRefused, ScannerUnavailable, TooManyAttachments.
    """
    async with upload.reading() as at:
        await of.reads.require(at, record_id)
        settings = record_settings(at)
    async with received(upload, settings, filename) as file:
        is_scanned = await scan(settings, file.path)
        work = await upload.begin(file.sha256)
        await of.reads.require(work, record_id)
        await _require_room(work, of.name, record_id, file)
        attachment = await _add(work, (of.name, record_id, filename), file, is_scanned=is_scanned)
        await keep(work, attachment.id, file.path)
    await work.record(AttachmentChanged.added(attachment))
    return attachment


async def _require_room(work: Work, record_type: str, record_id: UUID, file: Received) -> None:
    """Raise TooManyAttachments where the file is one too many; others wait until it is added."""
    await advisory_lock(work, f"attachments:{record_type}:{record_id}")
    row: Any = await work.sql.fetchrow(_ROOM, record_type, record_id)
    settings = record_settings(work)
    count_max, bytes_max = settings.attachment_count_max, settings.attachment_record_bytes_max
    if row["count"] >= count_max or row["bytes"] + file.size > bytes_max:
        raise TooManyAttachments(
            count=row["count"], count_max=count_max, bytes=row["bytes"], bytes_max=bytes_max
        )


async def _add(
    work: Work, of_what: tuple[str, UUID, str], file: Received, *, is_scanned: bool
) -> AttachmentView:
    row = await work.sql.fetchrow(
        _ADD,
        uuid7(),
        *of_what,
        file.type.media_type,
        file.size,
        file.sha256,
        FOLDER if record_settings(work).attachment_folder else DATABASE,
        work.now if is_scanned else None,
        work.actor.reference,
        work.actor.name,
        work.now,
    )
    return _view(row)


async def content_of(
    request: FileRequest, of: RecordPaths, record_id: UUID, attachment_id: UUID
) -> tuple[AttachmentView, Content]:
    """The attachment and its content; one that was never scanned is scanned first, if it is to be.

    Raises NotFound, AttachmentDeleted, AttachmentContentMissing, and what `scan` raises.
    """
    async with request.reading() as at:
        row = await _require(at, of, record_id, attachment_id, _GET)
        settings = record_settings(at)
    attachment = _view(row)
    _require_there(attachment)
    content = Content(request.database, settings, attachment_id, row["stored_in"])
    await content.require()
    if settings.attachment_scanner and row["scanned_at"] is None:
        async with content_file(content, attachment.size) as path:
            await scan(settings, path)
        async with request.database.driver() as sql:
            await sql.execute(_SCANNED, attachment_id)
    return attachment, content


async def rename_attachment(
    work: Work,
    of: RecordPaths,
    key: tuple[UUID, UUID],
    command: RenameAttachment,
    *,
    revision: int,
) -> AttachmentView:
    """Rename what the caller saw as `revision`; `key` is the record's id and the attachment's.

    Raises NotFound, Forbidden, AttachmentDeleted, StaleRevision, FileTypeNotAllowed,
    FileTypeMismatch.
    """
    attachment = await _lock(work, of, key, revision)
    if command.filename == attachment.filename:
        return attachment
    wanted = allowed_type(record_settings(work), command.filename)
    if wanted.media_type != attachment.media_type:
        raise FileTypeMismatch(
            filename=command.filename, declared=wanted.media_type, found=attachment.media_type
        )
    row = await work.sql.fetchrow(_RENAME, attachment.id, command.filename, work.now)
    attachment = _view(row)
    await work.record(AttachmentChanged.of(attachment, "filename"))
    return attachment


async def delete_attachment(
    work: Work, of: RecordPaths, key: tuple[UUID, UUID], *, revision: int
) -> None:
    """Delete what the caller saw as `revision`: its content goes, who and when is kept.

    Raises NotFound, Forbidden, AttachmentDeleted, StaleRevision.
    """
    attachment = await _lock(work, of, key, revision)
    by = work.actor
    row = await work.sql.fetchrow(_DELETE, attachment.id, work.now, by.reference, by.name)
    work.enqueue(REMOVE, {"id": str(attachment.id)})
    await work.record(AttachmentChanged.of(_view(row), "deleted"))


async def erase_attachments(work: Work, record_type: str, record_ids: Sequence[UUID]) -> list[UUID]:
    """Delete all attachments of records of a person who is erased, without a trace; their ids."""
    rows = await work.sql.fetch(_ERASE, record_type, list(record_ids))
    for row in rows:
        work.enqueue(REMOVE, {"id": str(row["id"])})
    gone = {"filename": "", "sha256": "", "deleted": True}
    files = [AttachmentChanged.of(_view(row), *gone) for row in rows]
    await work.record(
        *(one.model_copy(update=gone | {"version": one.version + 1}) for one in files)
    )
    return [one.id for one in files]


async def attachment_states(at: Reading, ids: Sequence[UUID]) -> list[AttachmentChanged]:
    """What is published of attachments, as they are now."""
    rows = await at.sql.fetch(_STATES, list(ids))
    return [AttachmentChanged.of(_view(row)) for row in rows]


async def _require(
    at: Reading, of: RecordPaths, record_id: UUID, attachment_id: UUID, question: str
) -> Any:
    """The row of an attachment whose record the caller may see. Raises NotFound."""
    await of.reads.require(at, record_id)
    row = await at.sql.fetchrow(question, attachment_id, of.name, record_id)
    if row is None:
        raise NotFound(entity="attachment", id=attachment_id)
    return row


async def _lock(
    work: Work, of: RecordPaths, key: tuple[UUID, UUID], revision: int
) -> AttachmentView:
    """The attachment, locked for who may change the record, or added it, until the act ends."""
    record_id, attachment_id = key
    attachment = _view(await _require(work, of, record_id, attachment_id, _LOCK))
    if attachment.added_by.actor != work.actor.reference:
        await of.reads.require_changeable(work, [record_id])
    _require_there(attachment)
    if attachment.version != revision:
        raise StaleRevision(expected=revision, current=attachment.version)
    return attachment


def _require_there(attachment: AttachmentView) -> None:
    if attachment.deleted_by:
        raise AttachmentDeleted(
            deleted_by=attachment.deleted_by.name, deleted_at=attachment.deleted_at
        )


def _view(row: Any) -> AttachmentView:
    return AttachmentView.model_validate(dict(row))
