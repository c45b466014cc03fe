"""Everything open of a user goes to others; a disabled user owns nothing open."""

import asyncio
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/hand-overs"


@pytest.fixture
def leaving(desk):
    """A user with so many accounts."""

    async def make(count):
        user = await desk.user()
        return user, [(await desk.account(owner_id=user["id"]))["id"] for _ in range(count)]

    return make


async def owners(desk, accounts):
    return [(await desk.see(f"/v1/accounts/{one}"))["owner_id"] for one in accounts]


async def handed_over(desk, user, **to):
    reply = await desk.crm.post(PATH, {"from_user_id": user["id"]} | to)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def test_all_goes_to_one(desk, leaving):
    user, accounts = await leaving(3)
    other = await desk.user()
    report = await handed_over(desk, user, to_user_ids=[other["id"]])
    assert report["moved"] == [{"type": "account", "count": 3}]
    assert await owners(desk, accounts) == [other["id"]] * 3
    assert (await desk.see(f"{PATH}/{report['id']}")).items() >= report.items()
    assert await desk.listed(PATH, from_user_id=user["id"]) == [report["id"]]


async def test_it_is_spread_evenly(desk, leaving):
    user, accounts = await leaving(5)
    others = [await desk.user() for _ in range(2)]
    report = await handed_over(desk, user, to_user_ids=[one["id"] for one in others])
    counts = Counter(await owners(desk, accounts))
    assert sorted(counts.values()) == [2, 3]
    assert {one["user_id"]: one["moved"][0]["count"] for one in report["takers"]} == counts


async def test_a_team_takes_it(desk, leaving):
    """Its active members but the one who leaves."""
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    user, accounts = await leaving(4)
    await desk.merge(f"/v1/users/{user['id']}", {"team_id": team["id"]})
    members = [await desk.user(team_id=team["id"]) for _ in range(3)]
    await desk.crm.post(f"/v1/users/{members[2]['id']}/disable", None)
    await handed_over(desk, user, to_team_id=team["id"])
    counts = Counter(await owners(desk, accounts))
    assert counts == {one["id"]: 2 for one in members[:2]}


async def test_a_preview_says_what_would_move_and_moves_nothing(desk, leaving):
    user, accounts = await leaving(3)
    other = await desk.user()
    given = {"from_user_id": user["id"], "to_user_ids": [other["id"]]}
    seen = (await desk.client.post(f"{PATH}/preview", json=given)).json()
    assert seen["moved"] == [{"type": "account", "count": 3}]
    assert await owners(desk, accounts) == [user["id"]] * 3
    work = await desk.see(f"/v1/users/{user['id']}/open-work")
    assert (work["total"], work["open"]) == (3, seen["moved"])
    report = await handed_over(desk, user, to_user_ids=[other["id"]])
    assert {name: report[name] for name in seen} == seen


async def test_done_again_it_moves_what_has_come_since(desk, leaving):
    user, accounts = await leaving(2)
    other = await desk.user()
    await handed_over(desk, user, to_user_ids=[other["id"]])
    again = await handed_over(desk, user, to_user_ids=[other["id"]])
    assert again["moved"] == []
    accounts.append((await desk.account(owner_id=user["id"]))["id"])
    third = await handed_over(desk, user, to_user_ids=[other["id"]])
    assert third["moved"] == [{"type": "account", "count": 1}]
    assert await owners(desk, accounts) == [other["id"]] * 3


async def test_each_account_has_history_and_an_event(desk, leaving):
    user, [account] = await leaving(1)
    other = await desk.user()
    await handed_over(desk, user, to_user_ids=[other["id"]])
    newest = (await desk.see(f"/v1/accounts/{account}/history"))["items"][0]
    changes = [(one["field"], one["before"], one["after"]) for one in newest["changes"]]
    assert changes == [("owner_id", user["id"], other["id"])]
    assert (await desk.events_of(account))[-1]["payload"]["changed"] == ["owner_id"]


async def test_a_user_with_open_records_is_not_disabled(desk, leaving, problem):
    user, [account] = await leaving(1)
    path = f"/v1/users/{user['id']}"
    refused = problem(await desk.crm.post(f"{path}/disable", None), 409, "owns_open_records")
    assert "account 1" in refused["detail"]
    other = await desk.user()
    report = await handed_over(desk, user, to_user_ids=[other["id"]], disable=True)
    assert report["disabled"]
    assert not (await desk.see(path))["active"]
    assert await owners(desk, [account]) == [other["id"]]


async def test_the_database_lets_no_disabled_user_own_active_accounts(desk, leaving):
    user, [account] = await leaving(1)
    disabled = await desk.user()
    await desk.crm.post(f"/v1/users/{disabled['id']}/disable", None)
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="owns active accounts"):
            await sql.execute("update local_user set active = false where id = $1", user["id"])
        with pytest.raises(asyncpg.CheckViolationError, match="is disabled"):
            await sql.execute(
                "update account set owner_id = $2 where id = $1", account, disabled["id"]
            )


async def test_what_is_restored_loses_a_disabled_owner(desk, leaving):
    user, [account] = await leaving(1)
    await desk.crm.post(f"/v1/accounts/{account}/archive", None)
    reply = await desk.crm.post(f"/v1/users/{user['id']}/disable", None)
    assert reply.status_code == 200, reply.text
    restored = await desk.crm.post(f"/v1/accounts/{account}/restore", None)
    assert restored.status_code == 200, restored.text
    assert await owners(desk, [account]) == [None]


async def test_nothing_is_left_behind_by_what_comes_meanwhile(desk, leaving):
    """An account that is given at the same moment moves as well, or is refused."""
    user, _ = await leaving(2)
    other = await desk.user()
    replies = await asyncio.gather(
        desk.crm.post(
            PATH, {"from_user_id": user["id"], "to_user_ids": [other["id"]], "disable": True}
        ),
        *(
            desk.crm.post("/v1/accounts", {"name": desk.word(), "owner_id": user["id"]})
            for _ in range(8)
        ),
    )
    assert replies[0].status_code in {201, 409}, replies[0].text
    if replies[0].status_code == 201:
        rows = await desk.rows(
            "select id from account where owner_id = $1 and status = 'active'", user["id"]
        )
        assert rows == []


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({}, "users_or_team"),
        ({"to_user_ids": [str(uuid4())]}, "taker_unfit"),
        ({"to_team_id": str(uuid4())}, "nobody_to_take"),
    ],
)
async def test_somebody_must_take_it(desk, leaving, problem, to, code):
    user, _ = await leaving(1)
    reply = await desk.crm.post(PATH, {"from_user_id": user["id"]} | to)
    assert problem(reply, 422, "invalid_input")["errors"][0]["code"] == code
    itself = {"from_user_id": user["id"], "to_user_ids": [user["id"]]}
    problem(await desk.crm.post(PATH, itself), 422, "invalid_input")


async def test_it_needs_the_permission_and_reach(desk, leaving, problem):
    """C66: a manager hands over what is of her team only."""
    user, _ = await leaving(1)
    other = await desk.user()
    given = {"from_user_id": user["id"], "to_user_ids": [other["id"]]}
    headers = {"Idempotency-Key": uuid4().hex}
    reader = await desk.crm.as_("staff.read")
    problem(await reader.post(PATH, json=given, headers=headers), 403, "forbidden")
    manager = await desk.user(roles=["sales_manager"])
    login = {"login": manager["login"], "password": "correct horse battery"}
    session = await desk.client.post("/v1/sessions", json=login)
    client = desk.crm.with_key(session.json()["token"])
    problem(await client.post(PATH, json=given, headers=headers), 403, "forbidden")
