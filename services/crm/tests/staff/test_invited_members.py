"""Staff members set their passwords themselves; who lets them in proves the own one first."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import frozen, utc_now
from crm.app import SERVICE
from identity.testing.service import running

PASSWORD = "correct horse battery"
OTHER = "stable staple of oats"
ACCEPT = "/v1/password-invitations/accept"
LATER = timedelta(minutes=10, seconds=1)


@pytest.fixture
async def team(desk):
    return (await desk.add("/v1/teams", name=desk.word("Team")))["id"]


@pytest.fixture
async def manager(desk, team):
    """A sales manager who is logged in: lets sellers in, but is no administrator."""
    user = await desk.user(roles=["sales_manager"], name="Manager", team_id=team)
    return desk.crm.with_key((await log_in(desk.crm, user["login"])).json()["token"])


async def log_in(server, login, password=PASSWORD):
    return await server.client.post("/v1/sessions", json={"login": login, "password": password})


async def send(client, path, body=None, *, method="POST", **headers):
    headers = {"Idempotency-Key": str(uuid4())} | headers
    return await client.request(method, path, json=body, headers=headers)


def wanted(**given):
    return {"login": f"lin.{uuid4().hex[:8]}", "name": "Lin", "roles": ["seller"]} | given


async def test_a_member_without_a_password_is_invited_and_sets_one(desk, problem, manager, team):
    """ASVS 6.4.1: whoever lets somebody in learns no password; a repeat says no token."""
    made = await send(manager, "/v1/users", wanted(team_id=team))
    assert made.status_code == 201, made.text
    user, path = made.json(), f"/v1/users/{made.json()['id']}/invitation"
    problem(await log_in(desk.crm, user["login"]), 401, "login_refused")
    key = str(uuid4())
    first, again = [await send(manager, path, **{"Idempotency-Key": key}) for _ in range(2)]
    assert first.status_code == again.status_code == 200, first.text
    assert again.json() == first.json() | {"token": None}
    assert (first.json()["purpose"], first.json()["user_id"]) == ("password", user["id"])
    accepted = await desk.crm.client.post(
        ACCEPT, json={"token": first.json()["token"], "password": PASSWORD}
    )
    assert accepted.status_code == 204, accepted.text
    assert (await log_in(desk.crm, user["login"])).status_code == 201
    problem(await send(manager, f"/v1/users/{uuid4()}/invitation"), 404, "not_found")
    boss = await desk.user(roles=["admin"])
    problem(await send(manager, f"/v1/users/{boss['id']}/invitation"), 403, "forbidden")
    await desk.crm.post(f"/v1/users/{user['id']}/disable", None)
    problem(await send(manager, path), 409, "user_disabled")


async def test_an_old_proof_changes_no_credentials_of_others(desk, problem, manager, team):
    """ASVS 7.5.1: creating and enabling users, their roles, passwords and invitations."""
    user = await desk.user(team_id=team)
    path = f"/v1/users/{user['id']}"
    roles, etag = {"roles": ["seller", "marketer"]}, {"If-Match": f'"{user["version"]}"'}
    acts = [
        ("POST", "/v1/users", wanted(password=OTHER), {}),
        ("POST", f"{path}/password", {"password": OTHER}, {}),
        ("POST", f"{path}/invitation", None, {}),
        ("POST", f"{path}/enable", None, {}),
        ("PATCH", path, roles, etag),
    ]
    with frozen(utc_now() + LATER):
        for method, where, body, headers in acts:
            refused = await send(manager, where, body, method=method, **headers)
            problem(refused, 403, "fresh_proof_needed")
        named = await send(manager, path, {"name": "Lin Lin"}, method="PATCH", **etag)
        assert named.status_code == 200, "a name is no credential"
        assert named.json()["roles"] == user["roles"]
        said = {"present_password": PASSWORD}
        assert (await manager.post("/v1/sessions/current/prove", json=said)).status_code == 200
        etag["If-Match"] = named.headers["ETag"]
        changed = await send(manager, path, roles, method="PATCH", **etag)
        assert changed.status_code == 200, changed.text
        assert (await send(manager, f"{path}/password", {"password": OTHER})).status_code == 200
    assert (await log_in(desk.crm, user["login"], OTHER)).status_code == 201


async def test_where_people_are_invited_nobody_chooses_their_password(cluster, problem):
    """ASVS 6.4.1: neither a first password nor another one, in both languages."""
    async with running(SERVICE, cluster, passwords_by_invitation=True) as strict:
        refused = await strict.post("/v1/users", wanted(password=PASSWORD))
        assert "invite" in problem(refused, 409, "password_by_invitation")["detail"]
        made = await strict.post("/v1/users", wanted())
        path = f"/v1/users/{made.json()['id']}"
        chinese = {"Accept-Language": "zh-CN"}
        refused = await strict.post(f"{path}/password", {"password": OTHER}, headers=chinese)
        assert "邀请" in problem(refused, 409, "password_by_invitation")["detail"]
        token = (await strict.post(f"{path}/invitation", None)).json()["token"]
        accepted = await strict.client.post(ACCEPT, json={"token": token, "password": PASSWORD})
        assert accepted.status_code == 204
        begun = await log_in(strict, made.json()["login"])
        own = strict.with_key(begun.json()["token"])
        changed = {"present_password": PASSWORD, "password": OTHER}
        assert (await own.put("/v1/me/password", json=changed)).status_code == 204
