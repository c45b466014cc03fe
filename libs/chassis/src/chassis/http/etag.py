"""ETags: the version of a record, as HTTP writes it."""

import re
from typing import Protocol

from fastapi import Response

from chassis.http.problems import RevisionRequired, StaleRevision

__all__ = ["HasVersion", "parse_revision", "reply_with"]

_TAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')


class HasVersion(Protocol):
    """A record whose changes are counted."""

    @property
    def version(self) -> int:
        """How often it was written."""


def parse_revision(if_match: str | None) -> int:
    """The version in an If-Match header.

    Raises RevisionRequired without one, StaleRevision when it is no version of ours.
    """
    if if_match is None:
        raise RevisionRequired
    found = _TAG.match(if_match.strip())
    if not found:
        raise StaleRevision(expected=if_match, current="?")
    return int(found[1])


def reply_with(response: Response, entity: HasVersion, *, location: str | None = None) -> None:
    """Put the record's ETag on the reply, and where to find it when it is new."""
    response.headers["ETag"] = f'"{entity.version}"'
    if location:
        response.headers["Location"] = location
