"""Absences: from when until when, once at a time, and who is away now."""

from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/absences"


@pytest.fixture
def leave(desk):
    """Sends an absence of a user in May 2030, from one day to another."""

    async def send(user, first, last, **values):
        times = {
            "starts_at": f"2030-05-{first:02}T00:00:00Z",
            "ends_at": f"2030-05-{last:02}T00:00:00Z",
        }
        given = {"name": "Annual leave", "user_id": user["id"]} | times
        return await desk.crm.post(PATH, given | values)

    return send


async def test_who_is_away_then(desk, leave):
    user, other = await desk.user(), await desk.user()
    made = (await leave(user, 1, 5)).json()
    assert (made["name"], made["starts_at"][:10]) == ("Annual leave", "2030-05-01")
    mine = {"user_id": user["id"]}
    assert await desk.listed(PATH, at="2030-05-04T23:59:59Z", **mine) == [made["id"]]
    assert await desk.listed(PATH, at="2030-05-05T00:00:00Z", **mine) == []
    assert await desk.listed(PATH, user_id=other["id"]) == []


async def test_two_absences_of_a_user_do_not_overlap(desk, leave, problem):
    user = await desk.user()
    first = (await leave(user, 1, 5)).json()
    refused = problem(await leave(user, 4, 8), 409, "overlapping_absence")
    assert first["id"] in refused["detail"]
    assert (await leave(user, 5, 8)).status_code == 201
    assert (await leave(await desk.user(), 4, 8)).status_code == 201


async def test_an_archived_absence_is_none(desk, leave, problem):
    user = await desk.user()
    first = (await leave(user, 1, 5)).json()
    await desk.crm.post(f"{PATH}/{first['id']}/archive", None)
    assert (await leave(user, 4, 8)).status_code == 201
    again = await desk.crm.post(f"{PATH}/{first['id']}/restore", None)
    problem(again, 409, "overlapping_absence")


async def test_it_ends_after_it_begins(desk, leave, problem):
    user = await desk.user()
    refused = problem(await leave(user, 5, 5), 422, "invalid_input")
    assert [one["code"] for one in refused["errors"]] == ["ends_later"]


async def test_it_stays_with_its_user(desk, leave, problem):
    user, other = await desk.user(), await desk.user()
    missing = await leave({"id": str(uuid4())}, 1, 5)
    problem(missing, 422, "missing_reference")
    await desk.crm.post(f"/v1/users/{other['id']}/disable", None)
    assert problem(await leave(other, 1, 5), 422, "invalid_input")
    sent = {"name": "Leave", "user_id": user["id"]}
    sent |= {"starts_at": "2030-05-01T00:00:00Z", "ends_at": "2030-05-02T00:00:00Z"}
    key = desk.word()
    assert (await desk.send(PATH, key, 1, **sent)).status_code == 201
    moved = await desk.send(PATH, key, 2, **sent | {"user_id": (await desk.user())["id"]})
    assert problem(moved, 422, "invalid_input")["errors"][0]["code"] == "user_fixed"


async def test_the_database_refuses_two_at_once(desk, leave):
    user = await desk.user()
    await leave(user, 1, 5)
    second = (await leave(user, 5, 8)).json()
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.ExclusionViolationError, match="ex_absence_once"):
            await sql.execute(
                "update absence set starts_at = '2030-05-04' where id = $1", second["id"]
            )


async def test_changes_are_published(desk, leave):
    made = (await leave(await desk.user(), 1, 5)).json()
    await desk.change(f"{PATH}/{made['id']}", {"note": "By train."}, revision=1)
    events = await desk.events_of(made["id"])
    assert [one["payload"]["changed"] for one in events][1] == ["note"]


async def test_a_manager_reaches_her_team_only(desk, leave, problem):
    """C66: whom she does not reach, she sends on no leave."""
    manager = await desk.user(roles=["sales_manager"])
    login = {"login": manager["login"], "password": "correct horse battery"}
    session = await desk.client.post("/v1/sessions", json=login)
    client = desk.crm.with_key(session.json()["token"])
    stranger = await desk.user()
    given = {"name": "Leave", "user_id": stranger["id"]}
    given |= {"starts_at": "2030-05-01T00:00:00Z", "ends_at": "2030-05-02T00:00:00Z"}
    headers = {"Idempotency-Key": uuid4().hex}
    problem(await client.post(PATH, json=given, headers=headers), 403, "forbidden")
