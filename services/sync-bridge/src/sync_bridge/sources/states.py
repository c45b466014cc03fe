"""The back-fill: reads the records of one half as they are now, beside its feed or its topics.

It is begun when the bridge meets a half for the first time, when events are gone at the source that
never came here, and by a person. Its place is stored in the transaction of each page, so it goes on
where it was after any crash; a later event of a record beats the state that was read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn
from uuid import UUID

import httpx

from chassis.events.cursor import Cursor, CursorMalformed
from sync_bridge.inbox.received import BackfillPage, Quarantined, ReceivedEvent
from sync_bridge.ownership import Half
from sync_bridge.sources.attributes import Unreadable, read_event
from sync_bridge.sources.batch import Envelope, envelopes
from sync_bridge.sources.port import (
    TROUBLE,
    Condition,
    Receive,
    SourceError,
    error_of,
    keep_following,
)

__all__ = ["FIRST_CONTACT", "StateSource"]

FIRST_CONTACT = "first_meeting"
LIMIT = 500
LOOK_SECONDS = 1.0
"""A back-fill may be begun by another process, so there is nothing here to be woken by."""

TIMEOUT_SECONDS = 30.0

NextPage = Callable[[Half], Awaitable[BackfillPage | None]]
"""Where the reading of a half goes on; None when all is read."""

BeginFirstRead = Callable[[Half], Awaitable[None]]
"""Begins to read what was never read of a half."""


class StateSource:
    """Brings the present states of one half's records into the inbox, page by page."""

    def __init__(
        self,
        half: Half,
        client: httpx.AsyncClient,
        *,
        receive: Receive,
        next_page: NextPage,
        begin_first_read: BeginFirstRead,
        limit: int = LIMIT,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """`client` has the half's base URL and key; the caller closes it after `run`."""
        self.condition = Condition(name=f"states:{half}")
        self._half = half
        self._client = client
        self._receive = receive
        self._next_page = next_page
        self._begin_first_read = begin_first_read
        self._limit = limit
        self._look_seconds = look_seconds

    async def run(self) -> NoReturn:
        """Read what is to be read until cancelled; survive a lost half and a lost database."""
        survives = (*TROUBLE, httpx.TransportError)
        await keep_following(self.condition, self._read, survives=survives)

    async def _read(self) -> None:
        await self._begin_first_read(self._half)
        while True:
            page = await self._next_page(self._half)
            if page is None:
                self.condition.answered()
                await asyncio.sleep(self._look_seconds)
            else:
                self.condition.answered(await self._take(page))

    async def _take(self, page: BackfillPage) -> int:
        """One page: fetch, then store it with the place behind it; how many states were new."""
        reply = await self._ask(page)
        events: list[ReceivedEvent] = []
        unreadable: list[Quarantined] = []
        for envelope in _envelopes(reply):
            try:
                events.append(read_event(envelope.attributes, envelope.data, is_state=True))
            except Unreadable as reason:
                unreadable.append(self._quarantined(envelope, str(reason)))
        position = _position(reply.headers)
        reached = BackfillPage(
            half=page.half,
            type=page.type,
            begun_at=page.begun_at,
            after=page.after,
            upto=_next_after(reply),
            low=position.position,
            history=position.epoch,
        )
        return await self._receive(events, unreadable=unreadable, backfill_page=reached)

    async def _ask(self, page: BackfillPage) -> httpx.Response:
        """Raises SourceError."""
        asked: dict[str, str | int] = {"type": page.type, "limit": self._limit}
        if page.after is not None:
            asked["after"] = str(page.after)
        reply = await self._client.get(
            "/v1/events/states", params=asked, timeout=httpx.Timeout(TIMEOUT_SECONDS)
        )
        trouble = error_of(reply)
        if trouble is not None:
            raise trouble
        return reply

    def _quarantined(self, envelope: Envelope, reason: str) -> Quarantined:
        return Quarantined(
            source=self.condition.name,
            place=str(envelope.attributes.get("id", "unnamed"))[:200],
            reason=reason,
            raw=envelope.raw,
            headers={},
        )


def _envelopes(reply: httpx.Response) -> list[Envelope]:
    try:
        return envelopes(reply.content)
    except ValueError as wrong:
        message = "the answer is no batch of states"
        raise SourceError(message) from wrong


def _next_after(reply: httpx.Response) -> UUID | None:
    """The subject from which the next page goes on, by the link to it."""
    following = reply.links.get("next")
    if following is None:
        return None
    try:
        return UUID(httpx.URL(following["url"]).params["after"])
    except (KeyError, ValueError) as wrong:
        message = "the answer's link to the next page is broken"
        raise SourceError(message) from wrong


def _position(headers: Mapping[str, Any]) -> Cursor:
    """The feed position before the page was read."""
    try:
        return Cursor.parse(headers.get("Tandem-Cursor", ""))
    except CursorMalformed as wrong:
        message = "the answer has no Tandem-Cursor: is this URL a Tandem service?"
        raise SourceError(message) from wrong
