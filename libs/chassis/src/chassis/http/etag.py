"""ETags: the version of a record, as HTTP writes it."""

import re
from typing import Annotated, Any, Final, Protocol

from fastapi import Response
from pydantic import Field

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, RevisionRequired

__all__ = [
    "ETAG",
    "LOCATED",
    "LOCATION",
    "TAGGED",
    "EtagVersion",
    "HasVersion",
    "Revision",
    "parse_revision",
    "reply_with",
]

EtagVersion = Annotated[
    int,
    Field(description="The number in the ETag: counts the changes of what is edited here."),
]
Revision = Annotated[
    int,
    Field(
        default_factory=lambda shown: shown["version"],
        description="Counts all changes, also those of what is copied from another system or noted"
        " on the record: the `aggversion` of its events.",
    ),
]
"""What a view shows of a record's changes; of most records the two are one number."""

LOCATION: Final[dict[str, dict[str, Any]]] = {
    "Location": {
        "required": True,
        "description": "The path of the new record.",
        "schema": {"type": "string", "format": "uri-reference"},
    }
}
LOCATED: Final[dict[int | str, dict[str, Any]]] = {201: {"headers": LOCATION}}
"""What a route declares that tells where its record is, in a reply that is not the record."""

ETAG: Final[dict[str, dict[str, Any]]] = {
    "ETag": {
        "required": True,
        "description": "The record's version, for `If-Match` of a change.",
        "schema": {"type": "string"},
    }
}
TAGGED: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": ETAG}}
"""What a route declares whose reply has the record's ETag and is more than the record."""

_TAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')


class HasVersion(Protocol):
    """A record whose changes are counted."""

    @property
    def version(self) -> int:
        """How often it was written."""


class AnyRevision(int):
    """What `If-Match: *` says: whichever version there is, is the one meant."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


def parse_revision(if_match: str | None) -> int:
    """The version in an If-Match header; `*` is equal to every one.

    Raises RevisionRequired without one, InvalidInput when it is no ETag of ours.
    """
    if if_match is None:
        raise RevisionRequired
    if if_match.strip() == "*":
        return AnyRevision()
    found = _TAG.match(if_match.strip())
    if not found:
        wrong = FieldError("/header/If-Match", "etag_form", 'Send the ETag as you read it: "3".')
        raise InvalidInput(errors=[wrong])
    return int(found[1])


def reply_with(response: Response, entity: HasVersion, *, location: str | None = None) -> None:
    """Put the record's ETag on the reply, and where to find it when it is new."""
    response.headers["ETag"] = f'"{entity.version}"'
    if location:
        response.headers["Location"] = location
