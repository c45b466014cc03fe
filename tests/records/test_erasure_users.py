"""A user who left is erased: what it did stays, with an id that tells of nobody."""

from uuid import uuid4

import asyncpg
import pytest

from chassis.clock import utc_now
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from identity import users
from identity.passwords import hash_password
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from tests.records.traces import traces

NAME, LOGIN, MAIL = "Zhao Qingyun", "qingyun.z", "qingyun@mill.example"
PASSWORD = "long enough for all"
TRACES = ("Qingyun", "qingyun")
RECORDS = {"crm": "/v1/accounts", "erp": "/v1/customers"}


@pytest.fixture(params=[CRM, ERP], ids=["crm", "erp"])
async def half(request, cluster):
    async with running(request.param, cluster) as service:
        yield service


async def made(half, path, client=None, **values):
    key = {"Idempotency-Key": str(uuid4())}
    reply = await (client or half.client).post(path, json=values, headers=key)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def worked(half):
    """A user who wrote, changed, shared and was mentioned, and then left; its id."""
    common = {"roles": ["admin"], "known_roles": half.service.roles, "now": utc_now()}
    common["password"] = await hash_password(PASSWORD)
    async with half.database.driver() as sql:
        await users.add_user(sql, login="boss", name="Boss", **common)  # the last one has to stay
        user = await users.add_user(sql, login=LOGIN, name=NAME, **common)
    login = {"login": LOGIN, "password": PASSWORD}
    session = (await half.client.post("/v1/sessions", json=login)).json()
    token = {"Authorization": f"Bearer {session['token']}"}
    path = RECORDS[half.service.name]
    record = await made(half, path, name="Mill")
    client = half.client
    before = client.headers["Authorization"]
    client.headers.update(token)
    try:
        own = await made(half, path, name="Own")
        await made(half, f"{path}/{record['id']}/notes", text="Call them.")
        await half.attach(f"{path}/{record['id']}", b"Letter", name="letter.txt")
        query = {"record_type": path[4:-1], "query": {}}
        await made(half, "/v1/saved-views", name="Mine", **query)
        await made(half, "/v1/saved-views", name="All's", shared_with="all", **query)
    finally:
        client.headers["Authorization"] = before
    await made(half, f"{path}/{record['id']}/notes", text=f"Ask @{LOGIN}, please.")
    await made(half, "/v1/saved-views", name=f"Records of {NAME}", **query)
    if half.service.name == "crm":
        seen = await client.get(f"/v1/users/{user.id}")
        address = {"email": MAIL}
        changed = await client.patch(
            f"/v1/users/{user.id}", json=address, headers={"If-Match": seen.headers["etag"]}
        )
        assert changed.is_success, changed.text
    return user.id, f"{path}/{own['id']}"


async def leave(half, user_id):
    async with half.database.driver() as sql:
        await users.change_user(
            sql, user_id, known_roles=half.service.roles, now=utc_now(), active=False
        )


async def test_nothing_of_a_user_is_left_but_its_id(half):
    """Every table is read; the history still tells which things one person did."""
    user_id, at = await worked(half)
    before = {table for table, _ in await traces(half, TRACES)}
    assert {"local_user", "record_change", "note", "attachment", "saved_view"} <= before
    problem(await half.post(f"/v1/users/{user_id}/erase", None), 409, "user_active")
    await leave(half, user_id)
    reply = await half.post(f"/v1/users/{user_id}/erase", None)
    assert reply.status_code == 200, reply.text
    assert await traces(half, TRACES) == set()
    counts = {one["what"]: one["count"] for one in reply.json()["erased"]}
    assert (counts["saved_views"], counts["views_shared"], counts["mentions"]) == (2, 1, 1)
    assert (counts["notes_written"], counts["files_added"]) == (1, 1)
    (change,) = (await half.client.get(f"{at}/history")).json()["items"]
    assert (change["actor"], change["actor_name"]) == (f"user:{user_id}", "")
    again = await half.post(f"/v1/users/{user_id}/erase", None)
    assert again.status_code == 200, again.text
    (erasure,) = [one for one in await half.feed() if "person-erased" in one["type"]]
    assert erasure["data"]["records"] == [{"record_type": "user", "record_id": str(user_id)}]


async def test_an_erased_user_stays_so(half):
    """By every way in, and by a constraint; the login is free, and its form is nobody's."""
    user_id, _ = await worked(half)
    await leave(half, user_id)
    assert (await half.post(f"/v1/users/{user_id}/erase", None)).is_success
    known = {"known_roles": half.service.roles, "now": utc_now()}
    hashed = await hash_password(PASSWORD)
    async with half.database.driver() as sql:
        with pytest.raises(users.UserIsErased):
            await users.change_user(sql, user_id, active=True, **known)
        with pytest.raises(users.UserIsErased):
            await users.set_password(sql, user_id, hashed, now=utc_now())
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute("update local_user set active = true where id = $1", user_id)
        login = await sql.fetchval("select login from local_user where id = $1", user_id)
    refused = await half.client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
    problem(refused, 401, "login_refused")


async def test_what_is_known_of_a_user_is_handed_out(half):
    user_id, _ = await worked(half)
    data = (await half.client.get(f"/v1/users/{user_id}/personal-data")).json()
    (profile,) = data["records"]
    assert (profile["login"], profile["name"], profile["roles"]) == (LOGIN, NAME, ["admin"])
    assert profile.get("email") == (MAIL if half.service.name == "crm" else None)
    assert [one["text"] for one in data["notes"]] == ["Call them."]
    assert [one["filename"] for one in data["attachments"]] == ["letter.txt"]
    assert sum(one["changes"] for one in data["history"]) == 1
    kinds = [one["document_type"] for one in data["documents"]]
    assert sorted(set(kinds)) == ["saved_view", "session"]


async def test_who_may_erase_a_user(half):
    path = f"/v1/users/{uuid4()}"
    stranger = await half.as_("events.read")
    key = {"Idempotency-Key": str(uuid4())}
    problem(await stranger.post(f"{path}/erase", headers=key), 403, "forbidden")
    problem(await stranger.get(f"{path}/personal-data"), 403, "forbidden")
    problem(await half.post(f"{path}/erase", None), 404, "not_found")
    problem(await half.client.get(f"{path}/personal-data"), 404, "not_found")
