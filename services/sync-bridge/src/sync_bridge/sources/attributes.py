"""CloudEvents attributes, checked: what passes can be stored as it is.

Both transports give attributes as texts. One that is missing, or that no database column could
hold, makes the event unreadable; types and majors nobody knows are perfectly readable (B21).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.telemetry.trace import HISTORY_MAX
from sync_bridge.inbox.received import ReceivedEvent

__all__ = ["Unreadable", "read_event", "storable"]

_SOURCE = re.compile(r"/tandem/[a-z][a-z0-9-]{0,31}/[0-9a-f-]{36}")
_TYPE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+){1,15}")
_ORIGIN = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_TYPE_LENGTH_MAX = 200
_VERSION_MAX = 2**63 - 1
_HOPS_MAX = 2**15 - 1


class Unreadable(Exception):
    """What came is no event. The text says why, without any of its content."""

    def __init__(self, part: str, problem: str) -> None:
        super().__init__(f"{part} {problem}")


def read_event(
    attributes: Mapping[str, Any], data: bytes, *, is_state: bool = False
) -> ReceivedEvent:
    """The event with these attributes and this JSON body. Raises Unreadable."""
    if _text(attributes, "specversion") != "1.0":
        raise Unreadable("specversion", "is not 1.0")
    _check_json(data)
    return ReceivedEvent(
        source=_matching(attributes, "source", _SOURCE),
        event_id=_uuid(attributes, "id"),
        type=_event_type(attributes),
        subject=_uuid(attributes, "subject"),
        aggversion=_number(attributes, "aggversion", least=1, most=_VERSION_MAX),
        time=_time(attributes),
        origin=_matching(attributes, "origin", _ORIGIN),
        hops=_number(attributes, "hops", least=0, most=_HOPS_MAX),
        correlationid=_uuid(attributes, "correlationid"),
        causationid=_uuid(attributes, "causationid") if "causationid" in attributes else None,
        traceparent=_traceparent(attributes),
        feed_seq=_sequence(attributes),
        data=data,
        is_state=is_state,
        history=_history(attributes),
    )


def storable(text: str) -> str:
    """The text without characters that PostgreSQL cannot keep."""
    return text.replace("\x00", "�")


def _check_json(data: bytes) -> None:
    """A body that is there must be JSON; one that is not there is a tombstone."""
    if not data:
        return
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as wrong:
        raise Unreadable("body", "is not JSON") from wrong


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unreadable(name, "is missing" if value is None else "is no text")
    return value


def _matching(attributes: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = _text(attributes, name)
    if not form.fullmatch(value):
        raise Unreadable(name, "has another form")
    return value


def _event_type(attributes: Mapping[str, Any]) -> str:
    value = _matching(attributes, "type", _TYPE)
    if len(value) > _TYPE_LENGTH_MAX:
        raise Unreadable("type", "is too long")
    return value


def _uuid(attributes: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(_text(attributes, name))
    except ValueError as wrong:
        raise Unreadable(name, "is no UUID") from wrong


def _number(attributes: Mapping[str, Any], name: str, *, least: int, most: int) -> int:
    value = int(_matching(attributes, name, _NUMBER))
    if not least <= value <= most:
        raise Unreadable(name, "is out of range")
    return value


def _sequence(attributes: Mapping[str, Any]) -> int | None:
    """The place in the source's feed, which another publisher may not tell."""
    if "sequence" not in attributes:
        return None
    return _number(attributes, "sequence", least=1, most=_VERSION_MAX)


def _history(attributes: Mapping[str, Any]) -> int:
    """The history of the source's database; the first one where it is not told."""
    if "history" not in attributes:
        return 1
    return _number(attributes, "history", least=1, most=HISTORY_MAX)


def _time(attributes: Mapping[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(_text(attributes, "time"))
    except ValueError as wrong:
        raise Unreadable("time", "is no RFC 3339 time") from wrong
    if at.tzinfo is None:
        raise Unreadable("time", "has no zone")
    return at


def _traceparent(attributes: Mapping[str, Any]) -> str | None:
    """A broken trace costs the trace, not the event."""
    value = attributes.get("traceparent")
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None
