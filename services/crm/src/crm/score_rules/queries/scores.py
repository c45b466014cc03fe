"""What rules give leads: one statement for as many leads as there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from crm.sql import Sql

__all__ = [
    "closed_score",
    "custom_keys",
    "give_scores",
    "has_rules",
    "lock_due",
    "mark_due",
    "names_of",
    "parts_of",
    "rules_in_use",
]

_OPEN = "status in ('new', 'working', 'qualified')"
_FIELDS = """jsonb_build_object('campaign', lower(l.campaign), 'company', lower(l.company),
      'country', lower(coalesce(l.address ->> 'country', '')), 'email', lower(l.email),
      'language', lower(l.language), 'medium', lower(coalesce(t.medium, '')),
      'phone', l.phone_raw, 'source', lower(l.source), 'title', lower(l.title))
    || coalesce((select jsonb_object_agg('custom.' || c.key, lower(c.value))
      from jsonb_each_text(l.custom) c), '{}')"""
_HAPPENED = f"""select l.id as lead_id, 'field' as based_on, l.created_at as at, {_FIELDS} as facts
    from lead l left join lead_touch t on t.lead_id = l.id and t.is_first
   where l.id = any($1::uuid[])
  union all
  select lead_id, 'touch', touched_at, jsonb_build_object('campaign', lower(campaign),
      'medium', lower(medium), 'referrer', lower(referrer), 'source', lower(source))
    from lead_touch where lead_id = any($1::uuid[])
  union all
  select r.record_id, 'activity', a.timeline_at, jsonb_build_object('kind', a.kind,
      'direction', coalesce(a.direction, ''), 'channel', lower(a.channel))
    from activity_record r join activity a on a.id = r.activity_id
   where r.record_type = 'lead' and r.record_id = any($1::uuid[]) and a.state = 'done'
     and not a.system_generated and not a.bulk
  union all
  select lead_id, 'event', happened_at, jsonb_build_object('kind', kind)
    from lead_event where lead_id = any($1::uuid[])"""
_FACT = "(h.facts ->> (c ->> 'fact'))"
_IS_MET = f"""coalesce(case c ->> 'operator'
      when 'given' then {_FACT} <> ''
      when 'between' then case when {_FACT} ~ '^-?[0-9]+(\\.[0-9]+)?$'
        then {_FACT}::numeric >= coalesce((c ->> 'at_least')::numeric, '-infinity')
          and {_FACT}::numeric <= coalesce((c ->> 'at_most')::numeric, 'infinity') end
      when 'contains' then exists (select from jsonb_array_elements_text(c -> 'values') w
        where position(w in {_FACT}) > 0)
      else (c -> 'values') ? {_FACT} end, false)"""
_AGE_DAYS = "floor(extract(epoch from $3 - h.at) / 86400)"
_PARTS = f"""with happened as ({_HAPPENED}),
  rule as (select * from jsonb_to_recordset($2::jsonb) as r(id uuid, based_on text,
    points integer, half_life_days integer, count_max integer, conditions jsonb)),
  met as (select h.lead_id, r.id as rule_id, r.count_max, h.at,
      r.points * case when r.half_life_days is null then 1
        else power(0.5::float8, ({_AGE_DAYS} / r.half_life_days)::float8) end as points,
      row_number() over (partition by h.lead_id, r.id order by h.at desc) as number
    from happened h join rule r on r.based_on = h.based_on
   where h.at <= $3 and not exists (
     select from jsonb_array_elements(r.conditions) c where not {_IS_MET}))
  select lead_id, rule_id, round(sum(points)::numeric, 2) as points, count(*) as count,
      max(at) as last_at
    from met where number <= coalesce(count_max, number) group by lead_id, rule_id"""
_GIVE = f"""with part as ({_PARTS}),
  total as (select lead_id, sum(points) as score, jsonb_agg(jsonb_build_object('rule_id', rule_id,
      'points', points::text, 'count', count, 'last_at', last_at)) as parts
    from part group by lead_id)
  update lead set score = coalesce(t.score, 0), score_parts = coalesce(t.parts, '[]'),
      scored_at = $3
    from unnest($1::uuid[]) as one(id) left join total t on t.lead_id = one.id
   where lead.id = one.id"""
_DUE = f"""select id from lead
   where {_OPEN} and coalesce(scored_at, '-infinity'::timestamptz) < $1
   order by coalesce(scored_at, '-infinity'::timestamptz), id limit $2 for update skip locked"""
_CLOSED = f"""select scored_at, score_parts from lead where id = $1 and not {_OPEN}"""


async def has_rules(sql: Sql) -> bool:
    """Whether there is, or was, any rule."""
    return bool(await sql.fetchval("select exists (select from score_rule)"))


async def rules_in_use(sql: Sql) -> list[asyncpg.Record]:
    """The active rules with their names."""
    return list(
        await sql.fetch(
            """select id, based_on, points, half_life_days, count_max, conditions
                 from score_rule where status = 'active'"""
        )
    )


async def custom_keys(sql: Sql) -> set[str]:
    """Keys of the custom fields of leads that are in use."""
    rows = await sql.fetch(
        "select key from custom_field where record_type = 'lead' and status = 'active'"
    )
    return {row["key"] for row in rows}


async def lock_due(sql: Sql, before: datetime, limit: int) -> list[UUID]:
    """Open leads whose score is older, those without one first; locked ones are left out."""
    return [row["id"] for row in await sql.fetch(_DUE, before, limit)]


async def give_scores(
    sql: Sql, lead_ids: Sequence[UUID], rules: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Give leads the scores that they have now, with what they are made of."""
    await sql.execute(_GIVE, list(lead_ids), orjson.dumps(rules).decode(), now)


async def parts_of(
    sql: Sql, lead_id: UUID, rules: Sequence[Mapping[str, Any]], now: datetime
) -> list[asyncpg.Record]:
    """What the rules give one lead now."""
    return list(await sql.fetch(_PARTS, [lead_id], orjson.dumps(rules).decode(), now))


async def closed_score(sql: Sql, lead_id: UUID) -> asyncpg.Record | None:
    """When a closed lead was last scored, and the parts; None: it is open."""
    return await sql.fetchrow(_CLOSED, lead_id)


async def names_of(sql: Sql, rule_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of rules."""
    rows = await sql.fetch(
        "select id, name from score_rule where id = any($1::uuid[])", list(rule_ids)
    )
    return {row["id"]: row["name"] for row in rows}


async def mark_due(sql: Sql, lead_ids: Sequence[UUID]) -> None:
    """Let leads be scored anew by the next pass."""
    await sql.execute(
        f"update lead set scored_at = null where id = any($1::uuid[]) and {_OPEN}",
        list(lead_ids),
    )
