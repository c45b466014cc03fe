"""C66: who merges needs the permission, and must see and be able to change both."""

from uuid import uuid4

PASSWORD = "correct horse battery"


async def person(desk, role, team):
    """A user of the role who is logged in; id and client."""
    user = await desk.user(roles=[role], team_id=team)
    login = {"login": user["login"], "password": PASSWORD}
    reply = await desk.client.post("/v1/sessions", json=login)
    return user["id"], desk.crm.with_key(reply.json()["token"])


async def test_both_rows_must_be_ones_own_to_change(desk, problem, merger):
    east = await desk.add("/v1/teams", name=desk.word("East"))
    west = await desk.add("/v1/teams", name=desk.word("West"))
    _, client = await person(desk, "sales_manager", west["id"])
    other, _ = await person(desk, "seller", east["id"])
    hidden, own = await desk.account(owner_id=other), await desk.account()
    other_merger = merger.by(client)
    for winner, loser in ((own, hidden), (hidden, own)):
        reply = await other_merger.merge("accounts", winner["id"], loser["id"])
        assert problem(reply, 404, "not_found")["facts"]["id"] == hidden["id"]
        at = f"/v1/accounts/{winner['id']}/merge-preview"
        reply = await client.get(at, params={"loser_id": loser["id"]})
        problem(reply, 404, "not_found")
    done = await merger.merged("accounts", hidden["id"], own["id"])
    problem(await client.get(f"/v1/merges/{done['id']}"), 404, "not_found")
    problem(await client.get(f"/v1/accounts/{own['id']}"), 404, "not_found")
    page = await client.get("/v1/merges", params={"record_id": own["id"]})
    assert page.json()["items"] == []
    undone = await client.post(
        f"/v1/merges/{done['id']}/undo", headers={"Idempotency-Key": str(uuid4())}
    )
    problem(undone, 404, "not_found")


async def test_the_permission_to_change_is_needed_beside_that_to_merge(desk, crm, problem, merger):
    winner, loser = await desk.account(), await desk.account()
    for scopes, missing in (
        (("accounts.read", "accounts.write"), "merges.write"),
        (("accounts.read", "merges.write"), "accounts.write"),
    ):
        caller = merger.by(await crm.as_(*scopes))
        reply = await caller.merge("accounts", winner["id"], loser["id"])
        assert problem(reply, 403, "forbidden")["facts"] == {"scope": missing}
