"""Whether the audit log is whole: in the database, and in a file without one.

A file has a JSON object a line: position, content (the text that was hashed), previous_hash and
hash in hex. Each hash is the SHA-256 of the bytes of the hash before and of the content in UTF-8.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

import asyncpg
import orjson

__all__ = ["Verified", "export_lines", "verify_file", "verify_log"]

FIRST = bytes(32)
"""What stands for the hash before the first entry."""

EXPORTED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Verified:
    """How far a log is whole.

    `entries` were looked at, up to `last_position` with `last_hash` (hex). `broken_at` is the first
    position that does not follow from the one before; None: every one does.
    """

    entries: int
    last_position: int
    last_hash: str
    broken_at: int | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, taken out or put in."""
        return self.broken_at is None


async def verify_log(sql: "asyncpg.Connection[Any]", *, latest: int | None = None) -> Verified:
    """Compute every hash anew, in one statement; with `latest` those of so many last entries."""
    row = await sql.fetchrow(_VERIFY, latest)
    assert row is not None  # noqa: S101 - an aggregate has a row
    return Verified(**row)


async def export_lines(sql: "asyncpg.Connection[Any]", *, after: int = 0) -> AsyncIterator[str]:
    """The lines of a file with all entries after a position, in order."""
    while True:
        lines = await sql.fetch(_LINES, after, EXPORTED_AT_ONCE)
        for line in lines:
            yield line["line"]
        if len(lines) < EXPORTED_AT_ONCE:
            return
        after = lines[-1]["position"]


def verify_file(file: TextIO | Iterable[str], *, expected_last: str | None = None) -> Verified:
    """Whether the lines follow from each other, and end with the hash that is expected.

    A file may begin later than the log: then the hash before its first entry is believed. Raises
    ValueError for a line that is none.
    """
    count, position, last = 0, 0, FIRST
    for line in _lines(file):
        count += 1
        previous, content = bytes.fromhex(line["previous_hash"]), line["content"]
        if count == 1 and line["position"] > 1:
            position, last = line["position"] - 1, previous
        follows = line["position"] == position + 1 and previous == last
        last, position = bytes.fromhex(line["hash"]), line["position"]
        is_right = hashlib.sha256(previous + content.encode()).digest() == last
        if not (follows and is_right and orjson.loads(content)[0] == position):
            return Verified(count, position, last.hex(), position)
    if expected_last is not None and last.hex() != expected_last.strip().lower():
        return Verified(count, position, last.hex(), position + 1)
    return Verified(count, position, last.hex(), None)


def _lines(file: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(file, start=1):
        try:
            line = orjson.loads(text)
            yield {name: line[name] for name in ("position", "content", "previous_hash", "hash")}
        except (orjson.JSONDecodeError, KeyError, TypeError) as wrong:
            message = f"line {number} is no entry of an audit log"
            raise ValueError(message) from wrong


_VERIFY = """with looked_at as (
    select e.position, e.hash, e.previous_hash,
      sha256(e.previous_hash || convert_to(audit_content(e), 'UTF8')) as right_hash
    from audit_entry e
    where e.position > coalesce((select max(position) from audit_entry) - $1::bigint, 0)),
  chained as (
    select *, row_number() over (order by position) as number,
      lag(position) over (order by position) as position_before,
      lag(hash) over (order by position) as hash_before
    from looked_at),
  broken as (
    select min(position) as at from chained
    where hash <> right_hash
      or (position_before is not null
        and (position <> position_before + 1 or previous_hash <> hash_before))
      or (position_before is null and $1::bigint is null
        and (position <> 1 or previous_hash <> decode(repeat('00', 32), 'hex'))))
  select count(*)::int as entries, coalesce(max(position), 0) as last_position,
    coalesce((select encode(hash, 'hex') from looked_at order by position desc limit 1), '')
      as last_hash,
    (select at from broken) as broken_at
  from looked_at"""

_LINES = """select position, jsonb_build_object('position', position, 'content', audit_content(e),
    'previous_hash', encode(previous_hash, 'hex'), 'hash', encode(hash, 'hex'))::text as line
  from audit_entry e where position > $1 order by position limit $2"""
