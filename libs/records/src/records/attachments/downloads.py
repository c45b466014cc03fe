"""How a file is sent: to be saved, never to be shown; whole or one part of it."""

import re
from typing import Any, Final

from fastapi import Request, Response
from starlette.responses import StreamingResponse
from starlette.status import HTTP_200_OK, HTTP_206_PARTIAL_CONTENT, HTTP_304_NOT_MODIFIED

from records.attachments.errors import RangeNotSatisfiable
from records.attachments.filenames import content_disposition
from records.attachments.schemas import AttachmentView
from records.attachments.storage import Content
from records.file_types import OCTETS, type_of_name

__all__ = ["FILE_REPLY", "file_reply"]

_PART = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_BINARY = {OCTETS: {"schema": {"type": "string", "format": "binary"}}}
_ETAG = {
    "ETag": {
        "required": True,
        "description": "SHA-256 of the content, for `If-None-Match` and `If-Range`.",
        "schema": {"type": "string"},
    }
}
FILE_REPLY: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, with the Content-Type that its content has, or as octets.",
        "content": _BINARY,
        "headers": _ETAG,
    },
    206: {
        "description": "The part asked for by `Range`.",
        "content": _BINARY,
        "headers": _ETAG
        | {
            "Content-Range": {
                "required": True,
                "schema": {"type": "string"},
                "description": "Which part it is, of how many bytes.",
            }
        },
    },
    304: {"description": "The caller has the file already (`If-None-Match`)."},
}
"""What the route of a download declares."""


def file_reply(request: Request, attachment: AttachmentView, content: Content) -> Response:
    """The file as the request asks for it. Raises RangeNotSatisfiable."""
    etag = f'"{attachment.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition(attachment.filename),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if _has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    part = _part(request, attachment.size, etag)
    start, end = part or (0, attachment.size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{attachment.size}"
    return StreamingResponse(
        content.read(start, end),
        status_code=HTTP_206_PARTIAL_CONTENT if part else HTTP_200_OK,
        headers=headers,
        media_type=_served_as(attachment),
    )


def _has(tags: str, etag: str) -> bool:
    return tags.strip() == "*" or etag in {
        one.strip().removeprefix("W/") for one in tags.split(",")
    }


def _part(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """The part asked for, from and up to; None: the whole. Several parts are sent as the whole."""
    asked = _PART.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if asked is None or asked.groups() == ("", "") or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size:
        raise RangeNotSatisfiable(size=size)
    return (start, end) if start < end else None


def _served_as(attachment: AttachmentView) -> str:
    _, known = type_of_name(attachment.filename)
    return (known and (known.served_as or known.media_type)) or OCTETS
