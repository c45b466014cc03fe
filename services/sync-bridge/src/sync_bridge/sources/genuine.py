"""Which events are the halves' own (B60).

An event names the installation it comes from. Over Kafka anyone who may write to a topic could
name any, so each name that is new here is held against what the half itself says under the bridge's
key; an event of another installation is kept in quarantine and never carried.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, cast

import httpx

from chassis.events.cursor import Cursor, CursorMalformed
from sync_bridge.inbox.received import Cursor as ReadOn
from sync_bridge.inbox.received import Pace, Progress, Quarantined, Received
from sync_bridge.ownership import Half
from sync_bridge.sources.port import Receive, SourceTrouble

__all__ = ["FORGED", "Door", "installation_at"]

FORGED = "source is not the installation of that half"
POSITION = "/v1/events/position"

Ask = Callable[[], Awaitable[str]]
"""Asks a half which installation it is: the last digits of its id, as its cursors have them."""


class InstallationUnknown(SourceTrouble):
    """The half does not say which installation it is."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        state: Literal["refused", "retrying"] = "refused" if refused else "retrying"
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


class Door:
    """The inbox's door for some halves: what does not come from them does not get in as an event.

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
        events: Sequence[Received],
        *,
        unreadable: Sequence[Quarantined] = (),
        cursor: ReadOn | None = None,
        progress: Progress | None = None,
        pace: Pace = Pace.NOW,
    ) -> int:
        """Store the genuine events, and the others as unreadable. Raises SourceTrouble."""
        strange = {one.source for one in events} - self._known
        self._known |= {one for one in sorted(strange) if await self._is_genuine(one)}
        genuine = [one for one in events if one.source in self._known]
        forged = [_quarantined(self._name, one) for one in events if one.source not in self._known]
        kept = [*unreadable, *forged]
        return await self._receive(
            genuine, unreadable=kept, cursor=cursor, progress=progress, pace=pace
        )

    async def _is_genuine(self, source: str) -> bool:
        ask = self._asks.get(_half_of(source))
        if ask is None:
            return False
        return source.replace("-", "").endswith(await ask())


def _half_of(source: str) -> Half:
    """The service in `/tandem/<service>/<installation id>`; whether it is a half is not said."""
    return cast("Half", source.split("/")[2])


def _quarantined(name: str, event: Received) -> Quarantined:
    return Quarantined(
        source=name,
        place=f"{event.source}#{event.event_id}",
        reason=FORGED,
        raw=event.data,
        headers={"type": event.type, "source": event.source, "id": str(event.event_id)},
    )
