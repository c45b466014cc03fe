"""Keyed hashes of who was erased: an import that brings the person back is recognised by them.

The hash says nothing without the key, which never leaves the database.
"""

import hmac
from collections.abc import Collection, Iterable
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from chassis.work.ways import Way
from values.email import email_key

__all__ = [
    "Identifier",
    "identifiers",
    "is_import",
    "links_of",
    "past_values",
    "suppress",
    "suppressed",
]

Identifier = tuple[str, str]
"""Its kind and the one spelling that it is compared by."""

_SHORTEST_PHONE = 6
"""Fewer digits are an extension, which many have."""
_KEY = "select key from erasure_key"
_KEY_IF_ANY = f"{_KEY} where exists (select from erased_identifier)"
_FOUND = "select hash from erased_identifier where hash = any($1::bytea[])"
_KEEP = """insert into erased_identifier (hash, erased_at)
  select hash, $2 from unnest($1::bytea[]) as n(hash) order by hash
  on conflict (hash) do nothing"""
_PAST = """select distinct e.key as field, v.value
    from record_change c cross join lateral jsonb_each(c.changes) e
      cross join lateral jsonb_array_elements_text(
        case jsonb_typeof(e.value) when 'array' then e.value else '[]' end) v(value)
   where c.record_type = $1 and c.record_id = any($2::uuid[]) and e.key = any($3::text[])
     and v.value <> ''"""
_LINKS = """select system, external_id from external_reference
  where entity_type = $1 and entity_id = any($2::uuid[])"""


def identifiers(
    *, email: str = "", phone: str = "", tax_id: str = "", links: Iterable[tuple[str, str]] = ()
) -> set[Identifier]:
    """What a person is recognised by; `links` are ids in other systems, `phone` in E.164."""
    found = {("email", email_key(email) if email else ""), ("tax_id", tax_id)}
    if len(phone) >= _SHORTEST_PHONE:
        found.add(("phone", phone))
    return {one for one in found if one[1]} | {(f"id:{system}", one) for system, one in links}


def is_import(work: Work, sender: str | None) -> bool:
    """Whether what is written comes from elsewhere, and not from the hand of a user."""
    return sender is not None or work.way == Way.IMPORT


async def suppressed(work: Work, wanted: Collection[Identifier]) -> set[Identifier]:
    """Those of the identifiers that belong to a person who was erased."""
    if not wanted:
        return set()
    key = await work.sql.fetchval(_KEY_IF_ANY)
    if key is None:
        return set()
    hashes = _hashes(key, wanted)
    rows = await work.sql.fetch(_FOUND, list(hashes))
    return {hashes[row["hash"]] for row in rows}


async def suppress(work: Work, found: Collection[Identifier]) -> int:
    """Keep the hashes of the identifiers; how many these are."""
    key = await work.sql.fetchval(_KEY)
    await work.sql.execute(_KEEP, list(_hashes(key, found)), work.now)
    return len(found)


async def links_of(work: Work, record_type: str, ids: Collection[UUID]) -> list[tuple[str, str]]:
    """The ids of records in other systems."""
    rows = await work.sql.fetch(_LINKS, record_type, list(ids))
    return [(row["system"], row["external_id"]) for row in rows]


async def past_values(
    at: Reading, record_type: str, ids: Collection[UUID], fields: Collection[str]
) -> list[tuple[str, str]]:
    """What text fields of the records ever were, as their history has it: (field, value)."""
    rows = await at.sql.fetch(_PAST, record_type, list(ids), list(fields))
    return [(row["field"], row["value"]) for row in rows]


def _hashes(key: bytes, wanted: Collection[Identifier]) -> dict[bytes, Identifier]:
    return {hmac.digest(key, ":".join(one).encode(), "sha256"): one for one in wanted}
