"""Where a page begins, as callers carry it: the sort, the value in it and the key of a record."""

import base64
import binascii

import orjson

from chassis.problems.standard import InvalidCursor

__all__ = ["decoded", "encoded"]


def encoded(sort: str, value: str, key: str) -> str:
    """The cursor of the record after which a page begins."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, value, key])).decode().rstrip("=")


def decoded(cursor: str, sort: str) -> tuple[str, str]:
    """The value and the key of a cursor of that sort. Raises InvalidCursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made_for, value, key = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError) as unreadable:
        raise InvalidCursor from unreadable
    if made_for != sort or not isinstance(value, str) or not isinstance(key, str):
        raise InvalidCursor
    return value, key
