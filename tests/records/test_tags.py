"""Tags: made by those who keep them, put on records of every type, renamed and merged."""

import asyncio
from uuid import uuid4

import pytest

from identity.testing.desk import require_problem as problem
from records.tags.schemas import TAGS_MAX
from tests.records.annotated import ANNOTATED, paths_with
from tests.records.kinds import HALVES


def if_match(revision):
    return {"If-Match": f'"{revision}"'}


def once():
    return {"Idempotency-Key": str(uuid4())}


@pytest.fixture(params=sorted(HALVES))
def desk(request, desks):
    return desks[request.param]


@pytest.fixture
def crm(desks):
    return desks["crm"]


async def tags(desk, count=1, **values):
    """New tags, in the order of their names."""
    word = desk.word("Tag")
    return [await desk.add("/v1/tags", name=f"{word} {n}", **values) for n in range(count)]


async def account(desk, **values):
    """The path of a new account."""
    made = await desk.add("/v1/accounts", name=desk.word("Mill"), **values)
    return f"/v1/accounts/{made['id']}"


async def put(client, path, tag):
    """The ids of the record's tags, now that this one is on it."""
    reply = await client.put(f"{path}/tags/{tag['id']}")
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["tags"]]


async def on(desk, path):
    """The names of the record's tags."""
    return [one["name"] for one in (await desk.see(f"{path}/tags"))["tags"]]


async def test_a_tag_has_a_history(desk):
    """Made, renamed and merged: of the tag, and of one that was merged into it before."""
    first, second, third = await tags(desk, 3)
    at = f"/v1/tags/{second['id']}"
    assert (await desk.merge(at, {"name": f"{second['name']} b"})).is_success
    for one, into in ((first, second), (second, third)):
        reply = await desk.server.post(f"/v1/tags/{one['id']}/merge", {"into": into["id"]})
        assert reply.is_success, reply.text

    async def fields(tag, query=""):
        rows = (await desk.see(f"/v1/tags/{tag['id']}/history{query}"))["items"]
        assert rows[0]["actor"].startswith("key:")
        return [
            {one["field"]: (one["before"], one["after"]) for one in row["changes"]} for row in rows
        ]

    merged, renamed, made = await fields(second)
    assert merged == {"merged_into": (None, third["id"]), "status": ("active", "archived")}
    assert renamed == {"name": (second["name"], f"{second['name']} b")}
    assert made["name"] == ("", second["name"])
    assert (await fields(first, "?field=merged_into")) == [
        {"merged_into": (second["id"], third["id"])},
        {"merged_into": (None, second["id"])},
    ]


@pytest.mark.parametrize("part", ["notes", "tags"])
def test_every_type_of_record_has_them(part):
    """A new type gets its line, or this test fails."""
    assert {(half, path) for half in HALVES for path in paths_with(half, part)} == ANNOTATED


async def test_each_type_is_tagged_and_found_by_tag(records, desks):
    """Put on, shown, found in the list, taken off; alone and as a batch; a repeat is no change."""
    half, found = records
    desk = desks[half.service.name]
    for path, record_id in found.items():
        first, second = await tags(desk, 2)
        at = f"{path}/{record_id}"
        assert await put(half.client, at, second) == [second["id"]]
        assert await put(half.client, at, first) == [first["id"], second["id"]]
        assert await put(half.client, at, first) == [first["id"], second["id"]]
        assert await desk.listed(path, tag=first["name"]) == [record_id]
        assert await desk.listed(path, tag=f"nothing,{second['name'].upper()}") == [record_id]
        assert await desk.listed(path, tag="nothing", limit=1) == []
        total = await half.client.get(path, params={"tag": first["name"], "include_total": "true"})
        assert total.json()["total"]["count"] == 1, total.text
        shown = await half.client.get(
            f"{path}/tags/batch", params={"id": [record_id, str(uuid4())]}
        )
        [of_one] = shown.json()["items"]
        assert (of_one["record_id"], len(of_one["tags"])) == (record_id, 2)
        assert of_one == await desk.see(f"{at}/tags")
        away = await half.client.delete(f"{at}/tags/{second['id']}")
        assert away.json()["tags"] == [{k: first[k] for k in ("id", "name", "colour")}]
        command = {"ids": [record_id, str(uuid4())], "add": [second["id"]], "remove": [first["id"]]}
        for status in ("changed", "unchanged"):
            reply = await half.post(f"{path}/tags/batch", command)
            done, missing = reply.json()["items"]
            assert (done["status"], missing["problem"]["code"]) == (status, "not_found")
        assert await on(desk, at) == [second["name"]]
        assert (await half.client.delete(f"{at}/tags/{second['id']}")).json()["tags"] == []
        for method, part in (("GET", "tags"), ("PUT", f"tags/{first['id']}")):
            elsewhere = await half.client.request(method, f"{path}/{uuid4()}/{part}")
            problem(elsewhere, 404, "not_found")


async def test_rights_are_those_of_the_record(records, desks):
    """Who may change such records tags them; making tags takes a permission of its own."""
    half, found = records
    [tag] = await tags(desks[half.service.name])
    needed = {
        (route.path.partition("/{")[0], method): gate.call.scope
        for route in half.app.routes
        if route.path.endswith(("_id}/tags", "_id}/tags/{tag_id}"))
        for method in route.methods
        for gate in route.dependant.dependencies
        if hasattr(gate.call, "scope")
    }
    for path, record_id in found.items():
        at = f"{path}/{record_id}/tags"
        reader = await half.as_(needed[path, "GET"], "tags.write")
        writer = await half.as_(needed[path, "PUT"])
        stranger = await half.as_("tags.write")
        problem(await stranger.get(at), 403, "forbidden")
        assert (await reader.get(at)).is_success
        problem(await reader.put(f"{at}/{tag['id']}"), 403, "forbidden")
        assert (await writer.put(f"{at}/{tag['id']}")).is_success
        assert (await writer.delete(f"{at}/{tag['id']}")).is_success
        made = await writer.post("/v1/tags", json={"name": "Mine"}, headers=once())
        assert problem(made, 403, "forbidden")["facts"] == {"scope": "tags.write"}


async def test_a_name_is_one_tag_in_any_case_and_width(desk):
    name = desk.word("Vip")
    made = await desk.add("/v1/tags", name=name, colour="#1E88E5", description="Ours.")
    assert (made["colour"], made["version"], made["status"]) == ("#1e88e5", 1, "active")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in name.lower())
    for other in (name.lower(), f" {name} ", wide):
        refused = await desk.server.post("/v1/tags", {"name": other})
        assert problem(refused, 409, "tag_name_taken")["facts"]["existing_id"] == made["id"]
    assert await desk.listed("/v1/tags", q=name.lower()) == [made["id"]]
    at = f"/v1/tags/{made['id']}"
    spelt = await desk.change(at, {"name": name.upper(), "colour": ""}, revision=1)
    assert (spelt.json()["name"], spelt.headers["etag"]) == (name.upper(), '"2"')
    problem(await desk.change(at, {"colour": "#000000"}, revision=1), 412, "stale_revision")
    assert (await desk.change(at, {"colour": ""}, revision=2)).json()["version"] == 2


@pytest.mark.parametrize("wrong", ["", " ", "a,b", "\u200b", "x" * 61, "a\nb", None])
async def test_what_is_no_name_is_refused(desk, wrong):
    refused = await desk.server.post("/v1/tags", {"name": wrong})
    assert problem(refused, 422, "invalid_input")["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize("colour", ["red", "#12345", "1e88e5", "#1e88eg"])
async def test_what_is_no_colour_is_refused(crm, colour):
    refused = await crm.server.post("/v1/tags", {"name": crm.word(), "colour": colour})
    assert problem(refused, 422, "invalid_input")["errors"][0]["pointer"] == "/colour"


async def test_a_list_by_no_tag_at_all_is_refused(crm):
    for tag in (",", "a,,b", "\u200b"):
        refused = await crm.client.get("/v1/accounts", params={"tag": tag})
        assert problem(refused, 422, "invalid_input")["errors"][0]["pointer"] == "/query/tag"


async def test_an_archived_tag_stays_and_is_put_on_nothing_more(crm):
    [tag] = await tags(crm)
    here, there = await account(crm), await account(crm)
    await put(crm.client, here, tag)
    for _ in "ab":
        gone = await crm.server.post(f"/v1/tags/{tag['id']}/archive", None)
        assert (gone.json()["status"], gone.json()["version"]) == ("archived", 2)
    problem(await crm.client.put(f"{there}/tags/{tag['id']}"), 409, "tag_archived")
    batch = {"ids": [there.rpartition("/")[2]], "add": [tag["id"]]}
    problem(await crm.server.post("/v1/accounts/tags/batch", batch), 409, "tag_archived")
    assert await crm.listed("/v1/accounts", tag=tag["name"]) == [here.rpartition("/")[2]]
    assert (await crm.server.post(f"/v1/tags/{tag['id']}/restore", None)).is_success
    assert await put(crm.client, there, tag) == [tag["id"]]


async def test_a_merge_moves_all_uses_and_the_old_name_leads_there(desk, desks):
    """Records that had both have it once; the same merge again changes nothing."""
    many = "/v1/accounts" if desk is desks["crm"] else "/v1/customers"
    old, new, last = await tags(desk, 3)
    made = [await desk.add(many, name=desk.word("Mill")) for _ in range(3)]
    for record, worn in zip(made, ([old], [old, new], [new]), strict=True):
        for tag in worn:
            await put(desk.client, f"{many}/{record['id']}", tag)
    ids = {one["id"] for one in made}

    async def merge(tag, into):
        return await desk.server.post(f"/v1/tags/{tag['id']}/merge", {"into": into["id"]})

    for _ in "ab":
        assert (await merge(old, new)).json()["id"] == new["id"]
    for record in made:
        assert await on(desk, f"{many}/{record['id']}") == [new["name"]]
    assert set(await desk.listed(many, tag=old["name"])) == ids
    assert await put(desk.client, f"{many}/{made[0]['id']}", old) == [new["id"]]
    gone = await desk.see(f"/v1/tags/{old['id']}")
    assert (gone["status"], gone["merged_into"], gone["version"]) == ("archived", new["id"], 2)
    for path, body in (("restore", None), ("merge", {"into": last["id"]})):
        reply = await desk.server.post(f"/v1/tags/{old['id']}/{path}", body)
        assert problem(reply, 409, "tag_merged")["facts"]["into_id"] == new["id"]
    problem(await merge(last, old), 409, "tag_merged")
    problem(await merge(last, last), 422, "invalid_input")
    taken = await desk.server.post("/v1/tags", {"name": old["name"]})
    assert problem(taken, 409, "tag_name_taken")["facts"]["existing_id"] == new["id"]
    # A name that was merged twice leads to the last one, in one step.
    assert (await merge(new, last)).is_success
    assert (await desk.see(f"/v1/tags/{old['id']}"))["merged_into"] == last["id"]
    assert set(await desk.listed(many, tag=old["name"])) == ids
    events = [one for one in await desk.server.feed() if one["subject"] == old["id"]]
    seen = [(one["data"]["changed"], one["data"]["merged_into"]) for one in events]
    assert seen[1:] == [(["merged_into", "status"], new["id"]), (["merged_into"], last["id"])]


async def test_merging_and_tagging_at_once_leaves_no_use_of_the_old_tag(crm):
    """Each of many who tag meanwhile ends with the other tag; of two merges one is done."""
    old, new, other = await tags(crm, 3)
    paths = [await account(crm) for _ in range(8)]
    acts = [crm.client.put(f"{path}/tags/{old['id']}") for path in paths]
    merges = [
        crm.server.post(f"/v1/tags/{old['id']}/merge", {"into": into["id"]})
        for into in (new, other)
    ]
    *tagged, first, second = await asyncio.gather(*acts[:4], *merges, *acts[4:])
    statuses = sorted(one.status_code for one in [*tagged, first, second])
    assert statuses == [200] * 9 + [409]
    into = (await crm.see(f"/v1/tags/{old['id']}"))["merged_into"]
    for path in paths:
        assert [one["id"] for one in (await crm.see(f"{path}/tags"))["tags"]] == [into]


async def test_two_merges_each_way_end_in_one_tag(crm):
    one, two = await tags(crm, 2)
    replies = await asyncio.gather(
        crm.server.post(f"/v1/tags/{one['id']}/merge", {"into": two["id"]}),
        crm.server.post(f"/v1/tags/{two['id']}/merge", {"into": one["id"]}),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]


async def test_two_who_tag_one_record_at_once_undo_nothing(crm):
    """And each change is one event with all tags, in the order of their versions."""
    path = await account(crm)
    made = await tags(crm, 6)
    await asyncio.gather(*(put(crm.client, path, tag) for tag in made))
    assert await on(crm, path) == [tag["name"] for tag in made]
    events = [
        one
        for one in await crm.server.feed()
        if one["data"].get("record_id") == path.rpartition("/")[2] and "tags" in one["data"]
    ]
    assert [one["aggversion"] for one in events] == [1, 2, 3, 4, 5, 6]
    assert [len(one["data"]["tags"]) for one in events] == [1, 2, 3, 4, 5, 6]


async def test_a_record_has_so_many_tags_and_no_more(crm):
    full, free = await account(crm), await account(crm)
    made = await tags(crm, TAGS_MAX + 1)
    ids = [path.rpartition("/")[2] for path in (full, free)]
    many = {"ids": ids[:1], "add": [tag["id"] for tag in made[:TAGS_MAX]]}
    assert (await crm.server.post("/v1/accounts/tags/batch", many)).is_success
    one_more = await crm.client.put(f"{full}/tags/{made[-1]['id']}")
    assert problem(one_more, 409, "too_many_tags")["facts"] == {"limit": TAGS_MAX}
    reply = await crm.server.post("/v1/accounts/tags/batch", {"ids": ids, "add": [made[-1]["id"]]})
    assert [one["status"] for one in reply.json()["items"]] == ["failed", "changed"]


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        ({"ids": [str(uuid4())]}, "/"),
        ({"ids": [], "add": [str(uuid4())]}, "/ids"),
        ({"ids": [str(uuid4())] * 501, "add": [str(uuid4())]}, "/ids"),
        ({"ids": ["x"], "add": [str(uuid4())]}, "/ids/0"),
    ],
)
async def test_what_is_no_batch_is_refused(crm, command, pointer):
    refused = await crm.server.post("/v1/accounts/tags/batch", command)
    assert problem(refused, 422, "invalid_input")["errors"][0]["pointer"] == pointer


async def test_a_tag_is_put_on_or_taken_off_not_both(crm):
    [tag] = await tags(crm)
    command = {"ids": [str(uuid4())], "add": [tag["id"]], "remove": [tag["id"]]}
    refused = await crm.server.post("/v1/accounts/tags/batch", command)
    assert problem(refused, 422, "invalid_input")["errors"][0]["code"] == "tag_both_ways"
    unknown = await crm.client.put(f"{await account(crm)}/tags/{uuid4()}")
    assert problem(unknown, 404, "not_found")["facts"]["entity"] == "tag"


async def test_the_tags_of_a_page_are_one_request(crm):
    """In the order of the ids."""
    [tag] = await tags(crm)
    for _ in range(3):
        await put(crm.client, await account(crm), tag)
    ids = await crm.listed("/v1/accounts", tag=tag["name"])
    shown = await crm.client.get("/v1/accounts/tags/batch", params={"id": ids})
    assert [one["record_id"] for one in shown.json()["items"]] == ids
