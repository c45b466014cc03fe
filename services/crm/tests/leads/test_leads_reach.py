"""C66: whose leads a person sees and changes."""

from uuid import uuid4

import pytest

PATH = "/v1/leads"
PASSWORD = "correct horse battery"


async def person(desk, role, team):
    """A user of the role in the team, who is logged in; id and client."""
    user = await desk.user(roles=[role], team_id=team)
    login = {"login": user["login"], "password": PASSWORD}
    reply = await desk.client.post("/v1/sessions", json=login)
    return user["id"], desk.crm.with_key(reply.json()["token"])


@pytest.fixture
async def teams(desk):
    """East with Ningbo below it, and West."""
    east = await desk.add("/v1/teams", name=desk.word("East"))
    below = await desk.add("/v1/teams", name=desk.word("Ningbo"), parent_id=east["id"])
    west = await desk.add("/v1/teams", name=desk.word("West"))
    return {"east": east["id"], "ningbo": below["id"], "west": west["id"]}


async def seen_by(client, leads):
    """Which of the leads the list answers, and each by itself."""
    word = leads["word"]
    reply = await client.get(PATH, params={"q": word, "limit": 200, "include_total": "true"})
    body = reply.json()
    names = {one["name"].removeprefix(word) for one in body["items"]}
    assert body["total"]["count"] == len(names)
    for name, lead_id in leads["ids"].items():
        for path in (f"{PATH}/{lead_id}", f"{PATH}/{lead_id}/touches"):
            assert (await client.get(path)).status_code == (200 if name in names else 404)
    return names


async def test_own_team_and_nobodys_leads_are_seen_and_no_others(desk, teams, problem):
    """C66: in lists, totals, search and one by one; a stranger's lead is a 404 to every act."""
    word = uuid4().hex
    seller, client = await person(desk, "seller", teams["ningbo"])
    manager = (await person(desk, "sales_manager", teams["east"]))[1]
    other, stranger = await person(desk, "seller", teams["west"])
    given = {
        "own": {"owner_id": seller},
        "nobody": {},
        "ningbo": {"team_id": teams["ningbo"]},
        "east": {"team_id": teams["east"]},
        "west": {"team_id": teams["west"]},
        "other": {"owner_id": other, "team_id": teams["ningbo"]},
    }
    made = {
        name: await desk.add(PATH, name=f"{word}{name}", source="fair", **values)
        for name, values in given.items()
    }
    leads = {"word": word, "ids": {name: one["id"] for name, one in made.items()}}
    assert await seen_by(client, leads) == {"own", "nobody", "ningbo"}
    assert await seen_by(manager, leads) == {"own", "nobody", "ningbo", "east"}
    assert await seen_by(stranger, leads) == {"nobody", "west", "other"}
    assert await seen_by(desk.client, leads) == set(given)
    for verb, body in (("work", {}), ("touches", {"source": "x"}), ("notes", {"text": "Seen."})):
        path = f"{PATH}/{made['own']['id']}/{verb}"
        reply = await stranger.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
        problem(reply, 404, "not_found")


async def test_a_lead_is_given_to_whom_and_to_which_team_the_giver_reaches(desk, teams, problem):
    west, _ = await person(desk, "seller", teams["west"])
    _, manager = await person(desk, "sales_manager", teams["east"])
    for values in ({"owner_id": west}, {"team_id": teams["west"]}):
        reply = await manager.post(
            PATH, json={"name": "Lin"} | values, headers={"Idempotency-Key": uuid4().hex}
        )
        problem(reply, 403, "forbidden")
