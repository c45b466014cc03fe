"""Quotes: created, changed, archived, found, and taken over from other systems."""

from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/quotes"


@pytest.fixture
def half(crm):
    """The service under test."""
    return crm


async def sent(half, external_id, version, **values):
    """The reply to what another system says of a quote."""
    path = f"{PATH}/by-external/shop/{external_id}"
    return await half.client.put(path, json=values | {"source_version": version})


async def listed(half, **wanted):
    """Ids of the quotes that the list answers."""
    reply = await half.client.get(PATH, params=wanted)
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["items"]]


async def test_one_is_created_and_seen(half, desk):
    made = await desk.add(PATH, name="First", note="as agreed")
    assert (made["name"], made["note"], made["status"]) == ("First", "as agreed", "active")
    assert (await half.client.get(f"{PATH}/{made['id']}")).json() == made


async def test_a_name_is_needed(half, problem):
    refused = problem(await half.post(PATH, {"note": "x"}), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/name"]


async def test_a_change_counts_and_a_stale_one_is_refused(desk, problem):
    made = await desk.add(PATH, name="First")
    path = f"{PATH}/{made['id']}"
    changed = (await desk.change(path, {"note": "new"}, revision=1)).json()
    assert (changed["name"], changed["note"], changed["version"]) == ("First", "new", 2)
    problem(await desk.change(path, {"note": "late"}, revision=1), 412, "stale_revision")


async def test_an_archived_one_is_kept_and_can_be_restored(half, desk):
    made = await desk.add(PATH, name="First")
    path = f"{PATH}/{made['id']}"
    for act, status in (("archive", "archived"), ("restore", "active")):
        assert (await half.post(f"{path}/{act}", None)).json()["status"] == status
        assert made["id"] in await listed(half, status=status, limit=200)


async def test_it_is_found_by_words_of_its_name(half, desk):
    word = uuid4().hex
    made = await desk.add(PATH, name=f"Blue {word}")
    assert await listed(half, q=word.upper()) == [made["id"]]
    await desk.change(f"{PATH}/{made['id']}", {"name": "Green"}, revision=1)
    assert await listed(half, q=word) == []


async def test_only_a_newer_version_of_another_system_changes_it(half, desk):
    key = uuid4().hex
    made = await sent(half, key, 2, name="Sent")
    assert made.status_code == 201, made.text
    assert (await sent(half, key, 1, name="Older")).json()["name"] == "Sent"
    assert (await sent(half, key, 3, name="Newer")).json()["name"] == "Newer"
    assert await listed(half, external_system="shop", external_id=key) == [made.json()["id"]]


async def test_another_system_does_not_change_what_was_sent(half, quotes, problem):
    """C27: whoever writes."""
    was_sent, _ = await quotes.sent()
    key = uuid4().hex
    ref = {"system": "shop", "external_id": key}
    await half.post(f"{PATH}/{was_sent['id']}/external-refs", ref)
    problem(await sent(half, key, 3, name="Newer"), 409, "quote_fixed")
    assert (await sent(half, key, 3, note="Noted")).json()["note"] == "Noted"


async def test_many_are_sent_at_once_and_each_is_judged_alone(half):
    keys = [uuid4().hex for _ in range(3)]
    items = [{"external_id": key, "source_version": 1, "name": "Many"} for key in keys]
    items[1].pop("name")
    reply = await half.post(f"{PATH}/by-external/shop/batch", {"items": items})
    assert reply.status_code == 200, reply.text
    assert [one["status"] for one in reply.json()["items"]] == ["created", "failed", "created"]


async def test_each_change_is_published(half, desk):
    made = await desk.add(PATH, name="First")
    await desk.change(f"{PATH}/{made['id']}", {"note": "new"}, revision=1)
    events = [one for one in await half.feed() if one["subject"] == made["id"]]
    first, second = [one["data"]["changed"] for one in events]
    assert {"name", "lines", "number", "state", "total"} < set(first)
    assert second == ["note"]
    assert {one["type"] for one in events} == {"tandem.crm.quote-changed.v1"}


async def test_who_changed_what_and_what_was_noted_is_kept(half, desk):
    made = await desk.add(PATH, name="First")
    path = f"{PATH}/{made['id']}"
    await desk.change(path, {"note": "new"}, revision=1)
    newest = (await half.client.get(f"{path}/history")).json()["items"][0]
    changes = [(one["field"], one["before"], one["after"]) for one in newest["changes"]]
    assert changes == [("note", "", "new")]
    noted = await half.post(f"{path}/notes", {"text": "Call back."})
    assert noted.status_code == 201, noted.text
    assert [one["text"] for one in (await half.client.get(f"{path}/notes")).json()["items"]] == [
        "Call back."
    ]


async def test_reading_and_writing_need_their_permissions(half, problem):
    reader, stranger = await half.as_("quotes.read"), await half.as_("events.read")
    assert (await reader.get(PATH)).status_code == 200
    problem(await stranger.get(PATH), 403, "forbidden")
    refused = await reader.post(PATH, json={"name": "x"}, headers={"Idempotency-Key": uuid4().hex})
    problem(refused, 403, "forbidden")


async def test_the_database_refuses_a_name_that_is_empty(half, desk):
    made = await desk.add(PATH, name="First")
    async with half.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="ck_quote_name_given"):
            await sql.execute("update quote set name = '' where id = $1", made["id"])


async def test_what_it_refers_to_comes_along(half, quotes, desk):
    user = await desk.user()
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    account = await desk.account()
    person = await desk.contact(account["id"])
    quote = await quotes.draft(
        account_id=account["id"],
        contact_id=person["id"],
        owner_id=user["id"],
        team_id=team["id"],
    )
    wanted = {"include": "account,contact,owner,team,products"}
    included = (await half.client.get(f"{PATH}/{quote['id']}", params=wanted)).json()["included"]
    found = {
        name: [one["id"] for one in (records if isinstance(records, list) else [records])]
        for name, records in included.items()
    }
    assert found == {
        "account": [account["id"]],
        "contact": [person["id"]],
        "owner": [user["id"]],
        "team": [team["id"]],
        "products": [quote["lines"][0]["product_id"]],
    }
