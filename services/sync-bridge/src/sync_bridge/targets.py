"""The port to one half, and its adapter on httpx."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol, Self, TypeAlias
from urllib.parse import quote

import httpx
import orjson

from chassis.clock import utc_now
from chassis.telemetry.trace import Trace
from sync_bridge.ownership import Half
from sync_bridge.settings import BridgeSettings

__all__ = ["Answer", "HttpTarget", "Target", "Unreachable", "path"]

Query: TypeAlias = Mapping[str, str | Sequence[str]]
CONNECT_SECONDS = 3.0
LONGEST_ASKED_SECONDS = 300.0


class Unreachable(Exception):
    """No answer came: whether the call took effect is not known."""


@dataclass(frozen=True)
class Answer:
    """What the half answered. `code` is a problem's, empty on success."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    retry_after_seconds: float | None = None

    @property
    def code(self) -> str:
        """The problem's stable code; empty where the answer is no problem."""
        return str(self.body.get("code") or "") if self.status not in range(200, 300) else ""

    @property
    def created(self) -> bool:
        """Whether the half made a record that it did not have."""
        return self.status == HTTPStatus.CREATED or self.outcome == "created"

    def summary(self) -> str:
        """What a person should know of a refusal: title and fields, no values (B59)."""
        title = str(self.body.get("title") or f"HTTP {self.status}")
        errors = self.body.get("errors")
        fields = [
            f"{one.get('pointer')} {one.get('code')}"
            for one in (errors if isinstance(errors, list) else ())
            if isinstance(one, dict)
        ]
        return f"{title}: {', '.join(fields)}" if fields else title


class Target(Protocol):
    """One half as the bridge calls it. Every call raises Unreachable when no answer came."""

    async def get(self, path: str, *, trace: Trace, query: Query) -> Answer:
        """Read."""

    async def patch(
        self, path: str, body: Mapping[str, Any], *, trace: Trace, version: int
    ) -> Answer:
        """Change a record that has that version still; 412 when it has another."""

    async def put(self, path: str, body: Mapping[str, Any], *, trace: Trace, key: str) -> Answer:
        """Upsert a record."""

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        trace: Trace,
        key: str,
        item_traces: Sequence[Trace] = (),
    ) -> Answer:
        """Do an act, once for the key; what is done for each item has its own trace."""

    async def delete(self, path: str, *, trace: Trace, key: str) -> Answer:
        """Remove."""


class HttpTarget:
    """A half behind HTTP: one client for all lanes, connections kept, every wait bounded."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    @classmethod
    def of(cls, settings: BridgeSettings, half: Half) -> Self | None:
        """The half as the settings describe it; None when it is not part of the installation."""
        reached = settings.reaches(half)
        if reached is None:
            return None
        url, key = reached
        client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=httpx.Timeout(settings.timeout_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=settings.concurrency,
                max_keepalive_connections=settings.concurrency,
                keepalive_expiry=60.0,
            ),
            verify=settings.authorities,
            trust_env=False,
        )
        return cls(client)

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()

    async def get(self, path: str, *, trace: Trace, query: Query) -> Answer:
        """Read."""
        return await self._send("GET", path, headers=trace.headers(), params=dict(query))

    async def patch(
        self, path: str, body: Mapping[str, Any], *, trace: Trace, version: int
    ) -> Answer:
        """Change a record that has that version still; 412 when it has another."""
        headers = trace.headers() | {
            "If-Match": f'"{version}"',
            "Content-Type": "application/json",
        }
        return await self._send("PATCH", path, headers=headers, content=orjson.dumps(body))

    async def put(self, path: str, body: Mapping[str, Any], *, trace: Trace, key: str) -> Answer:
        """Upsert a record."""
        return await self._write("PUT", path, body, trace.headers(), key)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        trace: Trace,
        key: str,
        item_traces: Sequence[Trace] = (),
    ) -> Answer:
        """Do an act, once for the key; what is done for each item has its own trace."""
        headers = trace.headers()
        if item_traces:
            headers["Tandem-Item-Traces"] = ",".join(one.as_item() for one in item_traces)
        return await self._write("POST", path, body, headers, key)

    async def delete(self, path: str, *, trace: Trace, key: str) -> Answer:
        """Remove."""
        headers = trace.headers() | {"Idempotency-Key": key}
        return await self._send("DELETE", path, headers=headers)

    async def _write(
        self, method: str, path: str, body: Mapping[str, Any], headers: dict[str, str], key: str
    ) -> Answer:
        headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        return await self._send(method, path, headers=headers, content=orjson.dumps(body))

    async def _send(self, method: str, path: str, **options: Any) -> Answer:
        try:
            response = await self.client.request(method, path, **options)
        except (httpx.TransportError, httpx.InvalidURL) as lost:
            raise Unreachable(type(lost).__name__) from lost
        return _answer(response)


def path(*parts: object) -> str:
    """A path of the parts after the first, each escaped: `path("/v1/items", "a/b")`."""
    first, *rest = (str(part) for part in parts)
    return "/".join([first, *(quote(part, safe="") for part in rest)])


def _answer(response: httpx.Response) -> Answer:
    try:
        body = response.json() if response.content else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = {}
    return Answer(
        status=response.status_code,
        body=body if isinstance(body, dict) else {"items": body},
        outcome=response.headers.get("Tandem-Outcome", ""),
        retry_after_seconds=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds, given as such or as a date; None where it says nothing."""
    if not retry_after:
        return None
    try:
        seconds = (
            float(retry_after)
            if retry_after.strip().isdigit()
            else (parsedate_to_datetime(retry_after) - utc_now()).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_ASKED_SECONDS)
