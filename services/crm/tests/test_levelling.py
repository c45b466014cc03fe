"""A bridge puts a record to be level: it is compared with the record, whatever was sent before."""

from dataclasses import replace

import pytest

from chassis.telemetry.trace import Trace

PLACES = {
    "/v1/accounts": ("account", {"name": "Elm", "phone": "1"}),
    "/v1/products": ("product", {"name": "Bolt", "code": ""}),
}


async def sender(desk, *scopes):
    return await desk.crm.as_("admin", *scopes, systems=["erp"])


async def sent(desk, client, place, key, *, batch, level=True, version=3):
    """What became of the record, sent with the same content as ever."""
    headers = {"Idempotency-Key": desk.word()}
    body = {"source_version": version, **PLACES[place][1]}
    if "code" in body or "sku" in body:
        body[next(name for name in ("code", "sku") if name in body)] = key
    if not batch:
        headers |= {"Tandem-Level": "1"} if level else {}
        where = f"{place}/by-external/erp/{key}"
        reply = await client.put(where, json=body, headers=headers)
        assert reply.status_code in {200, 201}, reply.text
        return reply.headers["Tandem-Outcome"], reply.json()["id"]
    headers["Tandem-Item-Traces"] = replace(Trace.new(), level=level).as_item()
    items = [{"external_id": key, **body}]
    where = f"{place}/by-external/erp/batch"
    reply = await client.post(where, json={"items": items}, headers=headers)
    [done] = reply.json()["items"]
    return done["status"], done["id"]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("place", PLACES)
async def test_a_record_that_was_edited_is_put_right_and_an_identical_one_stays(desk, place, batch):
    """A8: identical content is no change, whatever the mark says; only a bridge is believed."""
    table, body = PLACES[place]
    key, bridge = desk.word(), await sender(desk, "events.relay")
    assert (await sent(desk, bridge, place, key, batch=batch))[0] == "created"
    outcome, record = await sent(desk, bridge, place, key, batch=batch)
    before = await desk.see(f"{place}/{record}")
    assert outcome == "unchanged"
    async with desk.crm.database.driver() as sql:
        await sql.execute(f"update {table} set name = 'Edited' where id::text = $1", record)
    for version in (3, 4):
        again = await sent(desk, bridge, place, key, batch=batch, level=False, version=version)
        assert again[0] == "unchanged"
    stranger = await sender(desk)
    assert (await sent(desk, stranger, place, key, batch=batch, version=4))[0] == "unchanged"
    assert (await desk.see(f"{place}/{record}"))["name"] == "Edited"
    assert (await sent(desk, bridge, place, key, batch=batch, version=2))[0] == "stale"
    assert (await sent(desk, bridge, place, key, batch=batch, version=4))[0] == "updated"
    after = await desk.see(f"{place}/{record}")
    assert (after["name"], after["revision"]) == (body["name"], before["revision"] + 1)
    assert (await sent(desk, bridge, place, key, batch=batch, version=4))[0] == "unchanged"
    assert (await desk.see(f"{place}/{record}"))["revision"] == after["revision"]
