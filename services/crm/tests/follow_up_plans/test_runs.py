"""Plans run on records: each step makes one activity, and a run stops when it is to stop."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.clock import frozen
from crm.follow_up_plans.rules.days import due_day, is_weekday
from crm.follow_up_plans.service.runs import follow_up

PLANS, RUNS = "/v1/follow-up-plans", "/v1/follow-up-runs"
WEDNESDAY = datetime(2026, 3, 4, 4, tzinfo=UTC)
DAY = timedelta(days=1)


class Following:
    """Plans and runs of one test."""

    def __init__(self, desk):
        self.desk, self.crm = desk, desk.crm

    async def plan(self, *delays, **facts):
        steps = [{"delay_days": one, "name": f"Step {number}"} for number, one in enumerate(delays)]
        return await self.desk.add(PLANS, **{"name": "After a fair", "steps": steps} | facts)

    async def start(self, plan, record_type, record):
        body = {"plan_id": plan["id"], "record_type": record_type, "record_id": record["id"]}
        return await self.crm.post(RUNS, body)

    async def begun(self, plan, record_type, record):
        reply = await self.start(plan, record_type, record)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def work_off(self):
        async with self.crm.database.transaction() as work:
            await follow_up(work, {})

    async def run(self, run):
        return await self.desk.see(f"{RUNS}/{run['id']}")

    async def made(self, record):
        """Name and day of what was made for a record, in turn."""
        items = (await self.desk.see(f"/v1/activities?record_id={record['id']}"))["items"]
        tasks = [one for one in items if one["kind"] == "task"]
        return sorted((one["name"], one["due_on"]) for one in tasks)


@pytest.fixture
def following(desk):
    return Following(desk)


@pytest.fixture
async def records(desk):
    """A lead, a contact and a deal, each of one owner."""
    user = await desk.user()
    account = await desk.account(owner_id=user["id"])
    return user, {
        "lead": await desk.add("/v1/leads", name="Wang", owner_id=user["id"]),
        "contact": await desk.contact(account["id"]),
        "opportunity": await desk.add("/v1/opportunities", name="Lamps", owner_id=user["id"]),
    }


@pytest.mark.parametrize("record_type", ["lead", "contact", "opportunity"])
async def test_each_step_makes_a_task_on_its_day(following, desk, record_type):
    """For who owns the record then, and no earlier; the last one finishes the run."""
    with frozen(WEDNESDAY):
        user = await desk.user()
        account = await desk.account(owner_id=user["id"])
        record = (
            await desk.contact(account["id"])
            if record_type == "contact"
            else await desk.add(
                {"lead": "/v1/leads", "opportunity": "/v1/opportunities"}[record_type],
                name="Wang",
                owner_id=user["id"],
            )
        )
        run = await following.begun(await following.plan(0, 3), record_type, record)
        assert (run["state"], run["next_on"], run["made"]) == ("running", "2026-03-04", [])
        for _ in range(2):
            await following.work_off()
        assert await following.made(record) == [("Step 0", "2026-03-04")]
    with frozen(WEDNESDAY + 2 * DAY):
        await following.work_off()
        assert len(await following.made(record)) == 1
    with frozen(WEDNESDAY + 3 * DAY):
        await following.work_off()
        seen = await following.run(run)
    assert await following.made(record) == [("Step 0", "2026-03-04"), ("Step 1", "2026-03-07")]
    assert (seen["state"], seen["next_on"], len(seen["made"])) == ("finished", None, 2)
    activity = await desk.see(f"/v1/activities/{seen['made'][0]['activity_id']}")
    assert (activity["owner_id"], activity["state"]) == (user["id"], "open")


async def test_working_days_are_those_of_the_owners_calendar(following, desk):
    """A Friday and a Saturday are no days of work there."""
    hours = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in (1, 2, 3, 4, 7)]
    calendar = await desk.add(
        "/v1/calendars", name=desk.word("Gulf"), zone="Asia/Shanghai", hours=hours
    )
    user = await desk.user(calendar_id=calendar["id"])
    lead = await desk.add("/v1/leads", name="Wang", owner_id=user["id"])
    other = await desk.add("/v1/leads", name="Li")
    steps = [{"delay_days": 2, "working_days": True, "name": "Step 0"}]
    plan = await following.plan(steps=steps)
    with frozen(WEDNESDAY):
        assert (await following.begun(plan, "lead", lead))["next_on"] == "2026-03-08"
        assert (await following.begun(plan, "lead", other))["next_on"] == "2026-03-06"


async def test_sixteen_workers_make_each_step_once(following, records):
    _, found = records
    plan = await following.plan(0, 0, 0)
    runs = [await following.begun(plan, kind, record) for kind, record in found.items()]
    for _ in range(4):
        await asyncio.gather(*(following.work_off() for _ in range(16)))
    for run, record in zip(runs, found.values(), strict=True):
        assert [name for name, _ in await following.made(record)] == ["Step 0", "Step 1", "Step 2"]
        assert (await following.run(run))["state"] == "finished"


async def test_a_worker_that_dies_has_made_nothing(following, records):
    """Activity, note and progress are one transaction; the next worker makes the step, once."""

    class Killed(Exception):
        pass

    _, found = records
    run = await following.begun(await following.plan(0), "lead", found["lead"])

    async def die():
        async with following.crm.database.transaction() as work:
            await follow_up(work, {})
            raise Killed

    with pytest.raises(Killed):
        await die()
    assert await following.made(found["lead"]) == []
    await following.work_off()
    assert len(await following.made(found["lead"])) == 1
    async with following.crm.database.driver() as sql:
        with pytest.raises(asyncpg.UniqueViolationError, match="pk_follow_up_step"):
            await sql.execute(
                """insert into follow_up_step (run_id, step, activity_id, made_at)
                   select run_id, step, activity_id, made_at from follow_up_step
                    where run_id = $1""",
                run["id"],
            )


async def test_a_reply_stops_it(following, desk, records):
    """An inbound call or e-mail since the begin; not for a plan that goes on anyway."""
    _, found = records
    lead = found["lead"]
    about = {"record_type": "lead", "record_id": lead["id"]}
    await desk.add("/v1/activities", kind="call", name="Before", direction="inbound", **about)
    plans = [await following.plan(1), await following.plan(1, stop_on_reply=False)]
    runs = [await following.begun(one, "lead", lead) for one in plans]
    await desk.add("/v1/activities", kind="call", name="We", state="done", **about)
    await following.work_off()
    assert [(await following.run(one))["state"] for one in runs] == ["running", "running"]
    await desk.add("/v1/activities", kind="email", name="Re", direction="inbound", **about)
    await following.work_off()
    seen = [await following.run(one) for one in runs]
    assert [(one["state"], one["stop_reason"]) for one in seen] == [
        ("stopped", "reply"),
        ("running", None),
    ]


async def test_a_stage_stops_it(following, desk, records):
    """A stage of the deal, or a status of the lead, that the plan names."""
    _, found = records
    plan = await following.plan(1, stop_stages=["proposal", "qualified"])
    runs = [await following.begun(plan, one, found[one]) for one in ("lead", "opportunity")]
    await desk.crm.post(f"/v1/leads/{found['lead']['id']}/qualify", None)
    deal = found["opportunity"]
    moved = await desk.client.patch(
        f"/v1/opportunities/{deal['id']}/stage",
        json={"stage": "proposal", "amount": {"amount": "9.00", "currency": "CNY"}},
        headers={"If-Match": f'"{deal["version"]}"'},
    )
    if moved.status_code != 200:
        amount = {"amount": {"amount": "9.00", "currency": "CNY"}}
        await desk.merge(f"/v1/opportunities/{deal['id']}", amount)
        now = await desk.see(f"/v1/opportunities/{deal['id']}")
        moved = await desk.client.patch(
            f"/v1/opportunities/{deal['id']}/stage",
            json={"stage": "proposal"},
            headers={"If-Match": f'"{now["version"]}"'},
        )
    assert moved.status_code == 200, moved.text
    await following.work_off()
    for run in runs:
        seen = await following.run(run)
        assert (seen["state"], seen["stop_reason"]) == ("stopped", "stage")


async def test_closing_stops_it_and_what_is_closed_is_not_followed_up(
    following, desk, records, problem
):
    _, found = records
    plan = await following.plan(0)
    later = await following.plan(1)
    runs = [await following.begun(later, kind, record) for kind, record in found.items()]
    reason = await desk.add("/v1/lead-reasons", code=desk.word("R"), name="No")
    for path, body in (
        (f"/v1/leads/{found['lead']['id']}/disqualify", {"reason": reason["code"]}),
        (f"/v1/contacts/{found['contact']['id']}/archive", None),
        (f"/v1/opportunities/{found['opportunity']['id']}/archive", None),
    ):
        assert (await desk.crm.post(path, body)).is_success
    await following.work_off()
    for run in runs:
        assert (await following.run(run))["stop_reason"] == "closed"
    for kind, record in found.items():
        problem(await following.start(plan, kind, record), 409, "follow_up_record_closed")


async def test_one_plan_runs_on_a_record_once_at_a_time(following, records, problem):
    """Also when two begin it at once; after its end it may run again."""
    _, found = records
    plan = await following.plan(0)
    replies = await asyncio.gather(
        *(following.start(plan, "lead", found["lead"]) for _ in range(5))
    )
    assert sorted(one.status_code for one in replies) == [201, 409, 409, 409, 409]
    problem(await following.start(plan, "lead", found["lead"]), 409, "follow_up_running")
    await following.work_off()
    await following.begun(plan, "lead", found["lead"])


async def test_a_run_keeps_the_steps_that_it_began_with(following, desk, records):
    _, found = records
    plan = await following.plan(0)
    run = await following.begun(plan, "lead", found["lead"])
    await desk.merge(f"{PLANS}/{plan['id']}", {"steps": [{"delay_days": 9, "name": "Other"}]})
    await desk.crm.post(f"{PLANS}/{plan['id']}/archive", None)
    await following.work_off()
    assert [name for name, _ in await following.made(found["lead"])] == ["Step 0"]
    assert (await following.run(run))["steps"][0]["name"] == "Step 0"


async def test_it_is_stopped_by_hand_once(following, records, problem):
    _, found = records
    plan = await following.plan(1)
    run = await following.begun(plan, "lead", found["lead"])
    path = f"{RUNS}/{run['id']}/stop"
    stopped = (await following.crm.post(path, None)).json()
    assert (stopped["state"], stopped["stop_reason"]) == ("stopped", "by_hand")
    problem(await following.crm.post(path, None), 409, "follow_up_run_ended")
    listed = await following.desk.listed(RUNS, record_id=found["lead"]["id"], state="stopped")
    assert listed == [run["id"]]


async def test_what_is_not_there_or_archived_is_refused(following, records, problem):
    _, found = records
    plan = await following.plan(1)
    nobody = {"id": str(uuid4())}
    problem(await following.start(plan, "lead", nobody), 422, "missing_reference")
    problem(await following.start(nobody, "lead", found["lead"]), 422, "missing_reference")
    problem(await following.start(plan, "account", found["lead"]), 422, "invalid_input")
    await following.crm.post(f"{PLANS}/{plan['id']}/archive", None)
    refused = await following.start(plan, "lead", found["lead"])
    problem(refused, 409, "follow_up_plan_archived")


async def test_runs_are_seen_by_who_sees_the_record(following, desk, records, problem):
    """C66: a stranger neither sees nor stops them, and begins none."""
    user, found = records
    plan = await following.plan(1)
    runs = [await following.begun(plan, kind, record) for kind, record in found.items()]

    async def client_of(one):
        login = {"login": one["login"], "password": "correct horse battery"}
        session = await desk.client.post("/v1/sessions", json=login)
        return desk.crm.with_key(session.json()["token"])

    owner, stranger = await client_of(user), await client_of(await desk.user())
    wanted = {"plan_id": plan["id"]}
    seen = (await owner.get(RUNS, params=wanted)).json()["items"]
    assert {one["id"] for one in seen} == {one["id"] for one in runs}
    assert (await stranger.get(RUNS, params=wanted)).json()["items"] == []
    headers = {"Idempotency-Key": uuid4().hex}
    for run in runs:
        problem(await stranger.get(f"{RUNS}/{run['id']}"), 404, "not_found")
        problem(await stranger.post(f"{RUNS}/{run['id']}/stop", headers=headers), 404, "not_found")
    body = {"plan_id": plan["id"], "record_type": "lead", "record_id": found["lead"]["id"]}
    refused = await stranger.post(RUNS, json=body, headers={"Idempotency-Key": uuid4().hex})
    problem(refused, 422, "missing_reference")


def test_days_of_steps():
    """Working days skip what is none; without a delay the first working day counts."""
    friday = date(2026, 3, 6)
    assert due_day(friday, 1, working_days=False, is_working=is_weekday) == date(2026, 3, 7)
    assert due_day(friday, 1, working_days=True, is_working=is_weekday) == date(2026, 3, 9)
    saturday = date(2026, 3, 7)
    assert due_day(saturday, 0, working_days=True, is_working=is_weekday) == date(2026, 3, 9)
    assert due_day(saturday, 1, working_days=True, is_working=is_weekday) == date(2026, 3, 9)
    never = due_day(friday, 2, working_days=True, is_working=lambda _day: False)
    assert never == date(2026, 3, 10)
