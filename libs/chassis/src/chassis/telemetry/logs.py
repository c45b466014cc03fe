"""Structured logs: one line of JSON on standard output for each thing worth knowing.

Lines carry the ids that tie them together (`request_id`, `trace_id`, `correlation_id`) and never
a secret: fields with a secret's name and texts that look like one are blacked out.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson
import structlog

__all__ = ["SECRET_FIELDS", "blacked_out", "configure_logs", "get_logger"]

SECRET_FIELDS = frozenset(
    {
        "access_token",
        "api_key",
        "authorization",
        "cookie",
        "database_url",
        "id_token",
        "migration_database_url",
        "new_password",
        "old_password",
        "password",
        "password_hash",
        "proxy-authorization",
        "refresh_token",
        "secret",
        "set-cookie",
        "token",
        "x-api-key",
    }
)
"""Fields whose value never reaches a log."""

_BLACK = "***"
# Keys and sessions of ours, bearer credentials, and passwords inside URLs; only characters that
# need no escape in JSON, so that a rendered line may be cleaned as it is.
_TELLTALE = re.compile(
    rb"(td[ms]_[a-z]+_(?:[a-z0-9]{4,16}_)?)[A-Za-z0-9_-]{16,}"
    rb"|([Bb]earer )[A-Za-z0-9._~+/=-]{8,}"
    rb"|(://[^\s:/@\"]+:)[^\s@\"]+(?=@)"
)
_MOVES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
Event = MutableMapping[str, Any]


def configure_logs(
    form: Literal["json", "console"] = "json",
    *,
    service: str = "",
    level: str = "info",
    out: TextIO | None = None,
) -> None:
    """Set up logging for the process: our own lines and those of the libraries alike.

    `out` is where lines go, by default standard output as it is now.
    """
    out = out or sys.stdout
    render = _as_json if form == "json" else structlog.dev.ConsoleRenderer(repr_native_str=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _named(service),
            blacked_out,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_factory(form, out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Library(form, service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error", "alembic.runtime.migration"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(max(logging.INFO, _LEVELS[level]))


def get_logger(name: str) -> Any:
    """The logger of a module; it may be made before the process has configured its logs."""
    return structlog.get_logger(part=name)


def blacked_out(_logger: Any, _method: str, event: Event) -> Event:
    """The event without the values of secret fields, however deep they lie."""
    for name, value in event.items():
        if name.lower() in SECRET_FIELDS:
            event[name] = _BLACK
        elif isinstance(value, dict | list):
            event[name] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _BLACK if str(name).lower() in SECRET_FIELDS else _clean(inner)
            for name, inner in value.items()
        }
    return [_clean(inner) for inner in value] if isinstance(value, list) else value


def _without_secrets(line: bytes) -> bytes:
    """The rendered line with what looks like a credential blacked out."""
    if b"td" in line or b"earer " in line or b"://" in line:
        return _TELLTALE.sub(_blacken, line)
    return line


def _blacken(found: "re.Match[bytes]") -> bytes:
    kept = found[1] or found[2] or found[3]
    return kept + _BLACK.encode()


def _as_json(_logger: Any, _method: str, event: Event) -> bytes:
    return _without_secrets(orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS))


def _named(service: str) -> Any:
    def named(_logger: Any, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    return named


def _factory(form: str, out: TextIO) -> Any:
    if form == "json":
        return structlog.BytesLoggerFactory(out.buffer)
    return structlog.PrintLoggerFactory(out)


def _on_one_line(text: str) -> str:
    """The text with signs that end a line or move a terminal as they are escaped in Python."""
    return _MOVES.sub(lambda found: repr(found[0])[1:-1], text)


class _Library(logging.Formatter):
    """Lines of libraries in the form of our own."""

    def __init__(self, form: str, service: str) -> None:
        super().__init__()
        self._form = form
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        event: dict[str, Any] = {
            "at": at,
            "event": record.getMessage(),
            "part": record.name,
            "level": record.levelname.lower(),
            "service": self._service,
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        line = _without_secrets(orjson.dumps(event, default=str)).decode()
        return (
            line
            if self._form == "json"
            else f"{at} [{event['level']:<9}] {record.name}: {_on_one_line(event['event'])}"
        )
