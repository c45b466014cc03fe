"""Routes that will go: since when, until when, and where it is said what to use instead.

The days stand in the contract, and in the headers Deprecation (RFC 9745) and Sunset (RFC 8594) of
every reply of the route, so that whoever looks at either has time to change.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any

__all__ = ["deprecated", "deprecation_headers", "document_deprecation"]

EXTENSION = "x-deprecation"

DECLARED = {
    "Deprecation": {
        "required": True,
        "description": "Since when the operation is deprecated: `@` and a Unix time (RFC 9745).",
        "schema": {"type": "string"},
    },
    "Sunset": {
        "required": True,
        "description": "When the operation will be gone: an HTTP date (RFC 8594).",
        "schema": {"type": "string"},
    },
}


def deprecated(*, since: date, gone: date, link: str) -> dict[str, Any]:
    """What a route is given that will go: `@router.get("/x", **deprecated(...))`.

    `since`, `gone`: days in UTC. `link`: the address of a page that says what to use instead.
    Raises ValueError when the route would be gone before it is deprecated.
    """
    if gone <= since:
        message = f"gone on {gone}, but deprecated only since {since}"
        raise ValueError(message)
    notice = {"since": since.isoformat(), "gone": gone.isoformat(), "link": link}
    return {"deprecated": True, "openapi_extra": {EXTENSION: notice}}


def deprecation_headers(extra: Mapping[str, Any] | None) -> Sequence[tuple[bytes, bytes]]:
    """The headers of each reply of a route, from what the route was given; mostly none."""
    notice = (extra or {}).get(EXTENSION)
    if notice is None:
        return ()
    since, gone = (_midnight(notice[name]) for name in ("since", "gone"))
    link = f'<{notice["link"]}>; rel="deprecation", <{notice["link"]}>; rel="sunset"'
    return (
        (b"deprecation", f"@{int(since.timestamp())}".encode()),
        (b"sunset", format_datetime(gone, usegmt=True).encode()),
        (b"link", link.encode()),
    )


def document_deprecation(operation: dict[str, Any]) -> None:
    """Say in the contract what the headers say, and that they come."""
    notice = operation.get(EXTENSION)
    if notice is None:
        return
    words = f"Deprecated since {notice['since']}, gone on {notice['gone']}: see <{notice['link']}>."
    operation["description"] = f"{operation.get('description', '')}\n\n{words}".strip()
    for reply in operation["responses"].values():
        reply["headers"] = {**reply.get("headers", {}), **DECLARED}


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
