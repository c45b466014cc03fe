"""My day: new leads with their age, and deals with which nothing has happened for too long."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.clock import frozen
from crm.leads.service.day import NEW_LEADS
from crm.opportunities.service.day import STALE_DEALS

NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
DAY = timedelta(days=1)


async def person(desk):
    user = await desk.user()
    login = {"login": user["login"], "password": "correct horse battery"}
    reply = await desk.client.post("/v1/sessions", json=login)
    return user["id"], desk.crm.with_key(reply.json()["token"])


async def section(client, name, **wanted):
    reply = await client.get("/v1/my-day", params=wanted)
    assert reply.status_code == 200, reply.text
    [found] = [one for one in reply.json()["sections"] if one["name"] == name]
    return found["count"], [(one["record_id"], one["age_days"]) for one in found["rows"]]


async def test_new_leads_stand_there_with_their_age(desk):
    """Until somebody works on them; the one that waits longest comes first."""
    made = {}
    with frozen(NOW - 5 * DAY):
        me, _ = await person(desk)
        made[5] = (await desk.add("/v1/leads", name="Old", owner_id=me))["id"]
    with frozen(NOW - DAY):
        made[1] = (await desk.add("/v1/leads", name="Young", owner_id=me))["id"]
        begun = await desk.add("/v1/leads", name="Begun", owner_id=me)
        await desk.crm.post(f"/v1/leads/{begun['id']}/work", None)
        await desk.add("/v1/leads", name="Nobody's")
    with frozen(NOW):
        assert await section(desk.client, "new_leads", user_id=me) == (
            2,
            [(made[5], 5), (made[1], 1)],
        )
        assert await section(desk.client, "new_leads", user_id=me, rows=1) == (2, [(made[5], 5)])


async def test_a_deal_is_stale_until_something_happens(desk):
    """Each stage says after how many days; what a program did does not count."""
    pipeline = await desk.add("/v1/pipelines", code=desk.word("way"), name="Way")
    stages = ((7, "open", 10), (None, "open", 20), (None, "won", 30), (None, "lost", 40))
    codes = []
    for number, (days, kind, position) in enumerate(stages):
        codes.append(f"s{number}")
        facts = {"kind": kind, "position": position, "stale_after_days": days}
        if kind == "open":
            facts["probability"] = 10
        await desk.add(
            "/v1/pipeline-stages", pipeline_id=pipeline["id"], code=codes[-1], name="S", **facts
        )
    with frozen(NOW - 20 * DAY):
        me, _ = await person(desk)
        deals = [
            (
                await desk.add(
                    "/v1/opportunities",
                    name=f"Deal {number}",
                    owner_id=me,
                    pipeline=pipeline["code"],
                    stage=stage,
                )
            )["id"]
            for number, stage in enumerate([codes[0]] * 3 + [codes[1]])
        ]
    touched = {"kind": "call", "name": "Call", "state": "done", "record_type": "opportunity"}
    with frozen(NOW - 8 * DAY):
        await desk.add("/v1/activities", record_id=deals[1], **touched)
    with frozen(NOW - DAY):
        await desk.add("/v1/activities", record_id=deals[2], **touched)
        await desk.add("/v1/activities", record_id=deals[0], system_generated=True, **touched)
    with frozen(NOW):
        found = await section(desk.client, "stale_deals", user_id=me)
        assert found == (2, [(deals[0], 20), (deals[1], 8)])


LEADS = """insert into lead (id, version, created_at, updated_at, name, sort_key, status, owner_id,
    email, email_key, phone_raw, phone_e164, phone_digits, company, title, note, address, language,
    source, campaign, consent_email, consent_phone, reason)
  select gen_random_uuid(), 1, now(), now(), 'Lead', 'lead',
    case when n % 50 = 0 then 'new' else 'disqualified' end, $1,
    '', '', '', '', '', '', '', '', '{}', '', '', '', 'unknown', 'unknown',
    case when n % 50 <> 0 then (select code from lead_reason order by code limit 1) end
  from generate_series(1, 20000) n"""
DEALS = """insert into opportunity (id, version, created_at, updated_at, name, sort_key, status,
    pipeline_id, stage_id, state, stage_since, currency, probability, forecast_category, owner_id,
    source, next_step, note)
  select gen_random_uuid(), 1, now(), now(), 'Deal', 'deal',
    case when n % 50 = 0 then 'active' else 'archived' end, s.pipeline_id, s.id, s.kind,
    now() - interval '1 year', 'CNY', s.probability, s.forecast_category, $1,
    '', '', ''
  from generate_series(1, 20000) n,
    (select * from pipeline_stage where kind = 'open' limit 1) s"""


async def test_no_section_reads_a_table_whole(desk):
    """Each by the index of what is open, however much was closed."""
    me, _ = await person(desk)
    await desk.add("/v1/lead-reasons", code=desk.word("no"), name="No")
    async with desk.crm.database.driver() as sql:
        await sql.execute(
            "insert into staff_member (id, email) values ($1, '') on conflict do nothing", me
        )
        planted = sql.transaction()
        await planted.start()
        for table, rows, source in (
            ("lead", LEADS, NEW_LEADS),
            ("opportunity", DEALS, STALE_DEALS),
        ):
            await sql.execute(rows, me)
            plan = "\n".join(
                row[0]
                for row in await sql.fetch(
                    f"explain select count(*) {source}", UUID(me), datetime.now(UTC)
                )
            )
            assert f"Seq Scan on {table}" not in plan, plan
        await planted.rollback()
