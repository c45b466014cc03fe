"""Where the content of attachments is kept: in the database, or in a folder.

In the database a file is rows of 256 KiB: a single value would have to stand in memory whole, on
both sides, each time. In the folder a file is written, synchronised and renamed before its row is
committed, so that no row is without its file; files without a row are swept.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.storage.connections import Connections
from chassis.work.unit_of_work import Work
from records.attachments.errors import AttachmentContentMissing
from records.attachments.receiving import incoming
from records.attachments.tables import CHUNK_BYTES
from records.settings import RecordSettings, record_settings

__all__ = ["DATABASE", "FOLDER", "REMOVE", "Content", "content_file", "keep", "remove", "sweep"]

DATABASE, FOLDER = "database", "folder"
REMOVE = "attachments.remove"
"""The job that removes the file of a deleted attachment, once that is committed."""

_CHUNK = "select data from attachment_chunk where (attachment_id, place) = ($1, $2)"
_NEEDED = """select id from attachment
  where id = any($1::uuid[]) and stored_in = 'folder' and deleted_at is null"""
_LEFT_SECONDS = 3600.0
"""After so long no act that wrote a file is still open."""
_AT_ONCE = 1000


async def keep(work: Work, attachment_id: UUID, path: Path) -> None:
    """Keep the file as the content of a new attachment, whose row is there."""
    folder = record_settings(work).attachment_folder
    if folder:
        await asyncio.to_thread(_move, path, _place(folder, attachment_id))
    else:
        await work.sql.copy_records_to_table(
            "attachment_chunk",
            records=_chunks(attachment_id, path),
            columns=["attachment_id", "place", "data"],
        )


async def _chunks(attachment_id: UUID, path: Path) -> AsyncIterator[tuple[UUID, int, bytes]]:
    place = 0
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield attachment_id, place, data
            place += 1


class Content:
    """The content of an attachment, read in pieces; no connection is used between them."""

    def __init__(
        self, database: Connections, settings: RecordSettings, attachment_id: UUID, stored_in: str
    ) -> None:
        self._database, self._id = database, attachment_id
        folder = settings.attachment_folder
        self._path = _place(folder, attachment_id) if folder and stored_in == FOLDER else None
        self._is_lost = stored_in == FOLDER and not folder

    async def require(self) -> None:
        """Raise AttachmentContentMissing where the folder has no such file."""
        if self._is_lost or (self._path and not await asyncio.to_thread(self._path.is_file)):
            raise AttachmentContentMissing

    async def read(self, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`. Raises LookupError where it is deleted meanwhile."""
        pieces = self._read_file(start) if self._path else self._read_rows(start)
        left = end - start
        async for piece in pieces:
            yield piece[:left]
            left -= min(left, len(piece))
            if not left:
                return

    async def _read_rows(self, start: int) -> AsyncIterator[bytes]:
        place, skipped = divmod(start, CHUNK_BYTES)
        while True:
            async with self._database.driver() as sql:
                data = await sql.fetchval(_CHUNK, self._id, place)
            if data is None:
                message = f"attachment {self._id} has no more content"
                raise LookupError(message)
            yield data[skipped:]
            place, skipped = place + 1, 0

    async def _read_file(self, start: int) -> AsyncIterator[bytes]:
        assert self._path is not None  # noqa: S101 - it is read by its path only
        file = await asyncio.to_thread(self._path.open, "rb")
        with file:
            file.seek(start)
            while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield data


@asynccontextmanager
async def content_file(content: Content, size: int) -> AsyncIterator[Path]:
    """The content as a file of its own, for a while."""
    with tempfile.NamedTemporaryFile(prefix="attachment-") as file:
        async for piece in content.read(0, size):
            await asyncio.to_thread(file.write, piece)
        file.flush()
        yield Path(file.name)


async def remove(work: Work, payload: Mapping[str, Any]) -> None:
    """Remove the file of a deleted attachment (job)."""
    folder = record_settings(work).attachment_folder
    if folder:
        path = _place(folder, UUID(payload["id"]))
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def sweep(work: Work, _payload: Mapping[str, Any]) -> None:
    """Remove files that no attachment needs: of acts that failed, and of deleted ones (job)."""
    folder = record_settings(work).attachment_folder
    if folder is None:
        return
    before = time.time() - _LEFT_SECONDS
    files = _old_files(folder, before)
    while some := await asyncio.to_thread(lambda: list(islice(files, _AT_ONCE))):
        ids = {path: _id_of(path) for path in some}
        rows = await work.sql.fetch(_NEEDED, [one for one in ids.values() if one])
        needed = {row["id"] for row in rows}
        for path in some:
            if ids[path] not in needed:
                await asyncio.to_thread(path.unlink, missing_ok=True)


def _old_files(folder: Path, before: float) -> Iterator[Path]:
    """Files of ours in the folder that were written before; others are left alone."""
    for path in folder.glob("*/*"):
        ours = path.parent == incoming(folder) or _id_of(path)
        if ours and path.is_file() and path.stat().st_mtime < before:
            yield path


def _id_of(path: Path) -> UUID | None:
    try:
        found = UUID(path.name)
    except ValueError:
        return None
    return found if path == _place(path.parent.parent, found) else None


def _place(folder: Path, attachment_id: UUID) -> Path:
    """The file of an attachment; the last signs of ids spread over 256 folders."""
    return folder / str(attachment_id)[-2:] / str(attachment_id)


def _move(path: Path, place: Path) -> None:
    if not place.parent.is_dir():
        place.parent.mkdir(exist_ok=True)
        _synchronise(place.parent.parent)
    os.utime(path)
    path.replace(place)
    _synchronise(place.parent)


def _synchronise(folder: Path) -> None:
    """Make what a folder lists survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
