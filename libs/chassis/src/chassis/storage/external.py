"""References to a record from other systems: the key of every upsert.

The uniqueness of (entity type, system, external id) is the database's promise that the same
foreign record never becomes two of ours, however often and however concurrently it is sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.http.problems import Problem

__all__ = [
    "DDL",
    "ENTITY_FIRST",
    "ENTITY_LAST",
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

DDL: tuple[str, ...] = (
    """create table external_reference (
      entity_type text not null,
      system text not null,
      external_id text not null,
      entity_id uuid not null,
      source_version bigint not null default 0,
      updated_at timestamptz not null default now(),
      constraint pk_external_reference primary key (entity_type, system, external_id),
      constraint uq_external_reference_entity unique (entity_type, system, entity_id),
      constraint ck_external_reference_system check (system ~ '^[a-z][a-z0-9_-]{0,31}$'),
      constraint ck_external_reference_external_id check (length(external_id) between 1 and 200)
    )""",
    "create index ix_external_reference_entity_id on external_reference (entity_id)",
)

ENTITY_FIRST: tuple[str, ...] = (
    "drop index ix_external_reference_entity_id",
    "alter table external_reference drop constraint uq_external_reference_entity",
    """alter table external_reference add constraint uq_external_reference_entity
      unique (entity_id, entity_type, system)""",
)
"""A change of a later migration. Two indexes that began alike misled the planner while a table
was new: it read all links of a system to find a few of them."""
ENTITY_LAST: tuple[str, ...] = (
    "alter table external_reference drop constraint uq_external_reference_entity",
    """alter table external_reference add constraint uq_external_reference_entity
      unique (entity_type, system, entity_id)""",
    "create index ix_external_reference_entity_id on external_reference (entity_id)",
)
"""The way back."""


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

    `content` is a digest of what that version said; None where it is not known.
    """

    entity_type: str
    system: str
    external_id: str
    entity_id: UUID
    source_version: int
    content: bytes | None = None


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
) -> None:
    """Link their record to ours. Raises AlreadyLinked when either has another link."""
    key = (entity_type, system, external_id)
    if not await sql.fetchval(_CLAIM, *key, entity_id, source_version, content):
        raise AlreadyLinked(entity=entity_type, system=system, external_id=external_id)


async def claim_all(
    sql: "asyncpg.Connection[Any]",
    entity_type: str,
    system: str,
    links: Sequence[tuple[str, UUID, int, bytes | None]],
) -> None:
    """Link many records of theirs (id there, ours, version of theirs, its content).

    Raises AlreadyLinked.
    """
    columns = ([link[at] for link in links] for at in range(4))
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
) -> None:
    """Note the newest version of theirs that we took, and what it says."""
    await advance_all(sql, [(known, source_version, content)])


async def advance_all(
    sql: "asyncpg.Connection[Any]", taken: Sequence[tuple[External, int, bytes | None]]
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


_COLUMNS = "entity_type, system, external_id, entity_id, source_version, content"
_RESOLVE_ALL = f"""select {_COLUMNS} from external_reference
  where entity_type = $1 and system = $2 and external_id = any($3::text[])
  order by external_id for no key update"""
_FIRST_SIGHTS = """select pg_advisory_xact_lock(hashtextextended(word, 0))
  from (select word from unnest($1::text[]) with ordinality as w(word, at) order by at) w"""
_CLAIM = """insert into external_reference
  (entity_type, system, external_id, entity_id, source_version, content)
  values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing returning true"""
_CLAIM_ALL = """insert into external_reference
    (entity_type, system, external_id, entity_id, source_version, content)
  select $1, $2, n.* from unnest($3::text[], $4::uuid[], $5::bigint[], $6::bytea[]) as n
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
  set source_version = n.version, content = n.content, updated_at = now()
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
    as n(entity_type, system, external_id, version, content)
  where (r.entity_type, r.system, r.external_id) = (n.entity_type, n.system, n.external_id)"""
_OF = f"""select {_COLUMNS} from external_reference
  where entity_type = $1 and entity_id = any($2::uuid[]) order by system, external_id"""
