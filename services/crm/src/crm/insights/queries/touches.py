"""Touches in the first days of deals: counted over closed ones, and due on open ones (C30)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chassis.storage.conditions import Numbered
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach
from crm.insights.schemas import NextTouchQuery
from crm.opportunities.schemas.deals import OpportunityQuery
from crm.opportunities.service.reading import listed
from crm.sql import Sql

__all__ = ["count_touches", "counted_at", "differing_touches", "due_touches", "figures"]

_CHANNELS = "unnest(array['call', 'meeting', 'email']) as c(channel)"
_COUNTED = f"""with deal as (
    select id, pipeline_id, owner_id, team_id, state = 'won' as won,
      closes_on - opened_on as open_days, opened_on::timestamp at time zone $1 as begin
    from opportunity where state in ('won', 'lost') and status = 'active'
      and closes_on >= $2::date and closes_on <= $3::date and closes_on - opened_on > 7),
  touch as (
    select deal.id, t.channel,
      floor(extract(epoch from t.touched_at - deal.begin) / 86400)::integer as day,
      row_number() over (
        partition by deal.id, t.channel order by t.touched_at, t.activity_id) as number
    from deal join opportunity_touch t on t.opportunity_id = deal.id and t.outbound
        and t.touched_at >= deal.begin and t.touched_at < deal.begin + interval '30 days'),
  touched as (
    select id, channel, days, least(count(*), 5)::smallint as touches
    from touch join unnest(array[7, 14, 30]) as w(days) on touch.day < w.days group by 1, 2, 3),
  counted as (
    select deal.pipeline_id, deal.owner_id, deal.team_id, c.channel, w.days,
      coalesce(t.touches, 0) as touches, count(*) as deals,
      count(*) filter (where deal.won) as won
    from deal cross join {_CHANNELS}
      join unnest(array[7, 14, 30]) as w(days) on deal.open_days > w.days
      left join touched t on (t.id, t.channel, t.days) = (deal.id, c.channel, w.days)
    group by 1, 2, 3, 4, 5, 6),
  timed as (
    select deal.pipeline_id, deal.owner_id, deal.team_id, touch.channel, w.days,
      touch.number::smallint as touches, sum(touch.day) as day_sum, count(*) as day_count
    from touch join deal on deal.id = touch.id and deal.won
      join unnest(array[7, 14, 30]) as w(days) on touch.day < w.days and deal.open_days > w.days
    where touch.number <= 5 group by 1, 2, 3, 4, 5, 6)
  select pipeline_id, owner_id, team_id, channel, days::smallint, touches,
    sum(deals)::bigint as deals, sum(won)::bigint as won, sum(day_sum)::bigint as day_sum,
    sum(day_count)::bigint as day_count
  from (select *, 0 as day_sum, 0 as day_count from counted
    union all select pipeline_id, owner_id, team_id, channel, days, touches, 0, 0, day_sum,
      day_count from timed) both_parts
  group by 1, 2, 3, 4, 5, 6"""
_COUNTED_ANEW = """with counted as (
    select r.record_id as opportunity_id, a.id as activity_id, a.kind as channel,
      a.kind = 'meeting' or a.direction = 'outbound' as outbound, a.timeline_at as touched_at
    from activity_record r join activity a on a.id = r.activity_id
    where r.record_type = 'opportunity' and a.state = 'done'
      and a.kind in ('call', 'meeting', 'email') and not a.system_generated and not a.bulk)
  (table counted except select opportunity_id, activity_id, channel, outbound, touched_at
    from opportunity_touch)
  union all (select opportunity_id, activity_id, channel, outbound, touched_at
    from opportunity_touch except table counted)"""
_KEEP = f"""insert into touch_figure (id, pipeline_id, owner_id, team_id, channel, days, touches,
    deals, won, day_sum, day_count, counted_at)
  select gen_random_uuid(), *, $4::timestamptz from ({_COUNTED}) found"""
_DUE = f"""with base as materialized (
    select pipeline_id, channel, days, touches, sum(deals) as deals, sum(won) as won,
      sum(day_sum) as day_sum, sum(day_count) as day_count
    from touch_figure{{seen}} group by 1, 2, 3, 4),
  gain as materialized (
    select now.pipeline_id, now.channel, now.days, now.touches, now.deals, now.won,
      more.deals as next_deals, more.won as next_won,
      round(more.won::numeric / more.deals - now.won::numeric / now.deals, 4) as gain,
      ceil(more.day_sum::numeric / more.day_count)::integer as day
    from base now join base more on (more.pipeline_id, more.channel, more.days, more.touches)
        = (now.pipeline_id, now.channel, now.days, now.touches + 1)
    where now.deals >= {{fewest}} and more.deals >= {{fewest}} and more.day_count > 0
      and {{channel}}),
  deal as materialized (
    select id, name, account_id, pipeline_id, stage_id, owner_id, team_id, opened_on,
      {{today}}::date - opened_on as age_days,
      case when {{today}}::date - opened_on < 7 then 7
        when {{today}}::date - opened_on < 14 then 14 else 30 end as days,
      opened_on::timestamp at time zone {{zone}} as begin
    from opportunity where {{where}}
      and opened_on > {{today}}::date - 30 and opened_on <= {{today}}::date),
  touched as (
    select deal.id, t.channel, t.touches, t.inbound
    from deal cross join lateral (
      select t.channel, count(*) filter (where t.outbound) as touches,
        count(*) filter (where not t.outbound) as inbound
      from opportunity_touch t
      where t.opportunity_id = deal.id and t.touched_at >= deal.begin group by 1) t),
  due as (
    select distinct on (deal.id) deal.*, gain.channel, gain.touches, gain.deals, gain.won,
      gain.next_deals, gain.next_won, gain.gain, deal.opened_on + gain.day as due_on,
      coalesce((select sum(t.inbound) from touched t where t.id = deal.id), 0)::bigint as inbound
    from deal cross join {_CHANNELS}
      left join touched on (touched.id, touched.channel) = (deal.id, c.channel)
      join gain on (gain.pipeline_id, gain.channel, gain.days, gain.touches)
        = (deal.pipeline_id, c.channel, deal.days, coalesce(touched.touches, 0))
    where gain.gain > 0 and gain.day <= deal.age_days
    order by deal.id, gain.gain desc, gain.channel)
  select *, count(*) over () as found from due order by gain desc, due_on, id
  limit {{limit}} offset {{offset}}"""


async def counted_at(sql: Sql) -> datetime | None:
    """When closed deals were counted last; None: never, or none was closed."""
    found: datetime | None = await sql.fetchval("select max(counted_at) from touch_figure")
    return found


async def count_touches(sql: Sql, zone: str, days: tuple[date, date], now: datetime) -> None:
    """Count all deals that closed on these days anew, and keep what is found."""
    await sql.execute("delete from touch_figure")
    await sql.execute(_KEEP, zone, *days, now)


async def differing_touches(sql: Sql) -> Sequence[Mapping[str, Any]]:
    """Stored touches that a full count of all activities does not find, and the other way: none."""
    return [dict(row) for row in await sql.fetch(_COUNTED_ANEW)]


async def figures(sql: Sql, zone: str, days: tuple[date, date]) -> Sequence[Mapping[str, Any]]:
    """What `count_touches` would keep."""
    return [dict(row) for row in await sql.fetch(_COUNTED, zone, *days)]


async def due_touches(at: Reading, wanted: NextTouchQuery) -> Sequence[Mapping[str, Any]]:
    """Open deals, younger than 30 days, with the channel whose next touch has most association.

    Those that the list would show; counted over the closed deals that the actor may see.
    """
    numbered = Numbered()
    asked = {"state": "open", "pipeline_id": wanted.pipeline_id}
    asked |= {"owner_id": wanted.owner_id, "team_id": wanted.team_id}
    chosen = {name: value for name, value in asked.items() if value is not None}
    open_deals = listed(at, OpportunityQuery.model_validate(chosen))
    seen = reach.of_owner_and_team(at, "read", table="touch_figure")
    channel = Filter("now.channel = {}", wanted.channel)
    sql = _DUE.format(
        seen=" where true" + "".join(f" and {numbered.condition(one)}" for one in seen),
        where=" and ".join(numbered.condition(one) for one in open_deals if one.value is not None),
        channel=numbered.condition(channel) if wanted.channel else "true",
        fewest=numbered.value(wanted.min_deals),
        today=numbered.value(at.today()),
        zone=numbered.value(str(at.setting.zone)),
        limit=numbered.value(wanted.limit),
        offset=numbered.value(wanted.offset),
    )
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]
