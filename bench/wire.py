"""A raw HTTP/1.1 client with kept connections: little else than the socket is measured."""

import asyncio
import os
import re
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import urlsplit

__all__ = ["TOKEN", "Connection", "Refused", "Reply", "request_bytes"]

TOKEN = "@" * 32
"""Stands in a request for 32 characters that no other request has."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Refused(Exception):
    """A request was answered by an error, or not at all; the figure would be meaningless."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, "" without one."""
        found = re.search(rf"\r\n{name}: *([^\r]*)".encode(), self.head, re.IGNORECASE)
        return found[1].decode() if found else ""


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to the server of a URL."""
        place = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, place.hostname or "", place.port or 80)
        return connection

    async def ask(self, request: bytes) -> Reply:
        """Send a request and wait for its reply. Raises Refused."""
        if self._transport is None or self._transport.is_closing():
            message = "the server closed the connection"
            raise Refused(message)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Give the connection up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(Refused(f"the connection was lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the reply."""
        self._received += data
        end = self._received.find(_END)
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._received[:end])
        length = _LENGTH.search(head)
        whole = end + len(_END) + (int(length[1]) if length else 0)
        if len(self._received) >= whole:
            reply = Reply(int(head[9:12]), head, bytes(self._received[end + len(_END) : whole]))
            del self._received[:whole]
            self._waiting.set_result(reply)


def request_bytes(
    method: str, url: str, path: str, *, key: str = "", body: bytes = b"", more: str = ""
) -> bytes:
    """A request as it goes over the wire; each TOKEN in it becomes the same new text.

    `key` is the API key; `more` further header lines, each with its line end.
    """
    host = urlsplit(url).netloc
    shown = f"Authorization: Bearer {key}\r\n" if key else ""
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{shown}{length}{more}\r\n"
    return (head.encode() + body).replace(TOKEN.encode(), os.urandom(16).hex().encode())
