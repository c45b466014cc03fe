"""References to a record from other systems: the key of every upsert.

The uniqueness of (entity type, system, external id) is the database's promise that the same
foreign record never becomes two of ours, however often and however concurrently it is sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.problems.problem import Problem
from chassis.storage.source_versions import age_of

__all__ = [
    "AlreadyLinked",
    "External",
    "advance",
    "advance_all",
    "claim",
    "claim_all",
    "link",
    "link_all",
    "references_of",
    "resolve",
    "resolve_all",
    "unlink",
]


class AlreadyLinked(Problem):
    """The other system's record, or ours, is linked to another one."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "already_linked"
    title: ClassVar[str] = "Already linked to another record"
    detail: ClassVar[str] = (
        "{system} {external_id} or this {entity} is already linked to another record. "
        "Look up the present link and decide which one holds."
    )


@dataclass(frozen=True)
class External:
    """One link: their system and id, our id, and the newest version of theirs that we took.

    `content` is a digest of what that version said; None where it is not known. `source_history`:
    the history of the sender's database that the version counts in.
    """

    entity_type: str
    system: str
    external_id: str
    entity_id: UUID
    source_version: int
    content: bytes | None = None
    source_history: int = 1

    def age_of(self, version: int, history: int | None) -> int:
        """Whether that version is newer than ours (1), the same (0), or older (-1)."""
        last, last_history = self.source_version, self.source_history
        return age_of(version, last, history=history, last_history=last_history)

    def last_in(self, history: int | None) -> int:
        """The newest version that we took of that history; 0 where there is none."""
        return 0 if history and history != self.source_history else self.source_version


async def resolve(
    sql: "asyncpg.Connection[Any]", entity_type: str, system: str, external_id: str
) -> External | None:
    """The link, its row locked until the act ends; None when it was never made.

    Two first sights of the same record are put in line by an advisory lock on its key, so the
    second one finds what the first one made.
    """
    return (await resolve_all(sql, entity_type, system, [external_id])).get(external_id)


async def resolve_all(
    sql: "asyncpg.Connection[Any]", entity_type: str, system: str, external_ids: Collection[str]
) -> dict[str, External]:
    """The links of many records, their rows locked in key order until the act ends.

    Records without a link are left out; nobody else makes one for them meanwhile.
    """
    found = await _resolved(sql, entity_type, system, sorted(set(external_ids)))
    missing = sorted(set(external_ids) - found.keys())
    if missing:
        words = [f"{entity_type}:{system}:{external_id}" for external_id in missing]
        await sql.execute(_FIRST_SIGHTS, words)
        found |= await _resolved(sql, entity_type, system, missing)
    return found


async def _resolved(
    sql: "asyncpg.Connection[Any]", entity_type: str, system: str, external_ids: Sequence[str]
) -> dict[str, External]:
    rows = await sql.fetch(_RESOLVE_ALL, entity_type, system, external_ids)
    return {row["external_id"]: External(**row) for row in rows}


async def claim(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    external_id: str,
    *,
    entity_id: UUID,
    source_version: int,
    content: bytes | None = None,
    history: int | None = None,
) -> None:
    """Link their record to ours. Raises AlreadyLinked when either has another link."""
    links = [(external_id, entity_id, source_version, content, history)]
    await claim_all(sql, entity_type, system, links)


async def claim_all(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    links: Sequence[tuple[str, UUID, int, bytes | None, int | None]],
) -> None:
    """Link many records of theirs (id there, ours, version of theirs, its content and history).

    Raises AlreadyLinked.
    """
    columns = ([link[at] for link in links] for at in range(5))
    rows = await sql.fetch(_CLAIM_ALL, entity_type, system, *columns)
    made = {row["external_id"] for row in rows}
    for external_id, *_ in links:
        if external_id not in made:
            raise AlreadyLinked(entity=entity_type, system=system, external_id=external_id)


async def link(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    external_id: str,
    *,
    entity_id: UUID,
) -> bool:
    """Link their record to ours unless it is; True when the link is new.

    Raises AlreadyLinked when either is linked elsewhere.
    """
    known = await resolve(sql, entity_type, system, external_id)
    if known and known.entity_id == entity_id:
        return False
    await claim(sql, entity_type, system, external_id, entity_id=entity_id, source_version=0)
    return True


async def unlink(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    external_id: str,
    *,
    entity_id: UUID,
) -> bool:
    """Forget that their record is ours; False when it is not, or is another one of ours."""
    known = await resolve(sql, entity_type, system, external_id)
    if known is None or known.entity_id != entity_id:
        return False
    await sql.execute(_UNLINK, entity_type, system, external_id)
    return True


async def link_all(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    links: Sequence[tuple[str, UUID]],
) -> set[tuple[str, UUID]]:
    """Link many records of theirs (id there, ours) that have no link; those that now have it.

    Where either is linked elsewhere, that link is left out.
    """
    theirs, ours = [their for their, _ in links], [our for _, our in links]
    rows = await sql.fetch(_LINK_ALL, entity_type, system, theirs, ours)
    return {(row["external_id"], row["entity_id"]) for row in rows}


async def advance(
    sql: "asyncpg.Connection[Any]",
    known: External,
    source_version: int,
    content: bytes | None = None,
    *,
    history: int | None = None,
) -> None:
    """Note the newest version of theirs that we took, what it says, and its history if told."""
    await advance_all(sql, [(known, source_version, content, history)])


async def advance_all(
    sql: "asyncpg.Connection[Any]",
    taken: Sequence[tuple[External, int, bytes | None, int | None]],
) -> None:
    """Note the newest versions of theirs that we took, of many records; none stands twice."""
    rows = [(one.entity_type, one.system, one.external_id, *said) for one, *said in taken]
    columns = zip(*rows, strict=True)
    await sql.execute(_ADVANCE_ALL, *columns)


async def references_of(
    sql: "asyncpg.Connection[Any]", entity_type: str, entity_ids: Sequence[UUID]
) -> dict[UUID, list[External]]:
    """Every link of the given records, in one query; a record without one is left out."""
    found: dict[UUID, list[External]] = {}
    for row in await sql.fetch(_OF, entity_type, list(entity_ids)):
        found.setdefault(row["entity_id"], []).append(External(**row))
    return found


_COLUMNS = "entity_type, system, external_id, entity_id, source_version, content, source_history"
_RESOLVE_ALL = f"""select {_COLUMNS} from external_reference
  where entity_type = $1 and system = $2 and external_id = any($3::text[])
  order by external_id for no key update"""
_FIRST_SIGHTS = """select pg_advisory_xact_lock(hashtextextended(word, 0))
  from (select word from unnest($1::text[]) with ordinality as w(word, at) order by at) w"""
_CLAIM_ALL = """insert into external_reference
    (entity_type, system, external_id, entity_id, source_version, content, source_history)
  select $1, $2, n.external_id, n.entity_id, n.version, n.content, coalesce(n.history, 1)
    from unnest($3::text[], $4::uuid[], $5::bigint[], $6::bytea[], $7::integer[])
      as n(external_id, entity_id, version, content, history)
  on conflict do nothing returning external_id"""
_LINK_ALL = """insert into external_reference
    (entity_type, system, external_id, entity_id, source_version)
  select $1, $2, n.external_id, n.entity_id, 0
    from unnest($3::text[], $4::uuid[]) as n(external_id, entity_id)
   order by n.external_id
  on conflict do nothing returning external_id, entity_id"""
_UNLINK = """delete from external_reference
  where entity_type = $1 and system = $2 and external_id = $3"""
_ADVANCE_ALL = """update external_reference r
  set source_version = n.version, content = n.content, updated_at = now(),
    source_history = coalesce(n.history, r.source_history)
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::integer[])
    as n(entity_type, system, external_id, version, content, history)
  where (r.entity_type, r.system, r.external_id) = (n.entity_type, n.system, n.external_id)"""
_OF = f"""select {_COLUMNS} from external_reference
  where entity_type = $1 and entity_id = any($2::uuid[]) order by system, external_id"""
