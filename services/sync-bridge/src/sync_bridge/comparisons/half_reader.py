"""Reads what a half has, page by page: the states of its events, and its lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from sync_bridge.comparisons.queries import Page
from sync_bridge.comparisons.rules.records import SOURCES, Source, State
from sync_bridge.ownership import Half
from sync_bridge.sources.port import SourceError, error_of

__all__ = ["Read", "read_page", "source_of"]

LIMIT = 200
TIMEOUT_SECONDS = 30.0
_BY_NAME: Mapping[tuple[str, str], Source] = {(one.half, one.name): one for one in SOURCES}
ERP_LINKS = "/v1/customers/external-refs"


@dataclass(frozen=True)
class Read:
    """One page of records; `upto`: from where the next one goes on, None after the last."""

    states: Sequence[State]
    upto: str | None


def source_of(page: Page) -> Source:
    """What is read."""
    return _BY_NAME[page.half, page.name]


async def read_page(
    clients: Mapping[Half, httpx.AsyncClient], page: Page, *, limit: int = LIMIT
) -> Read:
    """A page of records as they are now. Raises SourceError, httpx.TransportError."""
    source = source_of(page)
    client = clients[source.half]
    if source.place:
        return await _list_page(client, source, page.after, limit)
    read = await _state_page(client, source, page.after, limit)
    if source.half == "erp" and "customer" in source.holds and read.states:
        return Read(await _with_links(client, read.states), read.upto)
    return read


async def _list_page(client: httpx.AsyncClient, source: Source, after: str, limit: int) -> Read:
    asked: dict[str, str | int] = {"limit": limit}
    if after:
        asked["cursor"] = after
    body = (await _ask(client, source.place, asked)).json()
    return Read(body["items"], body.get("next_cursor"))


async def _state_page(client: httpx.AsyncClient, source: Source, after: str, limit: int) -> Read:
    asked: dict[str, str | int] = {"type": source.name, "limit": limit}
    if after:
        asked["after"] = after
    reply = await _ask(client, "/v1/events/states", asked)
    following = reply.links.get("next")
    upto = httpx.URL(following["url"]).params["after"] if following else None
    return Read([one["data"] for one in reply.json()], upto)


async def _with_links(client: httpx.AsyncClient, states: Sequence[State]) -> list[State]:
    """The ERP's customers with their ids in other systems, which their events do not tell."""
    asked = {"id": [str(one["id"]) for one in states]}
    links: dict[UUID, list[Any]] = {}
    for one in (await _ask(client, ERP_LINKS, asked)).json()["items"]:
        links.setdefault(UUID(one["id"]), []).append(one)
    return [{**one, "external_refs": links.get(UUID(str(one["id"])), [])} for one in states]


async def _ask(client: httpx.AsyncClient, path: str, query: Mapping[str, Any]) -> httpx.Response:
    """Raises SourceError."""
    reply = await client.get(path, params=dict(query), timeout=httpx.Timeout(TIMEOUT_SECONDS))
    trouble = error_of(reply)
    if trouble is not None:
        raise trouble
    if "json" not in reply.headers.get("content-type", ""):
        message = f"{path} did not answer in JSON: is this URL a Tandem service?"
        raise SourceError(message)
    return reply
