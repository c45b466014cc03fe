"""Connections to the API, as many and as slow as they may be.

The web server closes a connection that is silent after a reply, and no other. Here a head has to
come whole within a time and a size, a body has to go on coming, and a reply has to be read.
"""

import asyncio
import fcntl
import resource
import sys
import termios
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.http.rate_limits import source_of
from chassis.http.upgrades import DecliningParser, is_offer
from chassis.ids import uuid7
from chassis.problems.connecting import HeadTooLarge, TooManyConnections
from chassis.problems.problem import MEDIA_TYPE, Problem
from chassis.secret_files import VARIABLES
from chassis.settings import ServiceSettings
from chassis.telemetry.logs import get_logger
from chassis.texts import Texts

__all__ = ["HEAD_BYTES_MAX", "allow_files", "protocol_of"]

log = get_logger("chassis.http")

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MIN = 16 * 1024
"""So much of a body has to come, and of a reply to be read, within the time for it, or its end."""
FILES_BESIDE = 128
"""Files that are open beside connections: to the database, the broker, of logs and uploads."""

_TEXTS = Texts({})
_REASONS = {HeadTooLarge.status: b"Request Header Fields Too Large", 503: b"Service Unavailable"}


class Connection(HttpToolsProtocol):
    """One connection of a caller; `sources` counts those of each address but `proxies`."""

    def __init__(
        self,
        settings: ServiceSettings,
        connections: int,
        sources: Counter[str],
        proxies: Any,
        **given: Any,
    ) -> None:
        super().__init__(**given)
        self.parser = DecliningParser(self)
        self._settings, self._connections_max = settings, connections
        self._sources, self._proxies, self._source = sources, proxies, ""
        self._heads = self._parsed = self._unparsed = 0
        self._body_bytes = self._body_seen = self._unread = 0
        self._in_head, self._is_refused = True, False
        self._watch: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a head; refuse one connection too many."""
        is_full = len(self.connections) >= self._connections_max
        super().connection_made(transport)
        if self.client and self.client[0] not in self._proxies:
            self._source = source_of({"client": self.client})
            self._sources[self._source] += 1
            is_full |= self._sources[self._source] > self._settings.connections_max_per_source
        if is_full:
            self._refuse(TooManyConnections())
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget()
        if self._reading:
            self._reading.cancel()
        self._sources -= Counter([self._source])  # what is none is left out
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; a head that is too large ends the connection."""
        if self._in_head and self._watch is None:  # the first bytes after a reply
            self._expect_head()
        before = self._in_head, self._heads, self._body_bytes
        super().data_received(data)
        if before == (self._in_head, self._heads, self._body_bytes):
            self._unparsed += len(data)  # what the parser holds back: of a head, or of a trailer
            if self._unparsed > HEAD_BYTES_MAX:
                self._refuse(HeadTooLarge(limit=HEAD_BYTES_MAX))
        else:
            self._unparsed = 0

    def on_url(self, url: bytes) -> None:
        """Count the address to the head."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: its body has to come now."""
        if is_offer(self.parser):
            return
        self._in_head, self._heads = False, self._heads + 1
        self._body_bytes = self._body_seen = 0
        self._forget()
        super().on_headers_complete()
        self._watch_body()

    def on_body(self, body: bytes) -> None:
        """Count what came of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; the next one may begin."""
        self._forget()
        self._in_head, self._parsed, self._unparsed = True, 0, 0
        if not is_offer(self.parser):
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The caller reads slower than we write: it has a time to go on."""
        super().pause_writing()
        self._watch_reply()

    def resume_writing(self) -> None:
        """It went on."""
        if self._reading:
            self._reading.cancel()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close what is silent after a reply, also where the reply was never read."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._watch_reply()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, unless it was answered already."""
        if not self._is_refused:
            super().send_400_response(msg)

    def _expect_head(self) -> None:
        seconds = self._settings.head_timeout_seconds
        self._watch = self.loop.call_later(seconds, partial(self._cut_off, "head"))

    def _count_head(self, count: int) -> None:
        """Raises ValueError, which ends the parsing, where the head is too large."""
        self._parsed += count
        if self._parsed > HEAD_BYTES_MAX:
            self._refuse(HeadTooLarge(limit=HEAD_BYTES_MAX))
            message = "the head is too large"
            raise ValueError(message)

    def _watch_body(self) -> None:
        seconds = self._settings.body_timeout_seconds
        self._watch = self.loop.call_later(seconds, self._body_goes_on)

    def _body_goes_on(self) -> None:
        """Cut off a body of which too little came, unless it is we who do not read it."""
        came, self._body_seen = self._body_bytes - self._body_seen, self._body_bytes
        if came < BODY_BYTES_MIN and not self.flow.read_paused:
            self._cut_off("body")
        else:
            self._watch_body()

    def _watch_reply(self) -> None:
        if self._reading:
            self._reading.cancel()
        self._unread = self._not_taken()
        seconds = self._settings.body_timeout_seconds
        self._reading = self.loop.call_later(seconds, self._reply_goes_on)

    def _reply_goes_on(self) -> None:
        """Cut off a reply of which too little was read."""
        if 0 <= self._unread - self._not_taken() < min(BODY_BYTES_MIN, self._unread):
            self._cut_off("reply")
        else:
            self._watch_reply()

    def _not_taken(self) -> int:
        """How much the caller has not taken: what waits here, and with the system."""
        waiting = bytes(4)
        with suppress(OSError):
            file = self.transport.get_extra_info("socket").fileno()
            waiting = fcntl.ioctl(file, termios.TIOCOUTQ, waiting)
        return self.transport.get_write_buffer_size() + int.from_bytes(waiting, sys.byteorder)

    def _cut_off(self, part: str) -> None:
        log.info("connection_too_slow", part=part, client=self.client and self.client[0])
        self.transport.abort()

    def _forget(self) -> None:
        if self._watch:
            self._watch.cancel()
            self._watch = None

    def _refuse(self, problem: Problem) -> None:
        if self._is_refused:
            return
        self._is_refused = True
        self._forget()
        body = orjson.dumps(problem.view(_TEXTS, "en", str(uuid7())))
        head = [
            b"HTTP/1.1 %d %s" % (problem.status, _REASONS[problem.status]),
            b"content-type: %s" % MEDIA_TYPE.encode(),
            b"content-length: %d" % len(body),
            *(f"{name.lower()}: {value}".encode() for name, value in problem.headers().items()),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        self.transport.close()


def protocol_of(settings: ServiceSettings, connections: int) -> Any:
    """What makes a connection of the web server, of which there may be so many at once.

    Proxies are known as the web server knows them: all their callers come from one address.
    """
    proxies = ProxyHeadersMiddleware(None, VARIABLES.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))  # type: ignore[arg-type] # asked only who is one
    return partial(Connection, settings, connections, Counter(), proxies.trusted_hosts)


def allow_files(settings: ServiceSettings) -> int:
    """Raise the limit of open files to what the connections need; how many there may be at once.

    Where the system allows fewer files, so many connections less, and the log says so.
    """
    wanted = settings.connections_max + settings.pool_size + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return settings.connections_max
    allowed = max(1, soft - (wanted - settings.connections_max))
    log.warning("file_limit", files=soft, needed=wanted, connections_max=allowed)
    return allowed
