"""Conversion, win rates, lost reasons and time of deals, each by one statement."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.conditions import Numbered, all_of
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm.insights.schemas import Closed, ConversionQuery
from crm.insights.states import Dimension
from crm.opportunities.schemas.deals import OpportunityQuery
from crm.opportunities.service.reading import STAGE_PLACE, WEIGHTED_AMOUNT, listed
from crm.sql import Sql

__all__ = [
    "closed_conditions",
    "cycle_days",
    "differing_stage_figures",
    "lost_by_reason",
    "reached_stages",
    "stage_days",
    "won_and_lost",
]

_KEYS: Mapping[Dimension, str] = {
    Dimension.OWNER: "deal.owner_id::text",
    Dimension.TEAM: "deal.team_id::text",
    Dimension.SOURCE: "nullif(deal.source, '')",
    Dimension.PIPELINE: "deal.pipeline_id::text",
    Dimension.PRODUCT: "line.product_id::text",
    Dimension.ACCOUNT: "deal.account_id::text",
    Dimension.QUARTER: "date_trunc('quarter', deal.closes_on)::date::text",
}
_NAMES: Mapping[Dimension, str] = {
    Dimension.OWNER: "(select u.name from local_user u where u.id = key::uuid)",
    Dimension.TEAM: "(select t.name from team t where t.id = key::uuid)",
    Dimension.SOURCE: "key",
    Dimension.PIPELINE: "(select p.name from pipeline p where p.id = key::uuid)",
    Dimension.PRODUCT: "(select p.name from product p where p.id = key::uuid)",
    Dimension.ACCOUNT: "(select a.name from account a where a.id = key::uuid)",
    Dimension.QUARTER: "key",
}
_LINES = """join (select opportunity_id, product_id, sum(net) as net from opportunity_line
    group by 1, 2) line on line.opportunity_id = deal.id"""
_WON_AND_LOST = """with deal as (select * from opportunity{where}), counted as (
    select {key} as key, deal.currency, count(*) filter (where deal.state = 'won') as won,
      count(*) filter (where deal.state = 'lost') as lost,
      coalesce(sum({amount}) filter (where deal.state = 'won'), 0) as amount
    from deal {lines} group by 1, 2)
  select key, coalesce({name}, '') as name, sum(won)::bigint as won, sum(lost)::bigint as lost,
    coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'count', won,
      'amount', amount::text, 'weighted', amount::text) order by currency)
      filter (where won > 0), '[]') as revenue
  from counted group by key order by won desc, lost, key"""
_LOST = """with counted as (
    select lost_reason_id, currency, count(*) as count, coalesce(sum(amount), 0) as amount,
      coalesce(sum({weighted}), 0) as weighted
    from opportunity{where} group by 1, 2)
  select r.id as lost_reason_id, r.code, r.name, r.name_zh, sum(c.count)::bigint as count,
    jsonb_agg(jsonb_build_object('currency', c.currency, 'count', c.count,
      'amount', c.amount::text, 'weighted', c.weighted::text) order by c.currency) as sums
  from counted c join lost_reason r on r.id = c.lost_reason_id
  group by r.id order by count desc, r.code"""
_DAYS = """select count(*) as won, round(avg(closes_on - opened_on), 2) as mean_days,
    round((percentile_cont(0.5) within group (order by closes_on - opened_on))::numeric, 2)
      as median_days,
    round((percentile_cont(0.9) within group (order by closes_on - opened_on))::numeric, 2)
      as p90_days
  from opportunity{where}"""
# One row a deal, with the stages and all that lists are asked by: neither question reads deals or
# their changes. It has the name of the deals' table, because the conditions are those of the list.
_FIGURES = "opportunity_stage_figure opportunity"
_STAGE_DAYS = f"""with spent as materialized (
    select u.stage_id, count(*) as deals,
      percentile_cont(array[0.5, 0.9]) within group (
        order by u.microseconds / 86400e6::double precision) as days
    from {_FIGURES} cross join unnest(stage_ids, microseconds) as u(stage_id, microseconds)
    {{where}} and u.microseconds is not null group by 1)
  select s.id as stage_id, s.code as stage_code, spent.deals,
    round(days[1]::numeric, 2) as median_days, round(days[2]::numeric, 2) as p90_days
  from spent join pipeline_stage s on s.id = spent.stage_id
  where s.kind = 'open' order by s.pipeline_id, s.position, s.id"""
_PIPELINE = "(select p.id from pipeline p where case when {0}::uuid is null then p.is_default"
_PIPELINE += " else p.id = {0}::uuid end)"
_REACHED = f"""with stage as materialized (
    select s.*, {STAGE_PLACE.format("s")} as place from pipeline_stage s
    where s.pipeline_id = {{pipeline}}),
  deal as materialized (
    select stage_ids, state, count(*) as deals
    from {_FIGURES} {{where}} and pipeline_id = {{pipeline}} group by 1, 2),
  furthest as materialized (
    select (select max(s.place) from stage s where s.id = any(deal.stage_ids)) as place, deals
    from deal),
  counts as (
    select coalesce(sum(deals), 0)::bigint as deals,
      coalesce(sum(deals) filter (where state = 'open'), 0)::bigint as open,
      coalesce(sum(deals) filter (where state = 'won'), 0)::bigint as won,
      coalesce(sum(deals) filter (where state = 'lost'), 0)::bigint as lost
    from deal)
  select s.pipeline_id, s.id as stage_id, s.code as stage_code, s.name, s.name_zh, s.kind,
    coalesce((select sum(one.deals) from furthest one where one.place >= s.place), 0)::bigint
      as reached,
    counts.*
  from stage s cross join counts
  where s.kind <> 'lost' and s.status = 'active'
  order by s.kind desc, s.position, s.id"""
_COUNTED_ANEW = """with visit as (
    select c.opportunity_id, c.to_stage_id, c.entered_at,
      lead(c.entered_at) over (partition by c.opportunity_id order by c.revision) as left_at
    from opportunity_stage_change c),
  spent as (
    select opportunity_id, to_stage_id, (sum(extract(epoch from
        greatest(left_at - entered_at, interval '0')))
        filter (where left_at is not null) * 1000000)::bigint as microseconds
    from visit group by 1, 2),
  counted as (
    select opportunity_id, array_agg(to_stage_id order by to_stage_id) as stage_ids,
      array_agg(microseconds order by to_stage_id) as microseconds
    from spent group by opportunity_id)
  select coalesce(c.opportunity_id, f.opportunity_id) as opportunity_id
  from (counted c join opportunity o on o.id = c.opportunity_id)
    full join opportunity_stage_figure f on f.opportunity_id = c.opportunity_id
  where (c.stage_ids, c.microseconds, o.pipeline_id, o.state, o.status, o.owner_id, o.team_id,
      o.opened_on, o.closes_on)
    is distinct from (f.stage_ids, f.microseconds, f.pipeline_id, f.state, f.status, f.owner_id,
      f.team_id, f.opened_on, f.closes_on)"""


def closed_conditions(at: Reading, wanted: Closed, *states: str) -> list[Filter]:
    """The conditions of the closed deals that the list would show."""
    given = {
        "state": ",".join(states),
        "closes_on_gte": wanted.closed_gte,
        "closes_on_lte": wanted.closed_lte,
        "pipeline_id": wanted.pipeline_id,
        "owner_id": wanted.owner_id,
        "team_id": wanted.team_id,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return list(listed(at, OpportunityQuery.model_validate(chosen)))


def _where(numbered: Numbered, conditions: Sequence[Filter]) -> str:
    return all_of([numbered.condition(one) for one in conditions if one.value is not None])


async def won_and_lost(at: Reading, wanted: Closed, by: Dimension) -> Sequence[Mapping[str, Any]]:
    """What was won and lost, by owner, source or the like."""
    numbered = Numbered()
    of_product = by == Dimension.PRODUCT
    sql = _WON_AND_LOST.format(
        where=_where(numbered, closed_conditions(at, wanted, "won", "lost")),
        key=_KEYS[by],
        name=_NAMES[by],
        lines=_LINES if of_product else "",
        amount="line.net" if of_product else "deal.amount",
    )
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]


async def lost_by_reason(at: Reading, wanted: Closed) -> Sequence[Mapping[str, Any]]:
    """What was lost, by reason."""
    numbered = Numbered()
    where = _where(numbered, closed_conditions(at, wanted, "lost"))
    sql = _LOST.format(where=where, weighted=WEIGHTED_AMOUNT)
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]


async def cycle_days(at: Reading, wanted: Closed) -> Mapping[str, Any]:
    """How many days won deals took."""
    numbered = Numbered()
    sql = _DAYS.format(where=_where(numbered, closed_conditions(at, wanted, "won")))
    return dict(await at.sql.fetchrow(sql, *numbered.values) or {})


async def stage_days(at: Reading, wanted: Closed) -> Sequence[Mapping[str, Any]]:
    """How many days closed deals were in each stage."""
    numbered = Numbered()
    sql = _STAGE_DAYS.format(where=_where(numbered, closed_conditions(at, wanted, "won", "lost")))
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]


async def reached_stages(at: Reading, wanted: ConversionQuery) -> Sequence[Mapping[str, Any]]:
    """How many deals that were opened in the days came as far as each stage of the pipeline.

    By default of the default pipeline.
    """
    numbered = Numbered()
    given = {
        "opened_on_gte": wanted.opened_gte,
        "opened_on_lte": wanted.opened_lte,
        "owner_id": wanted.owner_id,
        "team_id": wanted.team_id,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    where = _where(numbered, listed(at, OpportunityQuery.model_validate(chosen)))
    pipeline = _PIPELINE.format(numbered.value(wanted.pipeline_id))
    sql = _REACHED.format(where=where, pipeline=pipeline)
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]


async def differing_stage_figures(sql: Sql) -> Sequence[UUID]:
    """Deals whose stored stages are not what a full count of all changes finds: none."""
    return [row["opportunity_id"] for row in await sql.fetch(_COUNTED_ANEW)]
