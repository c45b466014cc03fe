"""My day: what is overdue, due and takes place today, by the user's zone."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.clock import frozen
from crm.activities.service.day import DUE_TODAY as DUE
from crm.activities.service.day import MEETINGS, OVERDUE

PATH = "/v1/my-day"
NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
"""Noon of the 4th in Shanghai, the installation's zone; evening of the 3rd in Los Angeles."""


async def day_of(client, **wanted):
    reply = await client.get(PATH, params=wanted)
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(day):
    return {one["name"]: [row["record_id"] for row in one["rows"]] for one in day["sections"]}


async def test_follow_ups_and_meetings_stand_in_their_sections(diary):
    with frozen(NOW):
        me, client = await diary.person()
        other, _ = await diary.person()
        own = {"owner_id": me}
        late = await diary.add(due_on="2026-03-03", **own)
        later = await diary.add(due_at="2026-03-04T03:00:00Z", **own)
        begun = await diary.add(kind="call", starts_at="2026-03-02T03:00:00Z", **own)
        today = await diary.add(due_on="2026-03-04", priority="high", **own)
        tonight = await diary.add(kind="call", due_at="2026-03-04T10:00:00Z", **own)
        times = {"starts_at": "2026-03-04T06:00:00Z", "ends_at": "2026-03-04T07:00:00Z"}
        meeting = await diary.add(kind="meeting", **times, **own)
        guest = await diary.add(kind="meeting", owner_id=other, user_ids=[me], **times)
        await diary.add(due_on="2026-03-05", **own)
        await diary.add(due_on="2026-03-03", owner_id=other)
        done = await diary.add(due_on="2026-03-03", **own)
        await diary.act(done, "complete")
        day = await day_of(client)
        assert (day["user_id"], day["day"], day["zone"]) == (me, "2026-03-04", "Asia/Shanghai")
        assert ids(day) == {
            "overdue": [begun["id"], late["id"], later["id"]],
            "due_today": [today["id"], tonight["id"]],
            "meetings": [meeting["id"], guest["id"]],
            "new_leads": [],
            "stale_deals": [],
            "approvals": [],
        }
        counted = await day_of(client, rows=0)
        assert [(one["count"], one["rows"]) for one in counted["sections"]] == [
            (0, []),
            (3, []),
            (2, []),
            (2, []),
            (0, []),
            (0, []),
        ]


async def test_today_is_that_of_the_users_zone(diary):
    """C62: in Los Angeles it is still the 3rd; the day by which something is due does not shift."""
    with frozen(NOW):
        me, client = await diary.person()
        third = await diary.add(due_on="2026-03-03", owner_id=me)
        fourth = await diary.add(due_on="2026-03-04", owner_id=me)
        day = await day_of(client, zone="America/Los_Angeles")
        assert (day["day"], ids(day)["due_today"]) == ("2026-03-03", [third["id"]])
        day = await day_of(client)
        assert (day["day"], ids(day)["due_today"]) == ("2026-03-04", [fourth["id"]])
        assert ids(day)["overdue"] == [third["id"]]


async def test_a_day_of_another_needs_reach_and_a_program_names_somebody(diary, desk, problem):
    team = (await desk.add("/v1/teams", name=desk.word("Team")))["id"]
    me, _ = await diary.person(team=team)
    _, colleague = await diary.person(team=team)
    _, stranger = await diary.person()
    assert (await day_of(colleague, user_id=me))["user_id"] == me
    problem(await stranger.get(PATH, params={"user_id": me}), 404, "not_found")
    assert (await day_of(desk.client, user_id=me))["user_id"] == me
    refused = problem(await desk.client.get(PATH), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/query/user_id"
    wrong = await colleague.get(PATH, params={"zone": "Mars/Olympus"})
    assert problem(wrong, 422, "invalid_input")["errors"][0]["pointer"] == "/query/zone"


MANY = """insert into activity (id, version, created_at, updated_at, name, sort_key, kind, state,
    text, priority, outcome, location, channel, system_generated, bulk, owner_id, due_on, done_at)
  select gen_random_uuid(), 1, now(), now(), 'Call', 'call', 'task',
    case when n % 50 = 0 then 'open' else 'done' end, '', 'normal', '', '', '', false, false,
    $1, $2::date - n % 100, case when n % 50 = 0 then null else now() end
  from generate_series(1, 20000) n"""


async def test_no_section_reads_the_table_whole(diary, desk):
    """Each by indexes of open activities, however many were done."""
    me, _ = await diary.person()
    now = datetime.now(UTC)
    values = {OVERDUE: (now.date(), now, now), DUE: (now.date(), now, now), MEETINGS: (now, now)}
    async with diary.crm.database.driver() as sql:
        await sql.execute(
            "insert into staff_member (id, email) values ($1, '') on conflict do nothing", me
        )
        planted = sql.transaction()
        await planted.start()
        await sql.execute(MANY, me, now.date())
        for source, given in values.items():
            rows = await sql.fetch(f"explain select count(*) {source}", UUID(me), *given)
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan on activity" not in plan, plan
        await planted.rollback()
