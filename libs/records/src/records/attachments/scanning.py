"""The virus scanner: clamd by its stream protocol, or a command. It says clean, or refuses."""

import asyncio
import shlex
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from chassis.telemetry.logs import get_logger
from records.attachments.errors import AttachmentInfected, ScannerUnavailable, ScanRefused
from records.attachments.tables import CHUNK_BYTES
from records.settings import RecordSettings

__all__ = ["scan"]

log = get_logger("records.attachments")

CLEAN, INFECTED = 0, 1
"""What a command ends with, as clamscan does."""
LONGEST_ANSWER = 200


async def scan(settings: RecordSettings, path: Path) -> bool:
    """Whether the file was scanned; without a scanner it was not.

    Raises AttachmentInfected, ScanRefused, ScannerUnavailable.
    """
    scanner = settings.attachment_scanner
    if scanner is None:
        return False
    asked = _ask_clamd if scanner.startswith("clamd:") else _ask_command
    try:
        async with asyncio.timeout(settings.attachment_scan_seconds):
            await asked(scanner, path)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as broken:
        log.warning("scanner_unavailable", error=repr(broken))
        raise ScannerUnavailable from broken
    return True


async def _ask_clamd(scanner: str, path: Path) -> None:
    """Send the file by INSTREAM: each piece behind its length, the last one empty."""
    at = urlsplit(scanner)
    if at.hostname:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
    else:
        reader, writer = await asyncio.open_unix_connection(at.path)
    reply = asyncio.create_task(reader.readuntil(b"\0"))
    try:
        writer.write(b"zINSTREAM\0")
        async for piece in _pieces(path):
            if reply.done():  # it has seen enough, such as too much
                break
            writer.write(struct.pack(">I", len(piece)) + piece)
            await writer.drain()
        else:
            writer.write(struct.pack(">I", 0))
            await writer.drain()
        _judge_answer((await reply).rstrip(b"\0").decode("utf-8", "replace"))
    finally:
        reply.cancel()
        await asyncio.gather(reply, return_exceptions=True)
        writer.close()


def _judge_answer(answer: str) -> None:
    said = answer.removeprefix("stream: ")[:LONGEST_ANSWER]
    if said.endswith(" FOUND"):
        raise AttachmentInfected(finding=said.removesuffix(" FOUND"))
    if said != "OK":
        raise ScanRefused(answer=said)


async def _ask_command(scanner: str, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *shlex.split(scanner),
        str(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == INFECTED:
        finding = said.decode("utf-8", "replace").replace(str(path), "").strip(": \n")
        raise AttachmentInfected(finding=finding[:LONGEST_ANSWER])
    if process.returncode != CLEAN:
        message = f"the command ended with {process.returncode}"
        raise OSError(message)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece
