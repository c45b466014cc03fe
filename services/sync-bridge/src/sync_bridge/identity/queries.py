"""The statements of identity."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from sync_bridge.flows import Need
from sync_bridge.ownership import Half

__all__ = [
    "Known",
    "asked_about",
    "decided",
    "delete_pair",
    "insert_pair",
    "known",
    "lock_needs",
    "open_review",
    "paired",
    "twins_of",
    "withdraw_reviews",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
Known = asyncpg.Record

KNOWN_BY = {
    half: f"""select p.{half}_id as subject, p.{across}_id as twin, s.digest from pair p
  left join shadow s on s.entity = p.entity and s.half = '{half}' and s.id = p.{half}_id
  where p.entity = $1 and p.{half}_id = any($2::uuid[])"""
    for half, across in (("crm", "erp"), ("erp", "crm"))
}

TWINS = """select n.entity, n.id, case when n.half = 'crm' then p.erp_id else p.crm_id end as twin
  from unnest($1::text[], $2::text[], $3::uuid[]) as n(entity, half, id)
  join pair p on p.entity = n.entity
    and ((n.half = 'crm' and p.crm_id = n.id) or (n.half = 'erp' and p.erp_id = n.id))"""

INSERT_PAIR = """insert into pair (id, entity, crm_id, erp_id, how, created_at)
  values ($1, $2, $3, $4, $5, now()) on conflict do nothing returning true"""

SAME_PAIR = """select true from pair where entity = $1 and crm_id = $2 and erp_id = $3"""

LOCK_NEED = "select pg_advisory_xact_lock(hashtextextended(n, 2)) from unnest($1::text[]) as n"

OPEN_REVIEW = """insert into review
  (id, entity, half, subject, candidates, state, version, created_at, updated_at)
  values ($1, $2, $3, $4, $5, 'open', 1, now(), now())
  on conflict (entity, half, subject) where state = 'open'
  do update set candidates = excluded.candidates, updated_at = now(),
    version = review.version + 1
  returning id"""

ASKED_ABOUT = """select r.subject from review r where r.entity = $1 and r.half = $2
    and r.subject = any($3::uuid[]) and r.state in ('open', 'linked', 'created')
    and r.candidates @> jsonb_build_array(jsonb_build_object('id', $4::text))
    and not exists (select from pair p where p.entity = r.entity
      and r.subject = case r.half when 'crm' then p.crm_id else p.erp_id end)
  order by r.subject limit 1"""

DECIDED = """select distinct on (subject) subject, chosen, state = 'apart' as apart from review
  where entity = $1 and half = $2 and subject = any($3::uuid[])
    and state in ('linked', 'created', 'apart')
  order by subject, decided_at desc"""

WITHDRAW = """update review set state = 'withdrawn', version = version + 1, updated_at = now()
  where entity = $1 and state = 'open'
    and (half, subject) in (('crm', $2::uuid), ('erp', $3::uuid)) returning half, subject"""

DELETE_PAIR = "delete from pair where id = $1 returning entity, crm_id, erp_id"

DELETE_SHADOWS = """delete from shadow where entity = $1
  and ((half = 'crm' and id = $2) or (half = 'erp' and id = $3))"""

PAIRED = """select exists (select from pair where entity = $1 and crm_id = $2)
    or exists (select from pair where entity = $1 and erp_id = $3)"""

CONCERNED = """select half, subject from review where entity = $1 and state = 'open'
  and candidates @> any(array[
    jsonb_build_array(jsonb_build_object('id', $2::text)),
    jsonb_build_array(jsonb_build_object('id', $3::text))])"""


async def known(sql: Sql, entity: str, half: Half, subjects: Sequence[UUID]) -> list[Known]:
    """Those of a half's records that have a twin: `subject`, `twin`, its shadow's `digest`."""
    return await sql.fetch(KNOWN_BY[half], entity, subjects)


async def twins_of(sql: Sql, needs: Sequence[Need]) -> dict[tuple[str, UUID], UUID]:
    """The twins of the needed records, as far as they are across."""
    rows = await sql.fetch(
        TWINS,
        [need.entity for need in needs],
        [need.sender for need in needs],
        [need.id for need in needs],
    )
    return {(row["entity"], row["id"]): row["twin"] for row in rows}


async def insert_pair(sql: Sql, entity: str, *, crm_id: UUID, erp_id: UUID, how: str) -> bool:
    """Join the two unless they are; False when one of them is joined to another record."""
    made = await sql.fetchval(INSERT_PAIR, uuid7(), entity, crm_id, erp_id, how)
    return bool(made or await sql.fetchval(SAME_PAIR, entity, crm_id, erp_id))


async def lock_needs(sql: Sql, needs: Sequence[str]) -> None:
    """Put in line who waits for a record and who brings it, so that no wake-up is lost."""
    await sql.execute(LOCK_NEED, sorted(needs))


async def open_review(
    sql: Sql, entity: str, half: Half, subject: UUID, candidates: Sequence[dict[str, Any]]
) -> UUID:
    """Ask a person, or bring the open question up to date; its id."""
    review_id: UUID = await sql.fetchval(
        OPEN_REVIEW, uuid7(), entity, half, subject, orjson.dumps(candidates).decode()
    )
    return review_id


async def asked_about(
    sql: Sql, entity: str, half: Half, subjects: Sequence[UUID], *, candidate: UUID
) -> UUID | None:
    """The first of the half's records whose review names the candidate, and awaits its effect."""
    asked: UUID | None = await sql.fetchval(
        ASKED_ABOUT, entity, half, sorted(subjects), str(candidate)
    )
    return asked


async def decided(
    sql: Sql, entity: str, half: Half, subjects: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Those of the records on which a person decided: `subject`, and the `chosen` twin."""
    return await sql.fetch(DECIDED, entity, half, subjects)


async def delete_pair(sql: Sql, pair_id: UUID) -> asyncpg.Record | None:
    """Forget the pair, and what each half was told of the other's record; what it was."""
    gone = await sql.fetchrow(DELETE_PAIR, pair_id)
    if gone:
        await sql.execute(DELETE_SHADOWS, gone["entity"], gone["crm_id"], gone["erp_id"])
    return gone


async def paired(sql: Sql, entity: str, *, crm_id: UUID, erp_id: UUID) -> bool:
    """Whether one of the two is in a pair."""
    found: bool = await sql.fetchval(PAIRED, entity, crm_id, erp_id)
    return found


async def withdraw_reviews(
    sql: Sql, entity: str, *, crm_id: UUID, erp_id: UUID
) -> list[tuple[str, UUID]]:
    """Close what is answered by a new pair; records whose open question names one of the two."""
    await sql.fetch(WITHDRAW, entity, crm_id, erp_id)
    rows = await sql.fetch(CONCERNED, entity, str(crm_id), str(erp_id))
    return [(row["half"], row["subject"]) for row in rows]
