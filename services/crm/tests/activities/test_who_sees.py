"""C66: whose activities a person sees and changes, in lists, timelines and by id."""

from uuid import uuid4

import pytest

from crm.activities.queries.subjects import subjects

PATH = "/v1/activities"


@pytest.fixture
async def east(diary, desk):
    """A seller of the East with a colleague, and one of the West: ids and clients."""
    teams = [await desk.add("/v1/teams", name=desk.word("Team")) for _ in "ab"]
    ann = await diary.person(team=teams[0]["id"])
    bo = await diary.person("service_agent", team=teams[0]["id"])
    stranger = await diary.person(team=teams[1]["id"])
    return {"ann": ann, "bo": bo, "stranger": stranger, "team": teams[0]["id"]}


async def seen(client, made):
    """How the activity answers: status by id, and whether its list has it."""
    by_id = await client.get(f"{PATH}/{made['id']}")
    listed = await client.get(PATH, params={"limit": 200})
    return by_id.status_code, made["id"] in [one["id"] for one in listed.json()["items"]]


async def test_ones_own_are_seen_and_a_strangers_are_not(diary, east, problem):
    made = await diary.add(owner_id=east["ann"][0])
    assert await seen(east["ann"][1], made) == (200, True)
    assert await seen(east["bo"][1], made) == (200, True)
    assert await seen(east["stranger"][1], made) == (404, False)
    headers = {"Idempotency-Key": str(uuid4())}
    refused = await east["stranger"][1].post(
        f"{PATH}/{made['id']}/complete", json={}, headers=headers
    )
    problem(refused, 404, "not_found")


async def test_who_takes_part_sees_it_and_a_team_sees_its_own(diary, east):
    private = await diary.add(owner_id=east["ann"][0], user_ids=[east["stranger"][0]])
    assert await seen(east["stranger"][1], private) == (200, True)
    teams = await diary.add(owner_id=None, team_id=east["team"])
    assert await seen(east["bo"][1], teams) == (200, True)
    assert await seen(east["stranger"][1], teams) == (404, False)


@pytest.mark.parametrize("many", ["account", "contact", "order"])
async def test_who_sees_the_record_sees_what_is_about_it(diary, desk, east, many):
    """Also where a colleague of elsewhere logged it; to change it is not hers."""
    account = await desk.account(owner_id=east["stranger"][0])
    record = account
    if many == "contact":
        record = await desk.contact(account["id"])
    if many == "order":
        code = (await desk.product())["code"]
        record = await desk.order(account["id"], code)
    made = await diary.add(record_type=many, record_id=record["id"], owner_id=east["ann"][0])
    client = east["stranger"][1]
    assert await seen(client, made) == (200, True)
    assert await seen(east["bo"][1], made) == (200, True)
    unowned = await diary.add(record_type=many, record_id=record["id"], owner_id=None)
    assert await seen(client, unowned) == (200, True)
    assert await seen(east["bo"][1], unowned) == (404, False)
    headers = {"If-Match": '"1"'}
    refused = await client.patch(f"{PATH}/{made['id']}", json={"name": "x"}, headers=headers)
    assert refused.status_code == 403


async def test_a_timeline_leaves_out_what_the_caller_does_not_see(diary, desk, east):
    """Related to a record that she sees, but about one that she does not: not hers to see."""
    hidden = await desk.account(owner_id=east["ann"][0])
    shared = await desk.account(owner_id=east["stranger"][0])
    related = [{"record_type": "account", "record_id": shared["id"]}]
    made = await diary.add(
        record_type="account", record_id=hidden["id"], owner_id=east["ann"][0], related=related
    )
    at = f"/v1/accounts/{shared['id']}"
    every = await diary.timeline(at, kind="activity")
    assert [one["id"] for one in every] == [made["id"]]
    assert await diary.timeline(at, east["stranger"][1], kind="activity") == []
    counted = {"kind": "activity,note", "include_total": "true"}
    reply = await east["stranger"][1].get(f"{at}/timeline", params=counted)
    assert reply.json()["total"]["count"] == 0


async def test_who_may_not_read_activities_sees_none_on_a_timeline(diary, desk):
    account = await desk.account()
    await diary.add(record_type="account", record_id=account["id"])
    client = await diary.crm.as_("accounts.read")
    at = f"/v1/accounts/{account['id']}"
    kinds = {one["kind"] for one in await diary.timeline(at, client)}
    assert kinds >= {"change", "event"}
    assert "activity" not in kinds


async def test_every_type_can_be_asked_whether_it_is_seen(diary, east):
    """The conditions of all types stand in one statement; each casts the value that it is given."""
    assert set(subjects()) >= {"account", "contact", "order", "product"}
    for name in ("ann", "bo", "stranger"):
        assert isinstance(await diary.listed(east[name][1]), list)


async def test_reading_and_writing_need_their_permissions(diary, problem):
    reader, other = await diary.crm.as_("activities.read"), await diary.crm.as_("events.read")
    assert (await reader.get(PATH)).status_code == 200
    problem(await other.get(PATH), 403, "forbidden")
    headers = {"Idempotency-Key": uuid4().hex}
    refused = await reader.post(PATH, json={"kind": "task", "name": "x"}, headers=headers)
    problem(refused, 403, "forbidden")
