"""A TCP proxy for tests of what a network does: silence, lost replies, cut connections, delay."""

import asyncio
from types import TracebackType
from typing import Self

__all__ = ["TcpProxy"]

_CHUNK_BYTES = 64 * 1024


class TcpProxy:
    """Leads every connection on its loopback port to a target, until told to misbehave.

    Use it with `async with`. Port 0 takes a free one; `port` tells which.
    """

    def __init__(self, target_port: int, *, port: int = 0, target_host: str = "127.0.0.1") -> None:
        self.port = port
        self.delay_seconds = 0.0
        self._target = (target_host, target_port)
        self._requests = asyncio.Event()
        self._replies = asyncio.Event()
        self._swallowing = asyncio.Event()
        self._refusing = False
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.heal()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def black_hole(self, *, requests: bool = True, replies: bool = True) -> None:
        """Keep every byte from now on, in both directions or one; connections stay open."""
        if requests:
            self._requests.clear()
        if replies:
            self._replies.clear()

    def refuse(self) -> None:
        """Cut what is open and refuse what comes."""
        self._refusing = True
        self.cut()

    def heal(self) -> None:
        """Work again; what the black hole kept is delivered late, as a network would."""
        self._refusing = False
        self._swallowing.clear()
        self._requests.set()
        self._replies.set()

    def cut(self) -> None:
        """Reset every open connection; bytes kept in the black hole are lost."""
        for connection in list(self._connections):
            connection.cancel()

    async def swallowing(self, timeout_seconds: float = 20.0) -> None:
        """Wait until the black hole has kept something. Raises TimeoutError."""
        await asyncio.wait_for(self._swallowing.wait(), timeout_seconds)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._lead(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            return
        try:
            upstream, upstream_writer = await asyncio.open_connection(*self._target)
        except OSError:
            return
        try:
            await asyncio.gather(
                self._pump(reader, upstream_writer, self._requests),
                self._pump(upstream, writer, self._replies),
            )
        finally:
            upstream_writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        """Copy one direction until its source ends; then the other end is told."""
        try:
            while chunk := await reader.read(_CHUNK_BYTES):
                if not gate.is_set():
                    self._swallowing.set()
                    await gate.wait()
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(chunk)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            writer.transport.abort()
