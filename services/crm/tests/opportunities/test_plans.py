"""The board of a company that closed many deals reads those that are on it, by their indexes."""

from zoneinfo import ZoneInfo

import asyncpg
import orjson
import pytest

from chassis.storage.connections import driver_url
from chassis.storage.reading import Reading, Setting
from crm.opportunities.queries import board
from crm.opportunities.schemas.deals import BoardQuery
from crm.settings import CrmSettings

MANY = """insert into opportunity (id, version, created_at, updated_at, name, sort_key,
    pipeline_id, stage_id, state, stage_since, currency, amount, probability, forecast_category,
    closes_on, closed_at, source, next_step, note, status)
  select gen_random_uuid(), 1, now() - n * interval '1 minute', now(), 'Deal ' || n, 'deal ' || n,
    s.pipeline_id, s.id, s.kind, now(), 'CNY', 10, s.probability, s.forecast_category,
    '2001-01-01'::date + (n % 3650)::int, case when s.kind = 'won' then now() end, '', '', '',
    'active'
  from generate_series(1, 20000) as n join pipeline p on p.code = 'sales'
  join pipeline_stage s on s.pipeline_id = p.id
    and s.code = case when n % 50 = 0 then 'proposal' else 'won' end"""


class Explained:
    """Reads as the connection does, and keeps the plans of what was asked of opportunities."""

    def __init__(self, sql):
        self.sql, self.plans = sql, []

    async def fetch(self, statement, *arguments):
        if "from opportunity" in statement:
            rows = await self.sql.fetch(f"explain {statement}", *arguments)
            self.plans.append("\n".join(row[0] for row in rows))
        return await self.sql.fetch(statement, *arguments)


@pytest.fixture
async def many(crm):
    """A connection that sees twenty thousand deals, most of them closed long ago."""
    sql = await asyncpg.connect(
        driver_url(crm.owner_url),
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off"},
    )
    for json in ("json", "jsonb"):
        await sql.set_type_codec(
            json, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text"
        )
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute(MANY)
    await sql.execute("analyze opportunity")
    yield sql
    await transaction.rollback()
    await sql.close()


async def test_deals_closed_long_ago_are_not_read(many):
    explained = Explained(many)
    setting = Setting("crm", ZoneInfo("UTC"), "CNY", CrmSettings(region="CN"))
    at = Reading(explained, pytest.fail, setting=setting)
    seen = {one.stage_code: one.count for one in (await board.read(at, BoardQuery())).columns}
    assert seen["proposal"] >= 400
    assert seen["won"] < 400
    assert len(explained.plans) == 2
    for plan in explained.plans:
        assert "Seq Scan on opportunity" not in plan, plan
