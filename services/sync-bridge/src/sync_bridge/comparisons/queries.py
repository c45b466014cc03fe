"""The statements of comparisons: set-based, one for each page and one for each entity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.storage.bulk import Bulk
from sync_bridge.comparisons.models import ComparedRecord
from sync_bridge.comparisons.rules.records import Record

__all__ = [
    "Page",
    "advance",
    "ask",
    "asked",
    "begin",
    "compare",
    "count",
    "finish",
    "forget_older",
    "lock_begin",
    "lock_reading",
    "moving",
    "next_page",
    "note_trouble",
    "running",
    "settle",
    "state_of",
    "store_records",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"


@dataclass(frozen=True)
class Page:
    """Where the reading of one source goes on."""

    comparison_id: UUID
    half: str
    name: str
    after: str


BEGIN = """with made as (
  insert into comparison (id, state, entities, asked_by, begun_at)
  values ($1, 'reading', $2, $3, clock_timestamp()) returning id)
insert into comparison_reading (comparison_id, half, name, place)
select made.id, w.half, w.name, w.place
  from made, unnest($4::text[], $5::text[]) with ordinality as w(half, name, place)"""

FORGET_OLDER = """delete from comparison where id in (
  select id from comparison order by begun_at desc, id desc offset $1)"""

RUNNING = "select id from comparison where state = 'reading'"
LOCK_BEGIN = "select pg_advisory_xact_lock(hashtextextended('comparison', 3))"
LOCK_READING = """select entities, begun_at from comparison
  where id = $1 and state = 'reading' for update"""
NEXT_PAGE = """select comparison_id, half, name, after from comparison_reading
  where comparison_id = $1 and not finished order by place limit 1"""
ADVANCE = """update comparison_reading set after = coalesce($5, after), read = read + $6,
    finished = $5::text is null
  where (comparison_id, half, name) = ($1, $2, $3) and after = $4 and not finished
  returning true"""
TROUBLE = "update comparison set trouble = $2 where id = $1 and trouble <> $2"

STORED = ("sent", "held", "crosses", "link", "number", "name")
AS_IT_IS_NOW = f"""(comparison_id, entity, half, id) do update
    set {", ".join(f"{name} = excluded.{name}" for name in STORED)}"""

_BOTH = """p as (
  select p.crm_id, p.erp_id, c.id is null as no_crm, e.id is null as no_erp,
    c.sent as crm_sent, c.held as crm_held, c.link as crm_link,
    e.sent as erp_sent, e.held as erp_held, e.link as erp_link,
    coalesce(nullif(e.number, ''), c.number, '') as number,
    coalesce(nullif(c.name, ''), e.name, '') as name
  from pair p
  left join compared_record c on (c.comparison_id, c.entity, c.half, c.id)
    = ($1, $2, 'crm', p.crm_id)
  left join compared_record e on (e.comparison_id, e.entity, e.half, e.id)
    = ($1, $2, 'erp', p.erp_id)
  where p.entity = $2 and p.created_at < $3)"""

_LANE = """case when l.state = 'parked' then 'parked' when l.state = 'waiting' then 'waiting'
    when l.state = 'ready' or l.since >= $3 then 'under_way' end"""

COMPARE = f"""with {_BOTH},
differing as (
  select p.crm_id, p.erp_id, p.number, p.name, w.half, f.fields
    from p cross join lateral (values
        ('crm', p.crm_id, p.crm_sent, p.erp_held), ('erp', p.erp_id, p.erp_sent, p.crm_held))
      as w(half, id, sent, held)
    cross join lateral (
      select jsonb_agg(jsonb_build_object('name', key,
          'crm', case w.half when 'crm' then s.value else h.value end,
          'erp', case w.half when 'crm' then h.value else s.value end) order by key) as fields
        from jsonb_each(w.sent) s join jsonb_each(w.held) h using (key)
       where s.value <> h.value) f
   where w.sent is not null and w.held is not null and f.fields is not null),
found(kind, half, crm_id, erp_id, number, name, fields) as (
  select 'fields_differ', half, crm_id, erp_id, number, name, fields from differing
  union all
  select 'record_missing', case when no_crm then 'crm' else 'erp' end, crm_id, erp_id, number,
      name, '[]' from p where $4 and no_crm <> no_erp
  union all
  select 'link_missing', w.half, crm_id, erp_id, number, name, '[]'
    from p cross join lateral (values ('crm', crm_link, erp_id), ('erp', erp_link, crm_id))
      as w(half, link, id)
   where not no_crm and not no_erp and w.half = any($5::text[])
     and w.link is distinct from w.id::text
  union all
  select 'not_linked', half, case half when 'crm' then id end, case half when 'erp' then id end,
      number, name, '[]'
    from compared_record r where r.comparison_id = $1 and r.entity = $2 and r.crosses
     and not exists (select from pair p where p.entity = $2
       and case r.half when 'crm' then p.crm_id else p.erp_id end = r.id)),
judged as (
  select f.*, coalesce(
      (select case v.state when 'open' then 'review' else 'apart' end from review v
        where f.kind = 'not_linked' and v.entity = $2 and v.half = f.half
          and v.subject = coalesce(f.crm_id, f.erp_id) and v.state in ('open', 'apart')
        order by v.created_at desc limit 1),
      {_LANE}, case when f.kind = 'not_linked' and l.key is null then 'never_read' end, '')
      as reason,
      case when f.kind = 'not_linked' or f.kind = 'fields_differ' and not ($6 and exists (
          select from shadow s join position o
              on o.service = f.half and s.source_history < o.history
           where (s.entity, s.half, s.id)
             = ($2, f.half, case f.half when 'crm' then f.crm_id else f.erp_id end)))
        then f.half else case f.half when 'crm' then 'erp' else 'crm' end end as leads
    from found f left join lane l on l.key = f.half || '.' || $2 || ':'
      || case f.half when 'crm' then f.crm_id else f.erp_id end)
insert into difference
    (id, comparison_id, entity, kind, half, leads, crm_id, erp_id, number, name, fields, reason)
select gen_random_uuid(), $1, $2, kind, half, leads, crm_id, erp_id, number, name, fields, reason
  from judged"""
"""`$3` when it was begun: what was linked or delivered since is on its way. `$4`: the entity has
records of its own. `$5`: the halves that tell the link. `$6`: what a restore
set back is nobody's change. Then the other half leads in what it was told before the restore."""

COUNT = """with known as (
  select id, half, sent, crosses, exists (select from pair p where p.entity = $2
      and case r.half when 'crm' then p.crm_id else p.erp_id end = r.id) as linked
    from compared_record r where r.comparison_id = $1 and r.entity = $2)
update comparison c set compared = c.compared || jsonb_build_object($2::text, (
  select jsonb_build_object('records', count(*) filter (where linked and sent is not null),
      'not_carried', count(*) filter (where not linked and sent is not null and not crosses))
    from known)) where c.id = $1"""

FINISH = """with gone as (delete from compared_record where comparison_id = $1)
update comparison set state = 'done', finished_at = now(), trouble = '' where id = $1"""


async def begin(
    sql: Sql,
    comparison_id: UUID,
    *,
    entities: Sequence[str],
    by: str,
    sources: Sequence[tuple[str, str]],
) -> None:
    """Begin a comparison that reads those sources (half, name), in that order."""
    halves, names = [half for half, _ in sources], [name for _, name in sources]
    await sql.execute(BEGIN, comparison_id, list(entities), by, halves, names)


async def forget_older(sql: Sql, *, keep: int) -> None:
    """Forget all but the newest comparisons."""
    await sql.execute(FORGET_OLDER, keep)


async def running(sql: Sql) -> asyncpg.Record | None:
    """The comparison that is under way."""
    return await sql.fetchrow(RUNNING)


async def state_of(sql: Sql, comparison_id: UUID) -> str | None:
    """The state of the comparison; None: there is none."""
    state: str | None = await sql.fetchval(
        "select state from comparison where id = $1", comparison_id
    )
    return state


async def lock_begin(sql: Sql) -> None:
    """Let nobody else begin a comparison until the act ends."""
    await sql.execute(LOCK_BEGIN)


async def lock_reading(sql: Sql, comparison_id: UUID) -> asyncpg.Record | None:
    """The comparison, locked until the act ends; None when it is done."""
    return await sql.fetchrow(LOCK_READING, comparison_id)


async def next_page(sql: Sql, comparison_id: UUID) -> Page | None:
    """Where the reading goes on; None: all is read."""
    row = await sql.fetchrow(NEXT_PAGE, comparison_id)
    return Page(**dict(row)) if row else None


async def advance(sql: Sql, page: Page, *, upto: str | None, read: int) -> bool:
    """Note that a page was read; False: another process did. `upto` None: it was the last."""
    facts = (page.comparison_id, page.half, page.name, page.after, upto, read)
    return bool(await sql.fetchval(ADVANCE, *facts))


async def note_trouble(sql: Sql, comparison_id: UUID, trouble: str) -> None:
    """Say why the comparison does not get on; empty: it does."""
    await sql.execute(TROUBLE, comparison_id, trouble)


async def store_records(sql: Sql, page: Page, records: Sequence[Record]) -> None:
    """Keep records as a half has them; one that was read before is as it is now."""
    once = {(one.entity, one.id): one for one in records}
    rows = [one for _, one in sorted(once.items())]
    write = Bulk()
    write.insert(
        ComparedRecord,
        rows,
        "entity",
        "id",
        *STORED,
        conflict=AS_IT_IS_NOW,
        comparison_id=page.comparison_id,
        half=page.half,
    )
    await write.execute(sql)


async def compare(
    sql: Sql,
    comparison_id: UUID,
    entity: str,
    *,
    begun_at: datetime,
    has_records: bool,
    tell_links: Sequence[str],
    keeps_lost: bool,
) -> None:
    """Note in what the halves differ, of all records of an entity at once."""
    facts = (comparison_id, entity, begun_at, has_records, list(tell_links), keeps_lost)
    await sql.execute(COMPARE, *facts)


async def count(sql: Sql, comparison_id: UUID, entity: str) -> None:
    """Note how many records of the entity were compared, and how many stay by rule."""
    await sql.execute(COUNT, comparison_id, entity)


async def finish(sql: Sql, comparison_id: UUID) -> None:
    """Forget the records that were compared; the differences stay."""
    await sql.execute(FINISH, comparison_id)


ASK = """update difference set state = 'asked', outcome = ''
  where comparison_id = $1 and state in ('open', 'left')
    and ($2::text[] is null or entity = any($2)) and ($3::uuid[] is null or id = any($3))"""
ASKED = """with first as (
  select entity, kind, half, leads from difference where state = 'asked'
   order by entity, kind, half, leads limit 1)
select d.id, d.entity, d.kind, d.half, d.leads, d.crm_id, d.erp_id, d.fields, d.reason
  from difference d join first f using (entity, kind, half, leads)
  where d.state = 'asked' order by d.id limit $1"""
SETTLE = """update difference d set state = case when n.why = '' then 'levelled' else 'left' end,
    outcome = n.why
  from (select * from unnest($1::uuid[], $2::text[]) as n(id, why) order by id) n
  where d.id = n.id and d.state = 'asked'"""


async def ask(
    sql: Sql,
    comparison_id: UUID,
    *,
    entities: Sequence[str] | None,
    differences: Sequence[UUID] | None,
) -> None:
    """Have differences levelled: all, or those of entities, or those named."""
    await sql.execute(ASK, comparison_id, entities, differences)


async def asked(sql: Sql, *, at_most: int) -> list[asyncpg.Record]:
    """Differences of one sort that are to be levelled."""
    return await sql.fetch(ASKED, at_most)


async def settle(sql: Sql, outcomes: Mapping[UUID, str]) -> None:
    """Note which were levelled (empty), and why others are left."""
    await sql.execute(SETTLE, list(outcomes), list(outcomes.values()))


MOVING = """select exists (select from difference where comparison_id = $1 and state = 'asked')
  or exists (select from difference d join lane l on l.key = any (array[
      'crm.' || d.entity || ':' || d.crm_id, 'erp.' || d.entity || ':' || d.erp_id])
    where d.comparison_id = $1 and d.state = 'levelled' and l.state = 'ready')"""


async def moving(sql: Sql, comparison_id: UUID) -> bool:
    """Whether something of it is still to be levelled, or on its way."""
    return bool(await sql.fetchval(MOVING, comparison_id))
