"""Which events are the halves' own (B60).

An event names the installation it comes from. Over Kafka anyone who may write to a topic could
name any, so each name that is new here is held against what the half itself says under the bridge's
key; an event of another installation is kept in quarantine and never delivered.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

import httpx

from chassis.events.cursor import Cursor, CursorMalformed
from sync_bridge.inbox.received import BackfillPage, Quarantined, ReadMode, ReceivedEvent
from sync_bridge.inbox.received import Cursor as StoredCursor
from sync_bridge.ownership import Half
from sync_bridge.sources.port import Receive, SourceError
from sync_bridge.states import SourceState

__all__ = ["UNKNOWN_INSTALLATION", "SourceCheck", "installation_at"]

UNKNOWN_INSTALLATION = "source is not the installation of that half"
POSITION = "/v1/events/position"

Ask = Callable[[], Awaitable[str]]
"""Asks a half which installation it is: the last digits of its id, as its cursors have them."""


class InstallationUnknown(SourceError):
    """The half does not say which installation it is."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        state = SourceState.REFUSED if refused else SourceState.RETRYING
        super().__init__(f"the half does not say which installation it is: {why}", state=state)


async def installation_at(client: httpx.AsyncClient) -> str:
    """Which installation answers there. Raises InstallationUnknown."""
    try:
        reply = await client.get(POSITION, params={"wait": 0})
        return Cursor.parse(str(reply.raise_for_status().json()["cursor"])).installation
    except httpx.HTTPStatusError as answered:
        status = answered.response.status_code
        raise InstallationUnknown(str(status), refused=status in {401, 403}) from answered
    except (httpx.TransportError, ValueError, KeyError, TypeError, CursorMalformed) as odd:
        raise InstallationUnknown(type(odd).__name__) from odd


class SourceCheck:
    """The inbox for some halves: what does not come from them does not get in as an event.

    `known` are sources held genuine before; a half is asked only for a name that is new, and then
    nothing is taken in until it has answered.
    """

    def __init__(
        self, name: str, receive: Receive, asks: Mapping[Half, Ask], *, known: Sequence[str]
    ) -> None:
        self._name = name
        self._receive = receive
        self._asks = asks
        self._known = {one for one in known if _half_of(one) in asks}

    async def __call__(
        self,
        events: Sequence[ReceivedEvent],
        *,
        unreadable: Sequence[Quarantined] = (),
        cursor: StoredCursor | None = None,
        backfill_page: BackfillPage | None = None,
        mode: ReadMode = ReadMode.NOW,
    ) -> int:
        """Store the genuine events, and the others as unreadable. Raises SourceError."""
        unknown = {one.source for one in events} - self._known
        self._known |= {one for one in sorted(unknown) if await self._is_known_installation(one)}
        accepted = [one for one in events if one.source in self._known]
        refused = [_quarantined(self._name, one) for one in events if one.source not in self._known]
        kept = [*unreadable, *refused]
        return await self._receive(
            accepted, unreadable=kept, cursor=cursor, backfill_page=backfill_page, mode=mode
        )

    async def _is_known_installation(self, source: str) -> bool:
        ask = self._asks.get(_half_of(source))
        if ask is None:
            return False
        return source.replace("-", "").endswith(await ask())


def _half_of(source: str) -> Half:
    """The service in `/tandem/<service>/<installation id>`; whether it is a half is not said."""
    return cast("Half", source.split("/")[2])


def _quarantined(name: str, event: ReceivedEvent) -> Quarantined:
    return Quarantined(
        source=name,
        place=f"{event.source}#{event.event_id}",
        reason=UNKNOWN_INSTALLATION,
        raw=event.data,
        headers={"type": event.type, "source": event.source, "id": str(event.event_id)},
    )
