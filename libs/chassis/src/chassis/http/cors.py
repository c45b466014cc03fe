"""Which pages of other origins may call the API from a browser (CORS): by setting, else none."""

from typing import Any

import orjson
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.status import HTTP_200_OK
from starlette.types import ASGIApp

from chassis.problems.connecting import PreflightRefused
from chassis.problems.problem import MEDIA_TYPE
from chassis.settings import ServiceSettings
from chassis.telemetry.trace import Trace
from chassis.texts import preferred_language

__all__ = ["EXPOSED", "add_cors"]

EXPOSED = (
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "Tandem-Cursor",
    "Tandem-Outcome",
    "X-Request-ID",
)
"""Headers of replies that scripts may read, beside those that a browser shows anyhow."""

_SENT = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "Tandem-Import-Id",
    "Tandem-Item-Traces",
    "Traceparent",
    "X-API-Key",
    "X-Request-ID",
)
_PREFLIGHT_SECONDS = 600


class Cors(CORSMiddleware):
    """Says in a problem document why a preflight is refused."""

    def __init__(self, app: ASGIApp, /, *, state: Any, **allowed: Any) -> None:
        super().__init__(app, **allowed)
        self._state = state

    def preflight_response(self, request_headers: Headers) -> Response:
        """What the browser may send, or why not."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTP_200_OK:
            return response
        refused = bytes(response.body).decode().removeprefix("Disallowed CORS ")
        default = self._state.settings.language
        language = preferred_language(request_headers.get("accept-language", ""), default)
        request_id = Trace.from_headers(request_headers).request_id
        problem = PreflightRefused(refused=refused)
        response.body = orjson.dumps(problem.view(self._state.texts, language, request_id))
        response.headers["Content-Length"] = str(len(response.body))
        response.headers["Content-Type"] = MEDIA_TYPE
        response.headers["Content-Language"] = language
        return response


def add_cors(app: FastAPI, settings: ServiceSettings) -> None:
    """Answer preflights and name the origins that the setting lists; without any, do nothing."""
    if settings.cors_origins:
        app.add_middleware(
            Cors,
            state=app.state,
            allow_origins=settings.cors_origins.split(","),
            allow_credentials=settings.cors_credentials,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_SENT,
            expose_headers=EXPOSED,
            max_age=_PREFLIGHT_SECONDS,
        )
