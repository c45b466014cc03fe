"""Leads: taken down once, worked on, given up for a reason, and where they came from."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.storage.connections import driver_url

PATH = "/v1/leads"


@pytest.fixture
async def reason(desk):
    """Code of a reason why leads are given up."""
    made = await desk.add("/v1/lead-reasons", code=desk.word("R"), name="No budget")
    return made["code"]


async def act(crm, lead, verb, body=None):
    """The reply to an act on a lead."""
    return await crm.post(f"{PATH}/{lead['id']}/{verb}", body)


async def listed(crm, **wanted):
    """Ids of the leads that the list answers."""
    reply = await crm.client.get(PATH, params=wanted)
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["items"]]


async def test_a_lead_is_taken_down_with_its_first_touch(crm, desk):
    made = await desk.add(
        PATH,
        name="Wang Fang",
        company="Hangzhou Lamps",
        email="Fang@HANGZHOU-lamps.example",
        phone="138 1234 5678",
        address={"city": "Hangzhou", "country": "CN"},
        consent={"email": "granted"},
        source="fair",
        campaign="Canton 2026",
        medium="stand",
        referrer="Hall 3",
    )
    assert (made["status"], made["reason"], made["phone"]) == ("new", None, "+8613812345678")
    assert made["email"] == "Fang@hangzhou-lamps.example"
    assert (made["source"], made["campaign"]) == ("fair", "Canton 2026")
    assert made["first_touch"] == made["last_touch"]
    assert made["first_touch"]["referrer"] == "Hall 3"
    assert made["consent"] == {"email": "granted", "phone": "unknown"}
    assert (await crm.client.get(f"{PATH}/{made['id']}")).json() == made


async def test_the_same_key_makes_one_lead_and_answers_the_same(crm, problem):
    """C6: a repeat, also ten at once, gets the first reply; another body under the key is a 422."""
    headers, body = {"Idempotency-Key": uuid4().hex}, {"name": f"Once {uuid4().hex}"}
    replies = await asyncio.gather(
        *(crm.client.post(PATH, json=body, headers=headers) for _ in range(10))
    )
    assert {one.status_code for one in replies} == {201}
    assert len({one.content for one in replies}) == 1
    assert await listed(crm, q=body["name"]) == [replies[0].json()["id"]]
    other = await crm.client.post(PATH, json={"name": "Other"}, headers=headers)
    problem(other, 422, "idempotency_key_reused")


async def test_the_same_external_id_makes_one_lead(crm):
    """C6: sent twice, also at once, under the id of another system."""
    key = uuid4().hex
    body = {"source_version": 1, "name": "Sent", "source": "web"}
    replies = await asyncio.gather(
        *(crm.client.put(f"{PATH}/by-external/site/{key}", json=body) for _ in range(10))
    )
    assert sorted(one.status_code for one in replies) == [200] * 9 + [201]
    assert len({one.json()["id"] for one in replies}) == 1
    assert len({one.content for one in replies}) == 1
    assert await listed(crm, external_system="site", external_id=key) == [replies[0].json()["id"]]


async def test_what_is_sent_later_adds_a_touch_and_leaves_the_first(crm):
    """C5: a later source is a touch more; the first one stays."""
    path = f"{PATH}/by-external/site/{uuid4().hex}"
    first = {"source_version": 1, "name": "Sent", "source": "web", "campaign": "May"}
    made = (await crm.client.put(path, json=first)).json()
    same = (await crm.client.put(path, json=first | {"source_version": 2, "title": "CEO"})).json()
    assert same["last_touch"] == made["last_touch"]
    later = (await crm.client.put(path, json=first | {"source_version": 3, "source": "ad"})).json()
    assert (later["source"], later["first_touch"]["source"]) == ("web", "web")
    assert (later["last_touch"]["source"], later["last_touch"]["campaign"]) == ("ad", "May")


async def test_touches_are_listed_the_last_first(crm, desk):
    """C5: also one that lies before the first one does not take its place."""
    made = await desk.add(PATH, name="Lin", source="fair")
    before = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    path = f"{PATH}/{made['id']}/touches"
    reply = await crm.post(path, {"source": "call", "at": before})
    assert reply.status_code == 201, reply.text
    assert reply.json()["first"] is False
    assert (await crm.post(path, {"medium": "mail"})).status_code == 201
    items = (await crm.client.get(path)).json()["items"]
    assert [(one["source"], one["medium"], one["first"]) for one in items] == [
        ("", "mail", False),
        ("fair", "", True),
        ("call", "", False),
    ]
    seen = (await crm.client.get(f"{PATH}/{made['id']}")).json()
    assert (seen["source"], seen["first_touch"]["source"]) == ("fair", "fair")
    assert seen["last_touch"]["medium"] == "mail"


async def test_a_lead_without_a_source_gets_it_by_its_first_touch(crm, desk):
    made = await desk.add(PATH, name="Lin")
    assert (made["source"], made["first_touch"], made["last_touch_at"]) == ("", None, None)
    await crm.post(f"{PATH}/{made['id']}/touches", {"source": "call", "campaign": "May"})
    seen = (await crm.client.get(f"{PATH}/{made['id']}")).json()
    assert (seen["source"], seen["campaign"]) == ("call", "May")
    assert seen["version"] == made["version"] + 1


async def test_a_touch_says_something_and_lies_in_the_past(crm, desk, problem):
    made = await desk.add(PATH, name="Lin")
    path = f"{PATH}/{made['id']}/touches"
    problem(await crm.post(path, {}), 422, "invalid_input")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    refused = problem(await crm.post(path, {"source": "x", "at": later}), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/at"]


async def test_the_database_keeps_touches_as_they_are(crm, desk):
    """C5: whoever writes, also the owner of the tables."""
    made = await desk.add(PATH, name="Lin", source="fair", referrer="Hall 3")
    sql = await asyncpg.connect(driver_url(crm.owner_url))
    try:
        for statement in (
            "update lead_touch set source = 'x' where lead_id = $1",
            "update lead_touch set referrer = 'x' where lead_id = $1",
            "delete from lead_touch where lead_id = $1",
            "update lead set source = 'x' where id = $1",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await sql.execute(statement, made["id"])
    finally:
        await sql.close()


async def test_a_lead_goes_its_way(crm, desk, problem, reason):
    made = await desk.add(PATH, name="Lin")
    for verb, status in (("work", "working"), ("qualify", "qualified"), ("work", "working")):
        assert (await act(crm, made, verb)).json()["status"] == status
    problem(await act(crm, made, "reopen"), 409, "lead_status_fixed")
    gone = (await act(crm, made, "disqualify", {"reason": reason})).json()
    assert (gone["status"], gone["reason"]) == ("disqualified", reason)
    problem(await act(crm, made, "qualify"), 409, "lead_status_fixed")
    assert await listed(crm, reason=reason) == [made["id"]]
    back = (await act(crm, made, "reopen")).json()
    assert (back["status"], back["reason"]) == ("new", None)


async def test_a_lead_is_given_up_for_a_reason_that_is_in_use(crm, desk, problem, reason):
    made = await desk.add(PATH, name="Lin")
    problem(await act(crm, made, "disqualify", {"reason": "none"}), 422, "missing_reference")
    known = (await crm.client.get("/v1/lead-reasons", params={"q": reason})).json()["items"]
    await crm.post(f"/v1/lead-reasons/{known[0]['id']}/archive", None)
    refused = problem(await act(crm, made, "disqualify", {"reason": reason}), 422, "invalid_input")
    assert [one["code"] for one in refused["errors"]] == ["reason_archived"]


async def test_two_reasons_have_two_codes(crm, problem, reason):
    again = {"code": reason, "name": "Again"}
    problem(await crm.post("/v1/lead-reasons", again), 409, "lead_reason_taken")


async def test_the_database_keeps_the_reason_with_the_status(crm, desk):
    made = await desk.add(PATH, name="Lin")
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="disqualified_for_a_reason"):
            await sql.execute("update lead set status = 'disqualified' where id = $1", made["id"])


async def test_each_act_is_published(crm, desk, reason):
    made = await desk.add(PATH, name="Lin", source="fair")
    await act(crm, made, "work")
    await act(crm, made, "disqualify", {"reason": reason})
    await crm.post(f"{PATH}/{made['id']}/touches", {"source": "call"})
    events = [one for one in await crm.feed() if one["subject"] == made["id"]]
    assert {one["type"] for one in events} == {"tandem.crm.lead-changed.v1"}
    assert [one["data"]["changed"] for one in events[1:]] == [
        ["status"],
        ["reason", "status"],
        ["last_touch_at"],
    ]
    assert (events[-1]["data"]["source"], events[-1]["data"]["status"]) == ("fair", "disqualified")


async def test_it_is_found_by_company_number_and_address(crm, desk):
    word = uuid4().hex
    email = f"{word}@mill.example"
    made = await desk.add(PATH, name="Lin", company=f"Mill {word}", phone="1", email=email)
    assert await listed(crm, q=word[:20]) == [made["id"]]
    assert await listed(crm, email=email.upper()) == [made["id"]]


async def test_a_person_is_erased_from_a_lead(crm, desk, problem):
    made = await desk.add(
        PATH, name="Lin", email=f"{uuid4().hex}@x.example", source="web", referrer="lin.example"
    )
    data = (await crm.client.get(f"{PATH}/{made['id']}/personal-data")).json()
    assert data["records"][0]["name"] == "Lin"
    erased = await act(crm, made, "erase")
    assert erased.status_code == 200, erased.text
    seen = (await crm.client.get(f"{PATH}/{made['id']}")).json()
    assert (seen["name"], seen["email"], seen["status"]) == ("[erased]", "", "disqualified")
    assert (seen["source"], seen["first_touch"]["referrer"]) == ("web", "")
    problem(await act(crm, made, "reopen"), 409, "person_erased")
    changed = await desk.change(f"{PATH}/{made['id']}", {"name": "Lin"}, revision=seen["version"])
    problem(changed, 409, "person_erased")


async def test_reading_and_writing_need_their_permissions(crm, problem):
    reader, stranger = await crm.as_("leads.read"), await crm.as_("events.read")
    assert (await reader.get(PATH)).status_code == 200
    problem(await stranger.get(PATH), 403, "forbidden")
    headers = {"Idempotency-Key": uuid4().hex}
    problem(await reader.post(PATH, json={"name": "x"}, headers=headers), 403, "forbidden")
