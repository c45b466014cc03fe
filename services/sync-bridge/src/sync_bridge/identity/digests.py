"""Shadows tell whether what the sender owns has changed since it was last delivered (B45)."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["digest"]


def digest(fields: Mapping[str, Any]) -> bytes:
    """A hash of the fields that does not depend on their order."""
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).digest()
