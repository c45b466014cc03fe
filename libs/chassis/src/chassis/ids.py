"""Identifiers: UUID version 7, ordered by the time they were drawn."""

from uuid import UUID

import uuid_utils.compat

__all__ = ["uuid7"]


def uuid7() -> UUID:
    """A new UUIDv7: unique, and sorting after every one drawn in an earlier millisecond."""
    return uuid_utils.compat.uuid7()
