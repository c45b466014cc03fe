"""Timelines: changes, notes, tags, files and events of a record in one list, the newest first."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.testing.desk import require_problem as problem
from records.timeline import SOURCES
from tests.records.annotated import paths_with
from tests.records.test_one_search import types_of


async def annotate(half, at, word):
    """A note, a tag and a file on the record."""
    note = await half.post(f"{at}/notes", {"text": f"Called {word}."})
    tag = (await half.post("/v1/tags", {"name": word})).json()
    tagged = await half.client.put(f"{at}/tags/{tag['id']}")
    file = await half.attach(at)
    assert note.is_success
    assert tagged.is_success
    return {"note": note.json(), "tag": tag, "attachment": file}


async def timeline(half, at, **params):
    reply = await half.client.get(f"{at}/timeline", params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_each_type_shows_all_that_happened(records, desks):
    """Each source in its own form, the newest first, whole over its pages."""
    half, found = records
    for path, record_id in found.items():
        at = f"{path}/{record_id}"
        made = await annotate(half, at, desks[half.service.name].word("Tag"))
        page = await timeline(half, at, limit=200)
        by_kind: dict[str, list[Any]] = {kind: [] for kind in (one.kind for one in SOURCES)}
        for entry in page["items"]:
            assert {kind for kind in by_kind if entry[kind] is not None} == {entry["kind"]}
            by_kind[entry["kind"]].append(entry[entry["kind"]])
        assert made["note"] in by_kind["note"]
        assert made["attachment"]["id"] in [one["id"] for one in by_kind["attachment"]]
        used = {name: made["tag"][name] for name in ("id", "name", "colour")}
        assert {"added": [used], "removed": []} in by_kind["tags"]
        if path in paths_with(half.service.name, "history"):
            history = (await half.client.get(f"{at}/history", params={"limit": 200})).json()
            assert by_kind["change"] == history["items"] != []
        else:
            assert by_kind["change"] == []
        events = [one for one in await half.feed() if one["subject"] == record_id]
        assert {one["revision"] for one in by_kind["event"]} == {
            one["aggversion"] for one in events
        }
        own = [one for one in page["items"] if one["kind"] == "event"]
        assert {one["actor_name"] for one in own} <= {"system", made["note"]["author"]["name"]}
        assert all(one["actor_name"] for one in own)
        times = [(entry["at"], entry["id"]) for entry in page["items"]]
        assert times == sorted(times, reverse=True)
        assert await paged(half, at) == page["items"]
        only = await timeline(half, at, kind="note,tags", include_total="true")
        assert {entry["kind"] for entry in only["items"]} == {"note", "tags"}
        assert only["total"]["count"] == len(by_kind["note"]) + len(by_kind["tags"])
        away = await half.client.delete(f"{at}/tags/{made['tag']['id']}")
        assert used not in away.json()["tags"]
        elsewhere = await half.client.get(f"{path}/{uuid4()}/timeline")
        problem(elsewhere, 404, "not_found")


async def paged(half, at):
    """The whole timeline, two entries at a time."""
    items, cursor = [], None
    while True:
        page = await timeline(half, at, limit=2, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def test_a_merged_tag_is_shown_as_the_other_one(desks):
    desk = desks["crm"]
    at = f"/v1/accounts/{(await desk.add('/v1/accounts', name='Mill'))['id']}"
    old, new = [await desk.add("/v1/tags", name=desk.word("Tag")) for _ in "ab"]
    assert (await desk.client.put(f"{at}/tags/{old['id']}")).is_success
    merged = await desk.server.post(f"/v1/tags/{old['id']}/merge", {"into": new["id"]})
    assert merged.is_success
    [entry] = (await timeline(desk.server, at, kind="tags"))["items"]
    assert [one["id"] for one in entry["tags"]["added"]] == [new["id"]]


async def test_unknown_kinds_are_refused(desks):
    desk = desks["crm"]
    at = f"/v1/accounts/{(await desk.add('/v1/accounts', name='Mill'))['id']}"
    refused = await desk.client.get(f"{at}/timeline", params={"kind": "note,gossip"})
    assert problem(refused, 422, "invalid_input")["errors"][0]["pointer"] == "/query/kind"


MANY = 20_000
PLANTED = {
    "note": """insert into note (id, record_type, record_id, text, author, author_name,
        created_at, updated_at)
      select gen_random_uuid(), 'account', {0}, 'x', 'key:1', 'k', t, t from {1}""",
    "tags": """insert into record_tag_change (id, record_type, record_id, changed_at, actor,
        actor_name, way, correlation_id, added, removed)
      select gen_random_uuid(), 'account', {0}, t, 'key:1', 'k', 'api', gen_random_uuid(),
        array[gen_random_uuid()], '{{}}' from {1}""",
}
"""Rows of other records, and some of one, by kind."""


@pytest.mark.parametrize("kind", PLANTED)
async def test_one_page_reads_the_records_own_rows_by_an_index(desks, kind):
    """Whatever others have: no table is read whole."""
    desk = desks["crm"]
    record_id = UUID((await desk.add("/v1/accounts", name="Mill"))["id"])
    source = next(one for one in SOURCES if one.kind == kind)
    times = f"generate_series(1, {MANY}) n, lateral (select now() - n * interval '1 second' as t) x"
    async with desk.server.database.driver() as sql:
        await sql.execute(PLANTED[kind].format("gen_random_uuid()", times))
        asked = f"""explain select * from ({source.select(types_of("crm")["account"])}) entry
          where record_type = 'account' and record_id = '{record_id}'
          order by at desc, id desc limit 51"""
        plan = "\n".join(row[0] for row in await sql.fetch(asked))
    assert f"Seq Scan on {source.table}" not in plan, plan
    assert "Index" in plan, plan
