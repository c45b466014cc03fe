"""Staff members: let in, changed, kept out."""

import pytest

PASSWORD = "correct horse battery"


async def logged_in(desk, user, password=PASSWORD):
    """The reply to a login."""
    return await desk.client.post(
        "/v1/sessions", json={"login": user["login"], "password": password}
    )


@pytest.fixture
async def manager(desk):
    """A sales manager who is logged in: sees and changes staff, but is no administrator."""
    user = await desk.user(roles=["sales_manager"], name="Manager")
    token = (await logged_in(desk, user)).json()["token"]
    return user, desk.crm.with_key(token)


async def test_a_member_is_let_in_with_team_and_roles(desk):
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    user = await desk.user(
        email="Lin@EXAMPLE.com", team_id=team["id"], roles=["seller", "marketer"], language="zh-CN"
    )
    assert user["email"] == "Lin@example.com"
    assert (user["team"], user["team_id"]) == (team["name"], team["id"])
    assert (user["roles"], user["active"]) == (["marketer", "seller"], True)
    assert (await desk.see(f"/v1/users/{user['id']}")).items() >= user.items()
    assert (await logged_in(desk, user)).status_code == 201
    assert "password" not in str(user)


async def test_one_login_is_one_person(desk, problem):
    user = await desk.user()
    again = {"login": user["login"].upper(), "name": "Other", "password": PASSWORD}
    reply = await desk.crm.post("/v1/users", again | {"roles": ["seller"]})
    problem(reply, 409, "login_taken")


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("login", "Has Blanks", "/login"),
        ("password", "short", "/password"),
        ("roles", ["king"], "/roles/0"),
        ("roles", [], "/roles"),
        ("email", "nobody", "/email"),
        ("name", "  ", "/name"),
        ("language", "fr", "/language"),
    ],
)
async def test_wrong_facts_are_refused_where_they_stand(desk, problem, field, value, pointer):
    values = {"login": desk.word("u").lower(), "name": "Lin", "password": PASSWORD}
    reply = await desk.crm.post("/v1/users", values | {"roles": ["seller"]} | {field: value})
    refusal = problem(reply, 422, "invalid_input")
    assert pointer in {error["pointer"] for error in refusal["errors"]}
    assert PASSWORD not in reply.text


async def test_a_member_joins_only_a_team_there_is(desk, problem):
    values = {"login": desk.word("u").lower(), "name": "Lin", "password": PASSWORD}
    missing = "01890000-0000-7000-8000-000000000000"
    reply = await desk.crm.post("/v1/users", values | {"roles": ["seller"], "team_id": missing})
    refusal = problem(reply, 422, "missing_reference")
    assert refusal["facts"] == {"entity": "team", "reference": missing}


async def test_a_change_counts_and_a_repeat_of_it_does_not(desk):
    user = await desk.user()
    path = f"/v1/users/{user['id']}"
    values = {"name": "Lin Mei-Hua", "email": "lin@example.com", "roles": ["marketer"]}
    changed = (await desk.change(path, values, revision=1)).json()
    assert {name: changed[name] for name in values} == values
    assert changed["version"] == 2
    again = await desk.change(path, values, revision=2)
    assert (again.json()["version"], again.headers["ETag"]) == (2, '"2"')


async def test_a_member_changes_teams_and_leaves_one(desk, problem):
    first, second = [await desk.add("/v1/teams", name=desk.word("Team")) for _ in range(2)]
    user = await desk.user(team_id=first["id"])
    path = f"/v1/users/{user['id']}"
    moved = await desk.change(path, {"team_id": second["id"]}, revision=1)
    assert moved.json()["team"] == second["name"]
    assert (await desk.see(f"/v1/teams/{first['id']}"))["members"] == 0
    assert (await desk.see(f"/v1/teams/{second['id']}"))["members"] == 1
    left = await desk.change(path, {"team_id": None}, revision=2)
    assert left.json()["team"] is None
    problem(await desk.change(path, {"team_id": first["id"]}, revision=2), 412, "stale_revision")


async def test_a_disabled_member_is_kept_out_until_enabled(desk):
    user = await desk.user()
    session = (await logged_in(desk, user)).json()["token"]
    disabled = await desk.crm.post(f"/v1/users/{user['id']}/disable", None)
    assert (disabled.json()["active"], disabled.json()["version"]) == (False, 2)
    assert (await desk.crm.with_key(session).get("/v1/me")).status_code == 401
    assert (await logged_in(desk, user)).status_code == 401
    again = await desk.crm.post(f"/v1/users/{user['id']}/disable", None)
    assert again.json()["version"] == 2
    enabled = await desk.crm.post(f"/v1/users/{user['id']}/enable", None)
    assert (enabled.json()["active"], enabled.json()["version"]) == (True, 3)
    assert (await logged_in(desk, user)).status_code == 201


async def test_a_new_password_ends_every_session(desk):
    user = await desk.user()
    session = (await logged_in(desk, user)).json()["token"]
    reply = await desk.crm.post(
        f"/v1/users/{user['id']}/password", {"password": "a whole new phrase"}
    )
    assert reply.status_code == 200
    assert (await desk.crm.with_key(session).get("/v1/me")).status_code == 401
    assert (await logged_in(desk, user)).status_code == 401
    assert (await logged_in(desk, user, "a whole new phrase")).status_code == 201


async def test_a_manager_lets_in_sellers_but_no_administrator(desk, manager, problem):
    _, client = manager
    for role, status in (("seller", 201), ("admin", 403)):
        reply = await client.post(
            "/v1/users",
            json={
                "login": desk.word("u").lower(),
                "name": "Lin",
                "password": PASSWORD,
                "roles": [role],
            },
            headers={"Idempotency-Key": desk.word()},
        )
        assert reply.status_code == status, reply.text


async def test_a_manager_cannot_rise(desk, manager, problem):
    user, client = manager
    reply = await client.patch(
        f"/v1/users/{user['id']}", json={"roles": ["admin"]}, headers={"If-Match": '"1"'}
    )
    assert problem(reply, 403, "forbidden")["facts"] == {"scope": "admin"}
    assert (await desk.see(f"/v1/users/{user['id']}"))["roles"] == ["sales_manager"]


@pytest.mark.parametrize("act", ["disable", "password"])
async def test_a_manager_cannot_touch_an_administrator(desk, manager, problem, act):
    """Whoever could set an administrator's password would be one."""
    _, client = manager
    chief = await desk.user(roles=["admin"])
    reply = await client.post(
        f"/v1/users/{chief['id']}/{act}",
        json={"password": "taken over by me"},
        headers={"Idempotency-Key": desk.word()},
    )
    problem(reply, 403, "forbidden")
    assert (await logged_in(desk, chief)).status_code == 201


async def test_nobody_disables_themselves(desk, manager, problem):
    user, client = manager
    reply = await client.post(
        f"/v1/users/{user['id']}/disable", headers={"Idempotency-Key": desk.word()}
    )
    problem(reply, 409, "disables_yourself")


async def test_lists_find_members_by_name_role_team_and_state(desk):
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    word = desk.word("find").lower()
    here = await desk.user(name=f"Sun {word}", team_id=team["id"], roles=["marketer"])
    gone = await desk.user(email=f"{word}@example.com")
    await desk.crm.post(f"/v1/users/{gone['id']}/disable", None)
    both = {here["id"], gone["id"]}
    assert set(await desk.listed("/v1/users", q=word.upper())) == both
    assert await desk.listed("/v1/users", q=word, active=True) == [here["id"]]
    assert await desk.listed("/v1/users", q=word, role="seller") == [gone["id"]]
    assert await desk.listed("/v1/users", team_id=team["id"]) == [here["id"]]
    assert await desk.listed("/v1/users", q=word.replace("-", "%x")) == []


async def test_pages_follow_each_other(desk):
    word = desk.word("page").lower()
    made = [(await desk.user(name=f"{word} {at}"))["id"] for at in range(3)]
    first = await desk.see(f"/v1/users?q={word}&limit=2&sort=created_at")
    rest = await desk.see(
        f"/v1/users?q={word}&limit=2&sort=created_at&cursor={first['next_cursor']}"
    )
    assert [one["id"] for one in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
