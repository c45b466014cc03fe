"""The one middleware: trace, language, body limit, headers, log line and metrics of a request."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http.faults import on_anything, problem_reply
from chassis.http.rate_limits import rate_headers, source_of
from chassis.problems.standard import RateLimited, TooLarge
from chassis.settings import ServiceSettings
from chassis.telemetry.logs import get_logger
from chassis.telemetry.trace import Trace
from chassis.texts import preferred_language

__all__ = ["Edge"]

log = get_logger("chassis.http")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_NO_PAGE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""What a reply may load that is no page of ours."""
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Of a reply that goes over https, as the proxy says: a browser asks by nothing else for a year."""
PROBES = frozenset({"/livez", "/readyz"})
REFUSED_FROM = 400
ASKED_OFTEN = frozenset({"/metrics", "/v1/events"})
"""Asked again and again: only refusals are worth a line."""
"""What is asked all day long by machines; metrics count it."""


class Edge:
    """Wraps the whole application; pure ASGI, so that it costs microseconds."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings, metrics: Any) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"]
        is_head = method == "HEAD"
        if is_head:  # answered as GET, without the content
            scope = {**scope, "method": "GET"}
        headers = _first_of_each(scope["headers"])
        relayed = Trace.from_headers(headers, source=source_of(scope))
        trace = relayed.begun_here()
        state = scope.setdefault("state", {})
        state["trace"], state["relayed_trace"] = trace, relayed
        state["language"] = preferred_language(
            headers.get("accept-language", ""), self.settings.language
        )
        status, is_answered = 500, False

        async def tell(message: Message) -> None:
            nonlocal status, is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                status = message["status"]
                _add_headers(message, trace, state["language"])
                message["headers"].extend(getattr(scope.get("route"), "reply_headers", ()))
                message["headers"].extend(rate_headers(state))
                message["headers"].extend([_HTTPS_ONLY] * (scope.get("scheme") == "https"))
            await send({**message, "body": b""} if is_head and "body" in message else message)

        try:
            await self._within_limit(scope, headers, receive, tell)
        except Exception as raised:
            if not is_answered:  # here, so that this answer has the headers of all others too
                await (await on_anything(Request(scope), raised))(scope, receive, tell)
            raise
        finally:
            self._note(method, scope, trace, status, time.perf_counter() - started)

    async def _within_limit(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        limit = self.settings.largest_body(scope["path"])
        declared = headers.get("content-length", "0")
        scope["app"] = scope.get("app") or self._application()
        if declared.isdigit() and int(declared) > limit and not _reads_its_body(scope):
            reply = problem_reply(Request(scope), TooLarge(limit=limit))
            await reply(scope, receive, send)
            return
        if scope["path"].startswith("/v1/") and self.settings.rate_limit_source:
            try:
                await scope["app"].state.rate_limits.count_source(scope)
            except RateLimited as refused:
                await problem_reply(Request(scope), refused)(scope, receive, send)
                return
        is_declared = "content-length" in headers and "transfer-encoding" not in headers
        if is_declared or scope["method"] == "GET" or _reads_its_body(scope):
            await self.app(scope, receive, send)
            return
        await self.app(scope, _counted(receive, limit), send)

    def _application(self) -> Any:
        inner: Any = self.app
        while not hasattr(inner, "state"):
            inner = inner.app
        return inner

    def _note(self, method: str, scope: Scope, trace: Trace, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "unmatched")
        self.metrics.request(method, path, status, seconds)
        if path in PROBES or (path in ASKED_OFTEN and status < REFUSED_FROM):
            return
        actor = scope["state"].get("actor")
        log.info(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=trace.request_id,
            trace_id=trace.trace_id,
            actor=actor.reference if actor else None,
        )


def _first_of_each(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by their names, in small letters as ASGI has them."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


def _add_headers(message: Message, trace: Trace, language: str) -> None:
    headers = [
        *message["headers"],
        (b"x-request-id", trace.request_id.encode()),
        (b"content-language", language.encode()),
        *_ALWAYS,
    ]
    named = {name for name, _ in headers}
    if b"cache-control" not in named:
        headers.append((b"cache-control", b"no-store"))
    if b"content-security-policy" not in named:
        headers.append(_NO_PAGE)
    message["headers"] = headers


def _reads_its_body(scope: Scope) -> bool:
    """Whether the route of a request reads its body piece by piece, and counts it itself."""
    routes = scope["app"].state.streamed_routes
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _counted(receive: Receive, limit: int) -> Receive:
    """The body of a request that does not say its length, cut off beyond the limit."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(status_code=413)
        return message

    return counted
