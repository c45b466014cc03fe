"""Calling the three APIs, several requests at a time."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from demonstration.patience import PATIENCE_SECONDS, PAUSE_SECONDS, asked_to_wait

__all__ = ["Api", "Halves", "Refused", "connected"]

DRAIN_SECONDS_MAX = 180.0
WAIT_SECONDS = 20
LARGEST_PAGE = 200
Record = dict[str, Any]


class Refused(Exception):
    """An API refuses what the replay asks, or the bridge stands still."""


class Api:
    """The API of one service; what fails for a moment is asked again with the same key."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self.name = name
        self._client = client

    async def get(self, path: str, **query: Any) -> Any:
        """What it answers. Raises Refused."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: Any) -> Any:
        """Ask for an act, done once however often it is asked. Raises Refused."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return await self._call("POST", path, json=body, headers=key)

    async def every(self, path: str, **query: Any) -> AsyncIterator[Record]:
        """All records of a list, page by page."""
        cursor = None
        while True:
            after: dict[str, str] = {"cursor": cursor} if cursor else {}
            page = await self.get(path, limit=LARGEST_PAGE, **query, **after)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def position(self) -> int:
        """The feed's end, when all that is committed by now has come into it."""
        while True:
            end = await self.get("/v1/events/position", wait=10)
            if end["complete"]:
                return int(end["sequence"])

    async def _call(self, method: str, path: str, **given: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            pause: float | None = PAUSE_SECONDS
            try:
                reply = await self._client.request(method, path, **given)
            except httpx.TransportError as lost:
                said = repr(lost)
            else:
                if reply.is_success:
                    return reply.json()
                said, pause = f"{reply.status_code} {reply.text}", asked_to_wait(reply)
            if pause is None or time.monotonic() > deadline:
                message = f"{self.name} {method} {path}: {said}"
                raise Refused(message)
            await asyncio.sleep(pause)


@dataclass(frozen=True)
class Halves:
    """Both halves and the bridge between them."""

    crm: Api
    erp: Api
    bridge: Api

    async def across(self, half: Api) -> int:
        """Wait until all that a half has published is across; its feed position."""
        upto = await half.position()
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS_MAX
        path = "/v1/positions/wait"
        while True:
            at = await self.bridge.get(path, source=half.name, feed_seq=upto, timeout=WAIT_SECONDS)
            if at["reached"]:
                return upto
            if at["standing"] and not at["moving"]:
                message = f"{at['standing']} events of {half.name} wait in the bridge for a person"
                raise Refused(message)
            if asyncio.get_running_loop().time() > deadline:
                message = f"the bridge is not through with {half.name} up to {upto}: {at}"
                raise Refused(message)

    async def settled(self) -> dict[str, int]:
        """Wait until neither half has news for the other; events that each published."""
        before: dict[str, int] = {}
        while True:
            now = {half.name: await self.across(half) for half in (self.crm, self.erp)}
            if now == before:
                return now
            before = now


@asynccontextmanager
async def connected(credentials: Mapping[str, Mapping[str, str]]) -> AsyncIterator[Halves]:
    """The APIs as their administrator sees them."""
    clients = {
        name: httpx.AsyncClient(
            base_url=entry["url"],
            headers={"Authorization": f"Bearer {entry['api_key']}"},
            trust_env=False,
            timeout=60,
        )
        for name, entry in credentials.items()
    }
    try:
        yield Halves(**{name: Api(name, client) for name, client in clients.items()})
    finally:
        await asyncio.gather(*(client.aclose() for client in clients.values()))
