"""The feed adapter: follows `GET /v1/events` of one half by long poll.

The cursor is stored in the transaction of the events before it (B19). A cursor the half no longer
accepts is never replaced by a guess (B23): the beginning of the half's new history, or the feed's
present end, is stored in its place, together with the order to read the records themselves
(`states.py`), and followed from there.

Behind a backlog the end of the feed is followed as well, so that what happens now waits for no page
of long ago. Nothing depends on it: it all comes again in its place, and changes nothing then.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

import httpx
import structlog

from chassis.events.cursor import Cursor as Place
from chassis.events.cursor import CursorMalformed
from sync_bridge.inbox.received import Cursor, Quarantined, ReadMode, ReceivedEvent
from sync_bridge.inbox.service import left_cursor
from sync_bridge.sources.attributes import Unreadable, read_event
from sync_bridge.sources.batch import Envelope, envelopes
from sync_bridge.sources.port import (
    GATHER_SECONDS,
    TROUBLE,
    Condition,
    Receive,
    SourceError,
    error_of,
    keep_following,
    problem_of,
)

__all__ = ["FeedSource"]

CONSUMER = "bridge"
LATEST = "latest"
LIMIT = 500
WAIT_SECONDS = 20.0
AHEAD_WAIT_SECONDS = 1.0
LATE_PAGES = 4
"""So many pages before the feed's end there is a backlog, and the end is followed beside it."""
PATIENCE_SECONDS = 10.0
"""How much longer than the long poll an answer may take."""

RESTORED = "410 cursor_foreign"
SURVIVES: tuple[type[Exception], ...] = (*TROUBLE, httpx.TransportError)
NO_CURSOR = "the answer has no Tandem-Cursor: is this URL a Tandem service?"
NO_BATCH = "the answer is no batch of events"

_log = structlog.get_logger(__name__)

ReadCursor = Callable[[str], Awaitable[str | None]]
"""The stored cursor of that name, None before the first page."""


class BeginBackfill(Protocol):
    """Lets the records of a half be read as they are now, its feed from that cursor on."""

    async def __call__(self, half: str, *, reason: str, cursor: Cursor | None = None) -> None:
        """When it has returned, both are stored."""


@dataclass(frozen=True)
class _Page:
    """What the half answered: events in feed order, and the cursor behind them."""

    envelopes: list[Envelope]
    cursor: str

    @property
    def place(self) -> int | None:
        """The feed position that the cursor stands for."""
        try:
            return Place.parse(self.cursor).position
        except CursorMalformed:
            return None


class FeedSource:
    """Brings the events of one half's HTTP feed into the inbox."""

    def __init__(
        self,
        half: str,
        client: httpx.AsyncClient,
        *,
        receive: Receive,
        read_cursor: ReadCursor,
        begin_backfill: BeginBackfill,
        limit: int = LIMIT,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        """`client` has the half's base URL and key; the caller closes it after `run`."""
        self.condition = Condition(name=f"feed:{half}")
        self._client = client
        self._receive = receive
        self._read_cursor = read_cursor
        self._limit = limit
        self._begin_backfill = begin_backfill
        self._half = half
        self._wait_seconds = wait_seconds
        self._late, self._full_pages = False, 0

    async def run(self) -> NoReturn:
        """Follow the feed until cancelled; survive a lost half and a lost database."""
        await keep_following(self.condition, self._follow, survives=SURVIVES)

    async def _follow(self) -> None:
        cursor = await self._read_cursor(self.condition.name) or await self._notice_restore()
        self._late, self._full_pages = False, 0
        ending: asyncio.Task[None] | None = None
        try:
            while True:
                reply = await self._ask(cursor, wait=self._wait_seconds, consumer=CONSUMER)
                if reply.status_code == httpx.codes.GONE:
                    cursor = await self._resume(cursor, reply)
                    continue
                page = _page(reply)
                await self._notice_backlog(page)
                if self._late and (ending is None or ending.done()):
                    ending = asyncio.create_task(self._follow_end())
                self.condition.answered(await self._store(page, cursor))
                cursor = page.cursor
                if 0 < len(page.envelopes) < self._limit:
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            if ending is not None:
                ending.cancel()
                await asyncio.gather(ending, return_exceptions=True)

    async def _notice_restore(self) -> str | None:
        """Ask from where the feed was left: a half that has less begins a new history.

        Where that begins; None where the feed is read from its oldest event on.
        """
        left = await self._read_cursor(left_cursor(self.condition.name))
        if left is None:
            return None
        reply = await self._ask(left, wait=0)
        if problem_of(reply) != RESTORED:
            return None
        return await self._resume(None, reply)

    async def _notice_backlog(self, page: _Page) -> None:
        """Ask how far the end is, at the first full page and now and then while more come."""
        if len(page.envelopes) < self._limit:
            self._late, self._full_pages = False, 0
            return
        if not self._late and self._full_pages % LATE_PAGES == 0 and page.place is not None:
            _, end = await self._end()
            self._late = end - page.place > LATE_PAGES * self._limit
        self._full_pages += 1

    async def _follow_end(self) -> None:
        """Follow what happens now until the backlog is through. No trouble here is one."""
        cursor = LATEST
        try:
            while self._late:
                page = _page(await self._ask(cursor, wait=AHEAD_WAIT_SECONDS))
                if page.envelopes:
                    events, _ = self._read(page)
                    await self._receive(events, mode=ReadMode.AHEAD)
                cursor = page.cursor
        except SURVIVES as trouble:
            _log.info("source_end_left", source=self.condition.name, error=str(trouble))

    async def _ask(self, after: str | None, *, wait: float, **asked: str) -> httpx.Response:
        query = {"limit": str(self._limit), "wait": str(wait), **asked}
        if after is not None:
            query["after"] = after
        patience = httpx.Timeout(PATIENCE_SECONDS, read=wait + PATIENCE_SECONDS)
        return await self._client.get("/v1/events", params=query, timeout=patience)

    async def _store(self, page: _Page, cursor: str | None) -> int:
        """The events and the cursor behind them in one transaction; nothing when nothing came."""
        if not page.envelopes and page.cursor == cursor:
            return 0
        events, unreadable = self._read(page)
        reached = Cursor(name=self.condition.name, value=page.cursor, place=page.place)
        mode = ReadMode.LATE if self._late else ReadMode.NOW
        return await self._receive(events, unreadable=unreadable, cursor=reached, mode=mode)

    def _read(self, page: _Page) -> tuple[list[ReceivedEvent], list[Quarantined]]:
        """The page's events, and what is none."""
        events: list[ReceivedEvent] = []
        unreadable: list[Quarantined] = []
        for envelope in page.envelopes:
            try:
                events.append(read_event(envelope.attributes, envelope.data))
            except Unreadable as reason:
                unreadable.append(self._quarantined(envelope, str(reason)))
        return events, unreadable

    def _quarantined(self, envelope: Envelope, reason: str) -> Quarantined:
        place = envelope.attributes.get("sequence") or envelope.attributes.get("id") or "unnamed"
        return Quarantined(
            source=self.condition.name,
            place=json.dumps(place)[:200],
            reason=reason,
            raw=envelope.raw,
            headers={},
        )

    async def _resume(self, refused: str | None, gone: httpx.Response) -> str:
        """Where to go on after a refused cursor: what is missed is read from the records.

        A half that was restored tells where its new history begins, else it is the present end.
        """
        stored = await self._read_cursor(self.condition.name)
        if stored is not None and stored != refused:
            return stored  # another process was here before
        told = problem_of(gone)
        begins = _begins(gone) or (await self._end())[0]
        cursor = Cursor(name=self.condition.name, value=begins)
        await self._begin_backfill(self._half, reason=told, cursor=cursor)
        _log.error("source_backfill_begun", source=self.condition.name, reason=told)
        return begins

    async def _end(self) -> tuple[str, int]:
        """The feed's present end: its cursor and the number of its newest event."""
        reply = await self._client.get("/v1/events/position", params={"wait": 0})
        trouble = error_of(reply)
        if trouble is not None:
            raise trouble
        try:
            told = reply.json()
            return str(told["cursor"]), int(told["sequence"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise SourceError(NO_CURSOR) from wrong


def _begins(gone: httpx.Response) -> str | None:
    """The cursor from which the half's new history is told, where it has one."""
    try:
        return str(gone.json()["facts"]["begins"])
    except (ValueError, KeyError, TypeError):
        return None


def _page(reply: httpx.Response) -> _Page:
    """The page in the answer. Raises SourceError when there is none."""
    trouble = error_of(reply)
    if trouble is not None:
        raise trouble
    cursor = reply.headers.get("Tandem-Cursor")
    if not cursor:
        raise SourceError(NO_CURSOR)
    try:
        return _Page(envelopes=envelopes(reply.content), cursor=cursor)
    except ValueError as wrong:
        raise SourceError(NO_BATCH) from wrong
