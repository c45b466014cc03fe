"""What is known of the last version that a sender's record had: its number, and what it said.

Content that was sent before and comes again under a newer version changes nothing.

A version is taken once and none before it after that, so one that is far too high would freeze the
record for ever. Senders that count by the clock run ahead by much: a tenth of the last version is
years of any unit that is counted from 1970.
"""

from decimal import Decimal
from hashlib import blake2b
from typing import Any, Protocol

import asyncpg
import orjson

from chassis.problems.problem import Problem

__all__ = [
    "CONTENT",
    "HISTORY",
    "VersionTooFar",
    "Versioned",
    "age_of",
    "digest",
    "is_too_far",
    "present_history",
    "require_near",
]

CONTENT = "alter table external_reference add column content bytea"
"""A change of a later migration: a digest of what the last version said."""
HISTORY = "alter table external_reference add column source_history integer not null default 1"
"""A change of a later migration: the history of the sender's database that the version counts in.
"""
PROTOCOL = {"source_version", "external_id"}
"""Fields of what is sent that are no content."""


class Versioned(Protocol):
    """A record as another system knows it, whole or in part."""

    @property
    def source_version(self) -> int:
        """The sender's version of the record."""


class VersionTooFar(Problem):
    """The sender's version would keep its later ones out."""

    status = 422
    code = "version_too_far"
    title = "The version is too far ahead"
    detail = (
        "The last version taken is {last}, so at most {newest} can follow; {version} would keep "
        "later ones out. Send the version that your record has."
    )


def age_of(version: int, last: int, *, history: int | None, last_history: int) -> int:
    """Whether the version is newer than the last one taken (1), the same (0), or older (-1).

    Versions are compared within one history of the sender's database. What was restored from a
    backup has another, larger one, and counts again from less. None: the sender does not say, as
    it has one only.
    """
    said, known = (history or last_history, version), (last_history, last)
    return (said > known) - (said < known)


async def present_history(sql: "asyncpg.Connection[Any]") -> int:
    """The history of this database, in which the versions count that its records get now."""
    history: int = await sql.fetchval("select epoch from installation")
    return history


def is_too_far(version: int, last: int, *, step_max: int) -> bool:
    """Whether the version is further ahead than any can be; a first one never is."""
    return last > 0 and version > _newest(last, step_max)


def require_near(version: int, last: int, *, step_max: int) -> None:
    """See to it that the version can follow the last one taken. Raises VersionTooFar."""
    if is_too_far(version, last, step_max=step_max):
        raise VersionTooFar(version=version, last=last, newest=_newest(last, step_max))


def _newest(last: int, step_max: int) -> int:
    return last + max(step_max, last // 10)


def digest(sent: Any) -> bytes:
    """What tells the content of two versions of a command apart; left out is not empty."""
    content = sent.model_dump(exclude=PROTOCOL, exclude_unset=True)
    said = orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS)
    return blake2b(said, digest_size=16).digest()


def _plain(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
