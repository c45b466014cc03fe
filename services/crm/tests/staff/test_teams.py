"""Teams: formed, renamed, closed, moved."""

import asyncio
from functools import partial
from uuid import uuid4

import asyncpg
import pytest

from chassis.testing.waiting import until


async def test_a_team_is_formed_and_seen(desk):
    team = await desk.add("/v1/teams", name=desk.word("Team"), description="Hotels")
    assert (team["description"], team["active"], team["members"]) == ("Hotels", True, 0)
    assert await desk.see(f"/v1/teams/{team['id']}") == team


async def test_two_teams_never_have_one_name(desk, problem):
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    other = await desk.add("/v1/teams", name=desk.word("Team"))
    refusal = problem(
        await desk.crm.post("/v1/teams", {"name": team["name"].lower()}), 409, "team_name_taken"
    )
    assert refusal["facts"]["existing_id"] == team["id"]
    path = f"/v1/teams/{other['id']}"
    problem(await desk.change(path, {"name": team["name"]}, revision=1), 409, "team_name_taken")
    assert (await desk.see(path))["version"] == 1


async def test_a_change_counts_and_a_repeat_of_it_does_not(desk, problem):
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    path = f"/v1/teams/{team['id']}"
    values = {"name": desk.word("Team"), "description": "Restaurants"}
    changed = (await desk.change(path, values, revision=1)).json()
    assert (changed["name"], changed["version"]) == (values["name"], 2)
    assert (await desk.change(path, values, revision=2)).json()["version"] == 2
    problem(await desk.change(path, values, revision=1), 412, "stale_revision")


async def test_a_closed_team_takes_no_new_members(desk, problem):
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    inside = await desk.user(team_id=team["id"])
    await desk.change(f"/v1/teams/{team['id']}", {"active": False}, revision=1)
    outside = await desk.user()
    refused = await desk.change(f"/v1/users/{outside['id']}", {"team_id": team["id"]}, revision=1)
    refusal = problem(refused, 422, "invalid_input")
    assert refusal["errors"][0]["code"] == "team_closed"
    renamed = await desk.change(
        f"/v1/users/{inside['id']}", {"name": "Lin", "team_id": team["id"]}, revision=1
    )
    assert renamed.json()["team_id"] == team["id"]


async def test_teams_are_listed_by_name_open_and_closed(desk):
    word = desk.word("list")
    second, first = [await desk.add("/v1/teams", name=f"{word} {at}") for at in ("b", "A")]
    await desk.change(f"/v1/teams/{first['id']}", {"active": False}, revision=1)
    every = await desk.listed("/v1/teams", limit=200)
    assert every.index(first["id"]) < every.index(second["id"])
    assert first["id"] not in await desk.listed("/v1/teams", active=True, limit=200)
    assert first["id"] in await desk.listed("/v1/teams", active=False, limit=200)


async def test_a_team_lies_below_another_and_never_below_itself(desk, problem):
    top = await desk.add("/v1/teams", name=desk.word("Team"))
    middle = await desk.add("/v1/teams", name=desk.word("Team"), parent_id=top["id"])
    low = await desk.add("/v1/teams", name=desk.word("Team"), parent_id=middle["id"])
    assert await desk.listed("/v1/teams", parent_id=middle["id"]) == [low["id"]]
    path = f"/v1/teams/{top['id']}"
    for parent in (top, middle, low):
        reply = await desk.change(path, {"parent_id": parent["id"]}, revision=1)
        refusal = problem(reply, 422, "team_loop")
        assert refusal["facts"] == {"parent": parent["name"], "name": top["name"]}
    assert await desk.see(path) == top
    moved = await desk.change(f"/v1/teams/{low['id']}", {"parent_id": None}, revision=1)
    assert moved.json()["parent_id"] is None


async def test_a_team_that_there_is_not_is_no_parent(desk, problem):
    nobody = str(uuid4())
    reply = await desk.crm.post("/v1/teams", {"name": desk.word("Team"), "parent_id": nobody})
    assert problem(reply, 422, "missing_reference")["facts"]["reference"] == nobody


async def test_the_database_knows_no_team_below_itself(desk):
    """Two who move teams at once, each below the other: the second one waits and is refused."""
    ids = [(await desk.add("/v1/teams", name=desk.word("Team")))["id"] for _ in range(2)]
    move = "update team set parent_id = $1::text::uuid where id = $2::text::uuid"
    async with desk.crm.database.driver() as one, desk.crm.database.driver() as other:
        async with one.transaction():
            await one.execute(move, *ids)
            waits = asyncio.create_task(other.execute(move, *reversed(ids)))
            await until(partial(_waits, one, other.get_server_pid()))
        with pytest.raises(asyncpg.CheckViolationError, match="lies below itself"):
            await waits
        with pytest.raises(asyncpg.CheckViolationError):
            await one.execute(move, ids[0], ids[0])


async def _waits(sql, pid):
    """Whether the other connection waits for a lock."""
    return await sql.fetchval(
        "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1", pid
    )
