"""The statements of identity."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from sync_bridge.flows import Need
from sync_bridge.identity.models import Creation, Pair
from sync_bridge.ownership import Half

__all__ = [
    "Known",
    "creations",
    "decided",
    "delete_creations",
    "delete_pair",
    "delete_replaced",
    "forget_pairs",
    "insert_creations",
    "insert_pairs",
    "known",
    "lock_needs",
    "open_review",
    "paired",
    "review_naming",
    "twins_of",
    "withdraw_review",
    "withdraw_reviews",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
Known = asyncpg.Record

KNOWN_BY = {
    half: f"""select n.id as subject, p.twin, s.digest from unnest($2::uuid[]) as n(id)
  cross join lateral (select {across}_id as twin from pair
    where entity = $1 and {half}_id = n.id offset 0) p
  left join lateral (select digest from shadow
    where entity = $1 and half = '{half}' and id = n.id offset 0) s on true"""
    for half, across in (("crm", "erp"), ("erp", "crm"))
}

TWINS = """select n.entity, n.id, coalesce(of_crm.twin, of_erp.twin) as twin
  from unnest($1::text[], $2::text[], $3::uuid[]) as n(entity, half, id)
  left join lateral (select erp_id as twin from pair
    where n.half = 'crm' and entity = n.entity and crm_id = n.id offset 0) of_crm on true
  left join lateral (select crm_id as twin from pair
    where n.half = 'erp' and entity = n.entity and erp_id = n.id offset 0) of_erp on true
  where coalesce(of_crm.twin, of_erp.twin) is not null"""

MADE_BY = """delete from creation c using {rows} where c.entity = n.entity
    and ((c.half = 'crm' and c.id = n.crm_id) or (c.half = 'erp' and c.id = n.erp_id))"""
NEW_PAIRS = """insert into pair (id, entity, crm_id, erp_id, how, created_at)
  select n.id, n.entity, n.crm_id, n.erp_id, n.how, now() from {rows} order by n.entity, n.crm_id
  on conflict do nothing returning entity, crm_id, erp_id"""
JOINED = """select entity, crm_id, erp_id from made union
  select p.entity, p.crm_id, p.erp_id from pair p join {rows} using (entity, crm_id, erp_id)"""

CREATIONS = """select c.entity, c.half, c.id, c.event_id, c.version, c.history, c.body::text as body
  from creation c where c.entity = $1
   and ((c.half = $2 and c.id = any($3::uuid[])) or c.event_id = any($4::uuid[]))"""

DELETE_CREATIONS = "delete from creation where entity = $1 and half = $2 and id = any($3::uuid[])"

LOCK_NEED = "select pg_advisory_xact_lock(hashtextextended(n, 2)) from unnest($1::text[]) as n"

OPEN_REVIEW = """with again as (
  update review set state = 'open', candidates = $5, updated_at = now(), version = version + 1,
      decided_by = null, decided_at = null
    where id = (select id from review where entity = $2 and half = $3 and subject = $4
      order by created_at desc, id desc limit 1) and state = 'created'
    and not exists (select from review where entity = $2 and half = $3 and subject = $4
      and state = 'open')
  returning id),
new as (insert into review
  (id, entity, half, subject, candidates, state, version, created_at, updated_at)
  select $1::uuid, $2, $3, $4, $5, 'open', 1, now(), now() where not exists (select from again)
  on conflict (entity, half, subject) where state = 'open'
  do update set candidates = excluded.candidates, updated_at = now(),
    version = review.version + 1
  returning id)
select id from again union all select id from new"""
"""A question that comes again after its answer, because that changed nothing, is the same one."""

REVIEW_NAMING = """select r.subject from review r where r.entity = $1 and r.half = $2
    and r.subject = any($3::uuid[]) and r.state in ('open', 'linked', 'created')
    and r.candidates @> jsonb_build_array(jsonb_build_object('id', $4::text))
    and not exists (select from pair p where p.entity = r.entity
      and r.subject = case r.half when 'crm' then p.crm_id else p.erp_id end)
  order by r.subject limit 1"""

DECIDED = """select distinct on (subject) subject, chosen, state = 'apart' as apart from review
  where entity = $1 and half = $2 and subject = any($3::uuid[])
    and state in ('linked', 'created', 'apart')
  order by subject, decided_at desc"""

WITHDRAW = """update review r set state = 'withdrawn', version = version + 1, updated_at = now()
  from unnest($1::text[], $2::text[], $3::uuid[]) as n(entity, half, id)
  where r.entity = n.entity and r.half = n.half and r.subject = n.id and r.state = 'open'"""

DELETE_PAIR = "delete from pair where id = $1 returning entity, crm_id, erp_id"

DELETE_SHADOWS = """delete from shadow where entity = $1
  and ((half = 'crm' and id = $2) or (half = 'erp' and id = $3))"""

FORGET_PAIRS = """with gone as (
  delete from pair p using unnest($2::uuid[], $3::uuid[]) as n(crm_id, erp_id)
   where (p.entity, p.crm_id, p.erp_id) = ($1, n.crm_id, n.erp_id)
  returning p.entity, p.crm_id, p.erp_id),
copies as (
  delete from pair p using gone g where p.entity = any($4::text[])
    and (p.crm_id = g.crm_id or p.erp_id = g.erp_id)
  returning p.entity, p.crm_id, p.erp_id),
ended as (select * from gone union all select * from copies),
shadows as (
  delete from shadow s using ended e where s.entity = e.entity
    and ((s.half = 'crm' and s.id = e.crm_id) or (s.half = 'erp' and s.id = e.erp_id)))
select crm_id, erp_id from gone"""

DELETE_REPLACED = """with wanted as (
  select * from unnest($1::text[], $2::uuid[], $3::uuid[]) as n(entity, crm_id, erp_id)),
gone as (
  delete from pair p using wanted n where p.entity = n.entity
    and (p.crm_id = n.crm_id or p.erp_id = n.erp_id)
    and (p.crm_id, p.erp_id) <> (n.crm_id, n.erp_id)
  returning p.entity, p.crm_id, p.erp_id)
delete from shadow s using gone g where s.entity = g.entity
  and ((s.half = 'crm' and s.id = g.crm_id) or (s.half = 'erp' and s.id = g.erp_id))"""

PAIRED = """select exists (select from pair where entity = $1 and crm_id = $2)
    or exists (select from pair where entity = $1 and erp_id = $3)"""

AFFECTED = """select r.entity, r.half, r.subject from review r
  where r.state = 'open' and r.candidates @> any($1::jsonb[])"""


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


async def insert_pairs(
    sql: Sql, pairs: Sequence[tuple[str, UUID, UUID, str]]
) -> set[tuple[str, UUID, UUID]]:
    """Join the pairs (entity, CRM id, ERP id, how it is known); those that now are joined so.

    Of the others one of the two is joined to another record. What was kept of twins that were
    being made is no longer needed.
    """
    columns = ("entity", "crm_id", "erp_id")
    rows = [
        Pair(id=uuid7(), entity=entity, crm_id=crm, erp_id=erp, how=how)
        for entity, crm, erp, how in pairs
    ]
    write = Bulk()
    write.run(NEW_PAIRS, Pair, rows, "id", *columns, "how", cte="made")
    write.run(MADE_BY, Pair, rows, *columns)
    found = await write.fetch(sql, JOINED, Pair, rows, *columns)
    return {(row["entity"], row["crm_id"], row["erp_id"]) for row in found}


async def creations(
    sql: Sql, entity: str, half: Half, ids: Sequence[UUID], causes: Sequence[UUID] = ()
) -> list[asyncpg.Record]:
    """Twins that are being made of those records of the half, or because of those events."""
    return await sql.fetch(CREATIONS, entity, half, ids, causes)


async def insert_creations(
    sql: Sql, entity: str, half: Half, new: Sequence[tuple[UUID, UUID, int, int, Mapping[str, Any]]]
) -> None:
    """Keep what is put across of records whose twins are made now.

    Each is given as id, event, history, version and body.
    """
    columns = ("id", "event_id", "history", "version", "body")
    rows = [
        Creation(**dict(zip(columns, one, strict=True))) for one in sorted(new, key=itemgetter(0))
    ]
    write = Bulk()
    write.insert(Creation, rows, *columns, conflict="do nothing", entity=entity, half=half)
    await write.execute(sql)


async def delete_creations(sql: Sql, entity: str, half: Half, ids: Sequence[UUID]) -> None:
    """Forget what was to be put across: it was refused."""
    await sql.execute(DELETE_CREATIONS, entity, half, ids)


async def lock_needs(sql: Sql, needs: Sequence[str]) -> None:
    """Lock what lanes wait for, so that no wake-up is lost."""
    await sql.execute(LOCK_NEED, sorted(needs))


async def open_review(
    sql: Sql, entity: str, half: Half, subject: UUID, candidates: Sequence[dict[str, Any]]
) -> UUID:
    """Ask a person, or bring the open question up to date; its id."""
    review_id: UUID = await sql.fetchval(
        OPEN_REVIEW, uuid7(), entity, half, subject, orjson.dumps(candidates).decode()
    )
    return review_id


async def review_naming(
    sql: Sql, entity: str, half: Half, subjects: Sequence[UUID], *, candidate: UUID
) -> UUID | None:
    """The first of the half's records whose review names the candidate, and awaits its effect."""
    asked: UUID | None = await sql.fetchval(
        REVIEW_NAMING, entity, half, sorted(subjects), str(candidate)
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


async def forget_pairs(
    sql: Sql, entity: str, pairs: Sequence[tuple[UUID, UUID]], *, copies: Sequence[str]
) -> set[tuple[UUID, UUID]]:
    """Forget pairs (CRM id, ERP id) with those of the copies on them; those that there were."""
    crm_ids, erp_ids = [crm_id for crm_id, _ in pairs], [erp_id for _, erp_id in pairs]
    rows = await sql.fetch(FORGET_PAIRS, entity, crm_ids, erp_ids, list(copies))
    return {(row["crm_id"], row["erp_id"]) for row in rows}


async def delete_replaced(sql: Sql, pairs: Sequence[tuple[str, UUID, UUID]]) -> None:
    """Forget other pairs of the records of these (entity, CRM id, ERP id), and what was told."""
    await sql.execute(DELETE_REPLACED, *([pair[at] for pair in pairs] for at in range(3)))


async def paired(sql: Sql, entity: str, *, crm_id: UUID, erp_id: UUID) -> bool:
    """Whether one of the two is in a pair."""
    found: bool = await sql.fetchval(PAIRED, entity, crm_id, erp_id)
    return found


async def withdraw_review(sql: Sql, entity: str, half: str, subject: UUID) -> None:
    """Close the open question about a record, if there is one."""
    await sql.execute(WITHDRAW, [entity], [half], [subject])


async def withdraw_reviews(
    sql: Sql, joined: Sequence[tuple[str, UUID, UUID]]
) -> list[tuple[str, str, UUID]]:
    """Close what is answered by new pairs (entity, CRM id, ERP id).

    Returns the records (entity, half, id) whose open question names one of the joined.
    """
    entities = [entity for entity, _, _ in joined] * 2
    halves = ["crm"] * len(joined) + ["erp"] * len(joined)
    ids = [crm_id for _, crm_id, _ in joined] + [erp_id for _, _, erp_id in joined]
    await sql.execute(WITHDRAW, entities, halves, ids)
    named = [orjson.dumps([{"id": str(one)}]).decode() for one in ids]
    rows = await sql.fetch(AFFECTED, named)
    return [(row["entity"], row["half"], row["subject"]) for row in rows]
