"""The feed adapter: follows `GET /v1/events` of one half by long poll.

The cursor is stored in the transaction of the events before it (B19). A cursor the half no longer
accepts is never replaced by a guess (B23): the source waits, with an alarm, until someone has read
the records themselves and stored the cursor to go on from.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx

from chassis.clock import utc_now
from sync_bridge.inbox.received import Cursor, Quarantined, Received
from sync_bridge.sources.attributes import Unreadable, read_event
from sync_bridge.sources.batch import Envelope, envelopes
from sync_bridge.sources.port import (
    GATHER_SECONDS,
    TROUBLE,
    Condition,
    Receive,
    SourceTrouble,
    keep_following,
)

__all__ = ["FeedSource"]

CONSUMER = "bridge"
LIMIT = 500
WAIT_SECONDS = 20.0
PATIENCE_SECONDS = 10.0
"""How much longer than the long poll an answer may take."""

NO_CURSOR = "the answer has no Tandem-Cursor: is this URL a Tandem service?"
NO_BATCH = "the answer is no batch of events"
RECHECK_SECONDS = 5.0
RETRY_AFTER_SECONDS_MAX = 300.0

ReadCursor = Callable[[str], Awaitable[str | None]]
"""The stored cursor of that name, None before the first page."""


@dataclass(frozen=True)
class _Page:
    """What the half answered: events in feed order, and the cursor behind them."""

    envelopes: list[Envelope]
    cursor: str


class FeedSource:
    """Brings the events of one half's HTTP feed into the inbox."""

    def __init__(
        self,
        half: str,
        client: httpx.AsyncClient,
        *,
        receive: Receive,
        read_cursor: ReadCursor,
        limit: int = LIMIT,
        wait_seconds: float = WAIT_SECONDS,
        recheck_seconds: float = RECHECK_SECONDS,
    ) -> None:
        """`client` has the half's base URL and key; the caller closes it after `run`."""
        self.condition = Condition(name=f"feed:{half}")
        self._client = client
        self._receive = receive
        self._read_cursor = read_cursor
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._recheck_seconds = recheck_seconds

    async def run(self) -> NoReturn:
        """Follow the feed until cancelled; survive a lost half and a lost database."""
        survives = (*TROUBLE, httpx.TransportError)
        await keep_following(self.condition, self._follow, survives=survives)

    async def _follow(self) -> None:
        cursor = await self._read_cursor(self.condition.name)
        while True:
            reply = await self._ask(cursor)
            if reply.status_code == httpx.codes.GONE:
                cursor = await self._another_cursor(cursor, _told(reply))
                continue
            page = _page(reply)
            self._look_for_gap(cursor, page)
            self.condition.answered(await self._store(page, cursor))
            cursor = page.cursor
            if 0 < len(page.envelopes) < self._limit:
                await asyncio.sleep(GATHER_SECONDS)

    async def _ask(self, cursor: str | None) -> httpx.Response:
        asked: dict[str, str | int | float] = {
            "limit": self._limit,
            "wait": self._wait_seconds,
            "consumer": CONSUMER,
        }
        if cursor is not None:
            asked["after"] = cursor
        patience = httpx.Timeout(PATIENCE_SECONDS, read=self._wait_seconds + PATIENCE_SECONDS)
        return await self._client.get("/v1/events", params=asked, timeout=patience)

    async def _store(self, page: _Page, cursor: str | None) -> int:
        """The events and the cursor behind them in one transaction; nothing when nothing came."""
        if not page.envelopes and page.cursor == cursor:
            return 0
        events: list[Received] = []
        unreadable: list[Quarantined] = []
        for envelope in page.envelopes:
            try:
                events.append(read_event(envelope.attributes, envelope.data))
            except Unreadable as reason:
                unreadable.append(self._quarantined(envelope, str(reason)))
        reached = Cursor(name=self.condition.name, value=page.cursor)
        return await self._receive(events, unreadable=unreadable, cursor=reached)

    def _quarantined(self, envelope: Envelope, reason: str) -> Quarantined:
        place = envelope.attributes.get("sequence") or envelope.attributes.get("id") or "unnamed"
        return Quarantined(
            source=self.condition.name,
            place=json.dumps(place)[:200],
            reason=reason,
            raw=envelope.raw,
            headers={},
        )

    def _look_for_gap(self, cursor: str | None, page: _Page) -> None:
        """A first page that does not begin with the first event of all means lost history."""
        if cursor is not None or not page.envelopes:
            return
        first = str(page.envelopes[0].attributes.get("sequence", ""))
        if first.isdecimal() and int(first) > 1:
            self.condition.misses(f"the feed begins with event {int(first)}")

    async def _another_cursor(self, refused: str | None, told: str) -> str | None:
        """Wait, with an alarm, until the stored cursor is another one than the refused."""
        self.condition.state, self.condition.reason = "backfill_needed", told
        self.condition.misses(told)
        # Another process stores the cursor, so there is nothing here to be woken by.
        while (cursor := await self._read_cursor(self.condition.name)) == refused:  # noqa: ASYNC110
            await asyncio.sleep(self._recheck_seconds)
        return cursor


def _page(reply: httpx.Response) -> _Page:
    """The page in the answer. Raises SourceTrouble when there is none."""
    if reply.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise SourceTrouble(_told(reply), state="refused")
    if reply.status_code != httpx.codes.OK:
        raise SourceTrouble(_told(reply), retry_after_seconds=_retry_after_seconds(reply.headers))
    cursor = reply.headers.get("Tandem-Cursor")
    if not cursor:
        raise SourceTrouble(NO_CURSOR)
    try:
        return _Page(envelopes=envelopes(reply.text), cursor=cursor)
    except ValueError as wrong:
        raise SourceTrouble(NO_BATCH) from wrong


def _told(reply: httpx.Response) -> str:
    """Status and problem code: enough to act on, and nothing of anybody's data."""
    try:
        code = str(reply.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = reply.reason_phrase
    return f"{reply.status_code} {code}"


def _retry_after_seconds(headers: Mapping[str, Any]) -> float | None:
    """Retry-After, given in seconds or as a date, within reason; None where it says nothing."""
    asked = headers.get("Retry-After", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - utc_now()).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
