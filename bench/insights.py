"""Forecasts and figures over many deals: `python -m bench.insights [deals] [activities]`.

Makes so many deals (100,000 by default) over three years, each with the stages that it went
through, and so many activities on them (1,000,000), the same ones each time. Compares the stored
figures with a full count, starts the CRM and asks for the forecast of a quarter and for each of the
figures of a year, over HTTP. Prints p50 and p95 of the whole request; the goal is a p95 of 200 ms.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import make_url

from bench.listing import PEOPLE, measure, person
from bench.machine import load_average
from bench.place import Place
from chassis.storage.connections import SESSION
from crm.app import SERVICE as CRM
from crm.insights.queries.deals import differing_stage_figures
from crm.insights.queries.touches import count_touches, differing_touches
from crm.insights.service.next_touches import days_counted

_CODES = "array['qualification', 'needs_analysis', 'proposal', 'negotiation', 'won', 'lost']"
_DEALS = f"""insert into opportunity (id, version, created_at, updated_at, name, sort_key,
    pipeline_id, stage_id, state, stage_since, currency, amount, probability, forecast_category,
    opened_on, closes_on, closed_at, owner_id, lost_reason_id, source, next_step, note, status)
  select md5('deal ' || n)::uuid, 4, opened, now(), 'Deal ' || n, 'deal ' || n, s.pipeline_id, s.id,
    s.kind, opened, 'CNY', n % 9973 + 0.25, s.probability, s.forecast_category, opened::date,
    opened::date + 20 + (n % 90)::integer, case when s.kind <> 'open' then opened end,
    ($2::uuid[])[n % cardinality($2::uuid[]) + 1],
    case when s.kind = 'lost' then (select id from lost_reason where code = 'price') end,
    (array['fair', 'site', 'referral', ''])[n % 4 + 1], '', '', 'active'
  from (select n, $3::date + make_interval(days => (n % 1095)::integer) as opened
    from generate_series(1, $1::bigint) as n) made
  join pipeline_stage s on s.code = ({_CODES})[n % 6 + 1]"""
_CHANGES = """insert into opportunity_stage_change (id, opportunity_id, revision, from_stage_id,
    to_stage_id, entered_at, by, amount, currency, probability, forecast_category, closes_on)
  select gen_random_uuid(), o.id, s.position, null, s.id,
    o.opened_on + s.position * interval '5 days', 'system:bench', o.amount, 'CNY', s.probability,
    s.forecast_category, o.closes_on
  from opportunity o join pipeline_stage here on here.id = o.stage_id
    join pipeline_stage s on s.pipeline_id = o.pipeline_id and (s.id = here.id
      or s.kind = 'open' and (s.position < here.position or here.kind <> 'open'))"""
_ACTIVITIES = """insert into activity (id, version, created_at, updated_at, name, sort_key, kind,
    state, text, priority, outcome, location, channel, system_generated, bulk, owner_id,
    record_type, record_id, direction, starts_at, done_at)
  select gen_random_uuid(), 1, t, t, 'Call', 'call',
    case when (k + h) % 3 = 0 then 'call' else 'email' end, 'done', '', 'normal', '', '', '',
    h % 11 = 0, false, owner_id, 'opportunity', id,
    case when (k + h) % 4 = 0 then 'inbound' else 'outbound' end, t, t
  from (select o.id, o.owner_id, k, h, o.opened_on + k * (1 + h % 4) * interval '1 day' as t
    from (select id, owner_id, opened_on,
        ('x' || left(md5(id::text), 4))::bit(16)::integer as h from opportunity) o,
      generate_series(1, $1::integer) k) made"""
# What the triggers would keep beside these rows.
_STAGE_FIGURES = """insert into opportunity_stage_figure (opportunity_id, stage_ids, microseconds,
    pipeline_id, state, status, owner_id, team_id, opened_on, closes_on)
  select o.id, array_agg(to_stage_id order by to_stage_id),
    array_agg((extract(epoch from left_at - entered_at) * 1000000)::bigint order by to_stage_id),
    pipeline_id, state, status, owner_id, team_id, opened_on, o.closes_on
  from opportunity o join (
    select *, lead(entered_at) over (partition by opportunity_id order by revision) as left_at
    from opportunity_stage_change) visit on visit.opportunity_id = o.id group by o.id"""
_TOUCHES = """insert into opportunity_touch (opportunity_id, activity_id, channel, outbound,
    touched_at)
  select record_id, id, kind, direction = 'outbound', timeline_at
  from activity where not system_generated"""
_NAMED = """insert into activity_record (record_type, record_id, activity_id)
  select record_type, record_id, id from activity"""
_FILLED = (
    *("opportunity", "opportunity_stage_change", "opportunity_stage_figure"),
    *("activity", "activity_record", "opportunity_touch"),
)
_YEAR = "closed_gte=2026-01-01&closed_lte=2026-12-31"
ASKED = {
    "forecast of a quarter": "/v1/forecast?first_day=2026-07-01&last_day=2026-09-30&by=owner",
    "conversion of a year": "/v1/insights/conversion?opened_gte=2026-01-01&opened_lte=2026-12-31",
    "win rates of a year": f"/v1/insights/win-rates?by=source&{_YEAR}",
    "lost reasons of a year": f"/v1/insights/lost-reasons?{_YEAR}",
    "velocity of a year": f"/v1/insights/velocity?{_YEAR}",
    "follow-ups of a year": f"/v1/insights/follow-ups?days=14&{_YEAR}",
    "next touches": "/v1/insights/next-touches?limit=50",
}


async def _fill(place: Place, url: str, deals: int, activities: int, people: list[str]) -> None:
    admin = make_url(place.cluster.admin_url).set(database=make_url(url).database)
    settings = SESSION | {"search_path": "public", "maintenance_work_mem": "1GB"}
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False), server_settings=settings, command_timeout=3600
    )
    try:
        # What triggers do for each row is done for all rows at once; texts are not searched here.
        await sql.execute("set session_replication_role = replica")
        await sql.execute(_DEALS, deals, people, datetime(2024, 1, 1, tzinfo=UTC).date())
        await sql.execute(_CHANGES)
        await sql.execute(_ACTIVITIES, max(1, activities // deals))
        for statement in (_NAMED, _STAGE_FIGURES, _TOUCHES):
            await sql.execute(statement)
        for table in _FILLED:
            await sql.execute(f"vacuum analyze {table}")
        await sql.execute("set session_replication_role = origin")
        await _compare(sql)
        began, now = time.perf_counter(), datetime.now(UTC)
        async with sql.transaction():
            await count_touches(sql, "Asia/Shanghai", days_counted(now.date()), now)
        print(f"touches counted in {time.perf_counter() - began:.1f} s", flush=True)
        await sql.execute("vacuum analyze touch_figure")
    finally:
        await sql.close()


async def _compare(sql: Any) -> None:
    """See to it that what is stored is what a full count finds."""
    began = time.perf_counter()
    differing = [*await differing_stage_figures(sql), *await differing_touches(sql)]
    took = time.perf_counter() - began
    print(f"stored figures that differ from a full count ({took:.1f} s): {len(differing)}")
    if differing:
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Fill, ask and print."""
    numbers = [int(one) for one in arguments if one.isdigit()]
    deals = numbers[0] if numbers else 100_000
    activities = numbers[1] if numbers[1:] else 10 * deals
    with Place.open() as place:
        urls = place.database(CRM)
        with place.serving(CRM, urls) as crm:
            team = crm.call("POST", "/v1/teams", {"name": "East"})["id"]
            people = [person(crm, "seller", team) for _ in range(PEOPLE)]
            asyncio.run(_fill(place, urls.owner, deals, activities, [one for one, _ in people]))
            print(f"\n{deals:,} deals, {activities:,} activities; load {load_average():.1f}\n")
            print("| sees | question | found | p50 ms | p95 ms | database CPU ms |")
            print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
            asyncio.run(measure(place, crm, "all", crm.key, ASKED.items()))
            asyncio.run(measure(place, crm, "own", people[3][1], ASKED.items()))
        print(f"\nload average {load_average():.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
