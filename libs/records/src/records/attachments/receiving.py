"""A file as it comes: written beside, counted, hashed and recognised before anybody keeps it."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from records.attachments.errors import FileTypeMismatch, FileTypeNotAllowed
from records.attachments.tables import CHUNK_BYTES
from records.file_types import FileType, recognise, type_of_name
from records.settings import RecordSettings
from records.uploads import Upload

__all__ = ["Received", "allowed_type", "received"]

_EMPTY = FieldError("/", "empty_file", "The file is empty.")


@dataclass(frozen=True)
class Received:
    """A file that came whole, and what is known of it. `path` is gone when the request ends."""

    path: Path
    size: int
    sha256: bytes
    type: FileType


def allowed_type(settings: RecordSettings, filename: str) -> FileType:
    """The type that the name ends in. Raises FileTypeNotAllowed."""
    ending, known = type_of_name(filename)
    if known is None or ending not in settings.attachment_endings:
        allowed = ", ".join(sorted(settings.attachment_endings))
        raise FileTypeNotAllowed(filename=filename, allowed=allowed)
    return known


@asynccontextmanager
async def received(
    upload: Upload, settings: RecordSettings, filename: str
) -> AsyncIterator[Received]:
    """The file of a request, for as long as it is looked at.

    Raises FileTypeNotAllowed, FileTypeMismatch, TooLarge, InvalidInput (empty).
    """
    wanted = allowed_type(settings, filename)
    folder = settings.attachment_folder and incoming(settings.attachment_folder)
    file, path = await asyncio.to_thread(_open, folder)
    try:
        digest, size = hashlib.sha256(), 0
        async for piece in _larger(upload.pieces(settings.attachment_bytes_max)):
            digest.update(piece)
            size += len(piece)
            await asyncio.to_thread(file.write, piece)
        if not size:
            raise InvalidInput(errors=[_EMPTY])
        await asyncio.to_thread(_flush, file)
        found = await asyncio.to_thread(recognise, file)
        if found != wanted.content or not wanted.is_declared_by(upload.media_type):
            declared = upload.media_type or wanted.media_type
            raise FileTypeMismatch(filename=filename, declared=declared, found=found)
        yield Received(path, size, digest.digest(), wanted)
    finally:
        file.close()
        path.unlink(missing_ok=True)


def incoming(folder: Path) -> Path:
    """Where files stand that are not kept yet: on the volume of those that are."""
    return folder / "incoming"


def _open(folder: Path | None) -> tuple[BinaryIO, Path]:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix="attachment-")
    return os.fdopen(descriptor, "w+b"), Path(name)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _larger(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces that are worth a write."""
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
