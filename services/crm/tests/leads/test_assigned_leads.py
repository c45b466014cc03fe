"""C16 to C18 for leads: captured ones are assigned by rules, each once, and with reasons."""

import asyncio
from base64 import b64encode
from collections import Counter
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.worker.jobs import Worker
from crm.app import SERVICE
from crm.assignment.service import deciding

PATH, RULES = "/v1/leads", "/v1/assignment-rules"


class Inbox:
    """Leads of one test: the rules ask for a source that nobody else has."""

    def __init__(self, desk):
        self.desk, self.source = desk, desk.word("Fair")

    async def rule(self, users=(), **values):
        condition = {"fact": "source", "operator": "equals", "values": [self.source]}
        usual = {
            "name": self.desk.word("Rule"),
            "subject_type": "lead",
            "position": 1,
            "conditions": [condition],
            "user_ids": [one["id"] for one in users],
        }
        return await self.desk.add(RULES, **usual | values)

    async def leads(self, count, **facts):
        usual = {"name": "Wang Fang", "source": self.source}
        return [(await self.desk.add(PATH, **usual | facts))["id"] for _ in range(count)]

    async def decide(self):
        async with self.desk.crm.database.transaction() as work:
            await deciding.decide_waiting(work, {"subject_type": "lead"})

    async def owners(self, ids):
        rows = await self.desk.rows(
            "select id, owner_id from lead where id = any($1::uuid[])", [UUID(one) for one in ids]
        )
        found = {str(row["id"]): row["owner_id"] and str(row["owner_id"]) for row in rows}
        return [found[one] for one in ids]

    async def waiting(self, lead):
        seen = await self.desk.see(f"/v1/assignment-queue?subject_id={lead}")
        return [one["reason"] for one in seen["items"]]

    async def decision(self, lead):
        seen = await self.desk.see(f"/v1/assignment-decisions?subject_id={lead}")
        [found] = seen["items"]
        return found


@pytest.fixture
async def inbox(desk):
    """The rules of other tests are put aside."""
    for rule in (await desk.see(f"{RULES}?status=active&subject_type=lead&limit=200"))["items"]:
        await desk.crm.post(f"{RULES}/{rule['id']}/archive", None)
    return Inbox(desk)


async def test_sixteen_workers_at_once(inbox, desk):
    """C16: the counts differ by at most 1, and each lead is decided once."""
    users = [await desk.user() for _ in range(3)]
    await inbox.rule(users)
    ids = []
    for _ in range(4):
        ids += await inbox.leads(5)
        await asyncio.gather(*(inbox.decide() for _ in range(16)))
    counts = Counter(await inbox.owners(ids))
    assert set(counts) == {one["id"] for one in users}
    assert max(counts.values()) - min(counts.values()) <= 1
    rows = await desk.rows(
        "select count(*) as n from assignment_decision where subject_id = any($1::uuid[])",
        [UUID(one) for one in ids],
    )
    assert rows[0]["n"] == len(ids)


async def test_nothing_waits_where_there_is_no_rule(inbox):
    """Who keeps no rules takes leads up by hand, and the queue stays empty."""
    [lead] = await inbox.leads(1)
    assert await inbox.waiting(lead) == []


async def test_a_lead_taken_down_by_hand_or_with_an_owner_is_not_assigned(inbox, desk):
    user = await desk.user()
    await inbox.rule([user])
    login = {"login": user["login"], "password": "correct horse battery"}
    session = await desk.client.post("/v1/sessions", json=login)
    seller = desk.crm.with_key(session.json()["token"])
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"name": "By hand", "source": inbox.source}
    made = await seller.post(PATH, json=body, headers=headers)
    assert made.status_code == 201, made.text
    [owned] = await inbox.leads(1, owner_id=user["id"])
    for lead in (made.json()["id"], owned):
        assert await inbox.waiting(lead) == []


async def test_a_lead_of_a_file_or_a_form_is_assigned_by_the_worker(inbox, desk):
    """C17 and C18: without anybody asking for it, right after the commit."""
    user = await desk.user()
    await inbox.rule([user])
    word = desk.word("row")
    content = f"external_id,name,source\n{word},{word},{inbox.source}\n".encode()
    made = await desk.add(
        "/v1/imports",
        record_type="lead",
        system="legacy",
        file_name="list.csv",
        content=b64encode(content).decode(),
        options={},
    )
    run = await desk.crm.post(f"/v1/imports/{made['id']}/run", {})
    assert run.is_success, run.text
    inputs = [{"input": "name", "required": True}, {"input": "email"}]
    code = f"f{uuid4().hex}"
    await desk.add(
        "/v1/lead-forms", code=code, name="Ask", inputs=inputs, source=inbox.source, min_seconds=0
    )
    visitor = desk.crm.with_key("")
    stamp = (await visitor.get(f"/v1/open-forms/{code}")).json()["stamp"]
    body = {"stamp": stamp, "name": word, "email": f"{word}@mill.example"}
    assert (await visitor.post(f"/v1/open-forms/{code}/submit", json=body)).status_code == 202
    worker = Worker(desk.crm.database, handlers=SERVICE.jobs)
    for _ in range(6):
        await worker.once()
    rows = await desk.rows("select owner_id from lead where name = $1", word)
    assert [str(row["owner_id"]) for row in rows] == [user["id"]] * 2


async def test_a_lead_that_nobody_may_have_waits(inbox, desk):
    """C17: until somebody has room; the oldest first."""
    user = await desk.user(capacity=1)
    await inbox.rule([user])
    first, second = await inbox.leads(2)
    await inbox.decide()
    assert await inbox.owners([first, second]) == [user["id"], None]
    assert await inbox.waiting(second) == ["nobody_eligible"]
    reason = await desk.add("/v1/lead-reasons", code=desk.word("R"), name="No budget")
    given_up = {"reason": reason["code"]}
    await desk.crm.post(f"{PATH}/{first}/disqualify", given_up)
    await inbox.decide()
    assert await inbox.owners([second]) == [user["id"]]


async def test_the_decision_keeps_what_the_rules_saw_and_nothing_of_the_person(inbox, desk):
    """C18: and asking again, also for one that lost its owner, changes nothing."""
    user = await desk.user()
    rule = await inbox.rule([user])
    [lead] = await inbox.leads(
        1, campaign="Spring", medium="stand", address={"country": "CN", "city": "Ningbo"}
    )
    await inbox.decide()
    decision = await inbox.decision(lead)
    assert (decision["rule_id"], decision["user_id"]) == (rule["id"], user["id"])
    assert decision["facts"] == {
        "campaign": "Spring",
        "country": "CN",
        "language": "",
        "medium": "stand",
        "source": inbox.source,
        "status": "new",
        "team": "",
    }
    await desk.merge(f"{PATH}/{lead}", {"owner_id": None})
    asked = await desk.crm.post("/v1/assignment-requests", {"subject_type": "lead", "ids": [lead]})
    assert asked.json() == {"waiting": 0}
    await inbox.decide()
    assert await inbox.owners([lead]) == [None]


async def test_who_would_get_this_lead_and_why(inbox, desk):
    """C18: the tester names the rule, its conditions and the users; nothing changes."""
    full, free = await desk.user(capacity=0), await desk.user()
    rule = await inbox.rule([full, free])
    for _ in range(2):
        facts = {"source": inbox.source.lower(), "country": "DE"}
        reply = await desk.client.post(
            f"{RULES}/try", json={"subject_type": "lead", "facts": facts}
        )
        seen = reply.json()
        assert (seen["user_id"], seen["rule_id"]) == (free["id"], rule["id"])
        reasons = {one["user_id"]: one["reason"] for one in seen["candidates"]}
        assert reasons == {full["id"]: "at_capacity", free["id"]: None}


async def test_the_database_lets_no_disabled_user_own_open_leads(inbox, desk):
    user, disabled = await desk.user(), await desk.user()
    [lead] = await inbox.leads(1, owner_id=user["id"])
    await desk.crm.post(f"/v1/users/{disabled['id']}/disable", None)
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="owns open leads"):
            await sql.execute("update local_user set active = false where id = $1", user["id"])
        with pytest.raises(asyncpg.CheckViolationError, match="is disabled"):
            await sql.execute("update lead set owner_id = $2 where id = $1", lead, disabled["id"])
