"""From a document to its PDF: in a process of its own, some at a time, within limits."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from fastapi import Request, Response

from chassis.actor import Actor
from chassis.storage.reading import Reading
from chassis.telemetry.logs import get_logger
from crm.pdf.document import PdfDocument
from crm.pdf.errors import PdfNotInstalled, PdfNotMade
from crm.pdf.installed import font_folder, missing_packages

__all__ = ["PDF_REPLY", "pdf_of", "pdf_reply"]

log = get_logger("crm.pdf")

AT_ONCE = 2
"""So many PDFs are set at a time by one process of the service."""
LONGEST_SECONDS = 20
"""So long a PDF may take, with the wait for its turn."""
LARGEST_BYTES = 20 * 1024 * 1024
ENVIRONMENT = {"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
"""All that the process is told: no secret of the service, and memory that does not grow with the
machine's processors."""

PDF_REPLY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The PDF. The same document gives the same bytes.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What the route of a PDF declares."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def pdf_of(document: PdfDocument) -> bytes:
    """The PDF of the document. Raises PdfNotInstalled, PdfNotMade."""
    missing = missing_packages()
    if missing:
        raise PdfNotInstalled(missing=", ".join(missing))
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(LONGEST_SECONDS), turns:
            made = await _set(_data_of(document))
    except TimeoutError as late:
        raise PdfNotMade(seconds=LONGEST_SECONDS) from late
    if len(made) > LARGEST_BYTES:
        raise PdfNotMade(seconds=LONGEST_SECONDS)
    return made


async def pdf_reply(
    request: Request, by: Actor, read: Callable[[Reading], Awaitable[PdfDocument]]
) -> Response:
    """The reply with the PDF of what is read; no connection is held while it is made.

    Raises PdfNotInstalled, PdfNotMade, and what `read` raises.
    """
    async with request.app.state.database.reading(actor=by) as at:
        document = await read(at)
    content = await pdf_of(document)
    headers = {
        "Content-Disposition": f'inline; filename="{document.filename}.pdf"',
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _data_of(document: PdfDocument) -> bytes:
    day = document.day
    return orjson.dumps(asdict(document) | {"day": [day.year, day.month, day.day]})


async def _set(data: bytes) -> bytes:
    """Let the process set it. Raises PdfNotMade; a process that is not waited for any more ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "crm.pdf.process", str(font_folder())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    try:
        made, said = await process.communicate(data)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        log.warning("pdf_not_made", code=process.returncode, said=said.decode()[-1000:])
        raise PdfNotMade(seconds=LONGEST_SECONDS)
    return made
