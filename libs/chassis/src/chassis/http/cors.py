"""Which pages of other origins may call the API from a browser (CORS): by setting, else none."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from chassis.settings import ServiceSettings

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


def add_cors(app: FastAPI, settings: ServiceSettings) -> None:
    """Answer preflights and name the origins that the setting lists; without any, do nothing."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(","),
            allow_credentials=settings.cors_credentials,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_SENT,
            expose_headers=EXPOSED,
            max_age=_PREFLIGHT_SECONDS,
        )
