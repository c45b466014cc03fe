"""A bridge puts a record to be level: it is compared with the record, whatever was sent before."""

from dataclasses import replace

import pytest

from chassis.telemetry.trace import Trace
from tests.records.kinds import KINDS, other


async def sender(desk, half, *scopes):
    return await desk.server.as_("admin", *scopes, systems=[other(half)])


async def sent(client, where, key, body, *, once, batch, level):
    """What became of the record, and its id."""
    headers = {"Idempotency-Key": once}
    if not batch:
        headers |= {"Tandem-Level": "1"} if level else {}
        reply = await client.put(f"{where}/{key}", json=body, headers=headers)
        assert reply.status_code in {200, 201}, reply.text
        return reply.headers["Tandem-Outcome"], reply.json()["id"]
    headers["Tandem-Item-Traces"] = replace(Trace.new(), level=level).as_item()
    item = {"external_id": key, **body}
    reply = await client.post(f"{where}/batch", json={"items": [item]}, headers=headers)
    [done] = reply.json()["items"]
    return done["status"], done["id"]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("kind", [one for one in KINDS if one.found and one.sent], ids=str)
async def test_a_record_that_was_edited_is_put_right_and_an_identical_one_stays(desks, kind, batch):
    """A8: identical content is no change, whatever the mark says; only a bridge is believed."""
    desk, key = desks[kind.half], desks[kind.half].word()
    body = await kind.sent(desk)

    where = f"{kind.path}/by-external/{other(kind.half)}"

    async def put(client, version=3, *, level=True):
        values = body | {"source_version": version}
        return await sent(client, where, key, values, once=desk.word(), batch=batch, level=level)

    bridge = await sender(desk, kind.half, "events.relay")
    assert (await put(bridge))[0] == "created"
    outcome, record = await put(bridge)
    before = await desk.see(f"{kind.path}/{record}")
    assert outcome == "unchanged"
    edit = f"update {kind.table} set name = 'Edited' where id = $1::text::uuid"
    await desk.rows(edit, record)
    for version in (3, 4):
        assert (await put(bridge, version, level=False))[0] == "unchanged"
    stranger = await sender(desk, kind.half)
    assert (await put(stranger, 4))[0] == "unchanged"
    assert (await desk.see(f"{kind.path}/{record}"))["name"] == "Edited"
    assert (await put(bridge, 2))[0] == "stale"
    assert (await put(bridge, 4))[0] == "updated"
    after = await desk.see(f"{kind.path}/{record}")
    assert (after["name"], after["revision"]) == (body["name"], before["revision"] + 1)
    assert (await put(bridge, 4))[0] == "unchanged"
    assert (await desk.see(f"{kind.path}/{record}"))["revision"] == after["revision"]
