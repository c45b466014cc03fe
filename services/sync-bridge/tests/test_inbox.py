"""The inbox: every event once, whichever way and however often it comes."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from chassis.ids import uuid7
from chassis.storage.paging import PageQuery
from sync_bridge.flows import BY_EVENT, NOT_CARRIED
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Cursor, Quarantined, ReadMode
from sync_bridge.inbox.schemas import InboxQuery
from sync_bridge.inbox.views import EVENTS
from tests.halves import INSTALLATION

ROOT = Path(__file__).resolve().parents[3]
ITEMS, PRODUCTS = "/v1/items", "/v1/products"
SOURCE = f"/tandem/erp/{INSTALLATION['erp']}"


async def test_an_event_counts_once_whichever_way_it_comes(rig):
    """B17, B18: Kafka, the feed, both at once, twice in a batch: one row, one effect."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    (event,) = rig.erp.outbox
    twin = replace(event, feed_seq=None)
    counts = await asyncio.gather(
        *(rig.receive(one, one) for one in (event, twin, event, twin, event))
    )
    assert sum(counts) == 1
    await rig.drain()
    assert await rig.receive(event) == 0
    await rig.drain()
    assert len([call for call in rig.crm.wrote() if call.method == "PUT"]) == 1
    assert (await rig.lane("erp.product"))["pending"] == 0


async def test_a_crash_before_the_commit_leaves_neither_events_nor_cursor(rig):
    """B16, B19: events and cursor are one transaction; what comes again is new again."""
    rig.erp.makes(ITEMS, sku="BOLT-8")

    async def die_before_the_commit():
        async with rig.bridge.database.transaction() as work:
            await inbox.ingest(work, rig.erp.outbox, cursor=Cursor(name="erp", value="1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await die_before_the_commit()
    async with rig.bridge.database.reading() as reading:
        assert await inbox.cursor_value(reading, "erp") is None
    assert await rig.fetch("select * from inbox") == []
    cursor = Cursor(name="erp", value="1")
    assert await inbox.receive(rig.bridge.database, rig.erp.outbox, cursor=cursor) == 1
    assert await inbox.receive(rig.bridge.database, rig.erp.outbox, cursor=cursor) == 0
    async with rig.bridge.database.reading() as reading:
        assert await inbox.cursor_value(reading, "erp") == "1"


async def test_data_is_kept_byte_for_byte(rig):
    """B56: unknown fields and spaces survive the inbox."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    odd = replace(rig.erp.outbox[0], data=b'{ "sku":"X",  "new_field": 1.50 }')
    await rig.receive(odd)
    ((row),) = await rig.fetch("select data from inbox")
    assert row["data"] == odd.data


async def test_unknown_types_and_majors_are_kept_counted_and_replayed(rig, monkeypatch):
    """B21: stored, not failed; after an upgrade they can be replayed."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    (event,) = rig.erp.outbox
    later = replace(event, event_id=uuid7(), type="tandem.erp.item-changed.v2")
    other = replace(event, event_id=uuid7(), type="tandem.erp.shipment-sent.v1")
    assert await rig.receive(later, other) == 2
    status = (await rig.bridge.client.get("/v1/status")).json()
    assert (status["unknown_events"], status["drained"]) == (2, True)
    listed = (await rig.bridge.client.get("/v1/inbox", params={"state": "unknown"})).json()
    assert {one["type"] for one in listed["items"]} == {later.type, other.type}
    monkeypatch.setitem(BY_EVENT, later.type, BY_EVENT[event.type])
    reply = await rig.bridge.post("/v1/inbox/replay", {})
    assert reply.json() == {"replayed": 1, "still_unknown": 1}
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_events_that_nobody_needs_across_are_settled_and_no_cause_for_alarm(rig):
    """Each type that the halves publish is delivered, or is known to be none that crosses."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    (event,) = rig.erp.outbox
    paid = replace(event, event_id=uuid7(), type="tandem.erp.payment-received.v1")
    await rig.receive(paid)
    (row,) = await rig.fetch("select state, outcome, lane from inbox")
    assert (row["state"], row["outcome"], row["lane"]) == ("ignored", "not_carried", None)
    assert (await rig.bridge.client.get("/v1/status")).json()["unknown_events"] == 0
    published = {
        f"tandem.{path.parent.name}.{path.name.removesuffix('.json')}"
        for path in (ROOT / "contracts/events").glob("[ce]r[mp]/*.v*.json")
    }
    assert published == BY_EVENT.keys() | NOT_CARRIED


async def test_what_is_no_event_goes_to_quarantine_and_ingest_goes_on(rig):
    """B22: the raw bytes are kept with their place; the rest of the batch is taken in."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    bad = Quarantined(
        source=SOURCE, place="erp.item.v1/3/17", reason="no_id", raw=b"\xff\x00", headers={"a": "b"}
    )
    new = await inbox.receive(rig.bridge.database, rig.erp.outbox, unreadable=[bad, bad])
    await inbox.receive(rig.bridge.database, [], unreadable=[bad])
    assert new == 1
    (listed,) = (await rig.bridge.client.get("/v1/quarantine")).json()["items"]
    assert (listed["place"], listed["bytes"], listed["headers"]) == (bad.place, 2, {"a": "b"})
    ((row),) = await rig.fetch("select raw from quarantine")
    assert row["raw"] == bad.raw


async def test_dedupe_outlasts_retention_and_parking(rig):
    """B17: forgotten only long after the source forgot it, never while its lane stands."""
    old = [rig.erp.makes(ITEMS, sku=sku) for sku in ("OLD", "STUCK", "NEW")]
    await rig.synchronize()
    await rig.fetch(
        "update inbox set received_at = now() - interval '91 days' where subject = any($1)",
        [old[0], old[1]],
    )
    await rig.fetch("update lane set pending = 1, state = 'ready' where subject = $1", old[1])
    async with rig.bridge.database.transaction() as work:
        assert await inbox.purge(work, days=90) == 1
    assert await rig.receive(rig.erp.outbox[1], rig.erp.outbox[2]) == 0


async def test_the_mark_waits_for_what_is_late(rig):
    """B16: the mark never passes a position that is missing, whichever partition is ahead."""
    for number in range(4):
        rig.erp.makes(ITEMS, sku=f"BOLT-{number}")
    one, two, three, four = rig.erp.outbox
    await rig.receive(one, three)
    assert (await rig.fetch("select mark, head from position"))[0] == {"mark": 1, "head": 3}
    await rig.receive(two, four)
    assert (await rig.fetch("select mark, head, events from position"))[0] == {
        "mark": 4,
        "head": 4,
        "events": 4,
    }


async def test_what_is_read_ahead_moves_no_mark(rig):
    """What lies between a backlog and its end is not gone, however long it takes to come."""
    for number in range(9):
        rig.erp.makes(ITEMS, sku=f"BOLT-{number}")
    first, last, rest = rig.erp.outbox[:3], rig.erp.outbox[8:], rig.erp.outbox[3:]

    async def reached():
        query = {"source": "erp", "feed_seq": 9, "timeout": 0}
        reply = await rig.bridge.client.get("/v1/positions/wait", params=query)
        return reply.json()["mark"], reply.json()["reached"]

    def upto(place):
        return Cursor(name="feed:erp", value=str(place), place=place)

    database = rig.bridge.database
    assert await inbox.receive(database, first, cursor=upto(3), mode=ReadMode.LATE) == 3
    assert await inbox.receive(database, last, mode=ReadMode.AHEAD) == 1
    await rig.fetch("update inbox set received_at = now() - interval '1 hour'")
    assert await reached() == (3, False)
    assert await inbox.receive(database, rest, cursor=upto(9), mode=ReadMode.LATE) == 5
    assert await inbox.receive(database, last, cursor=upto(9)) == 0
    await rig.drain()
    assert await reached() == (9, True)
    late = "select subject from lane where not late"
    assert [row["subject"] for row in await rig.fetch(late)] == [last[0].subject]


async def test_sources_are_told_apart(rig):
    """B17: the same event id of two installations is two events."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    other = replace(rig.erp.outbox[0], source=f"/tandem/erp/{uuid4()}")
    assert await rig.receive(rig.erp.outbox[0], other) == 2


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": "erp.product"}, 2),
        ({"kind": "crm.order"}, 0),
        ({"kind": "no.such"}, 0),
        ({"reason": "applied"}, 1),
        ({"reason": "superseded"}, 1),
        ({"reason": "too_many_hops"}, 0),
        ({"kind": "erp.product", "reason": "applied", "number": "bolt-8"}, 1),
        ({"reason": "applied", "name": "nut"}, 0),
    ],
)
async def test_events_are_found_by_kind_and_by_what_they_came_to(rig, wanted, found):
    item = rig.erp.makes("/v1/items", sku="BOLT-8", name="Bolt")
    rig.erp.changes("/v1/items", item, name="Bolt M8")
    await rig.synchronize()
    reply = await rig.bridge.client.get("/v1/inbox", params=wanted)
    assert len(reply.json()["items"]) == found, reply.text


MANY = """insert into inbox (source, event_id, type, lane, subject, aggversion, occurred_at, origin,
    hops, correlationid, state, outcome, data, settled_at)
  select 's', gen_random_uuid(), 't' || at % 40, 'l', gen_random_uuid(), 1, now(), 'erp', 0,
    gen_random_uuid(), 'done', case when at % 1000 = 0 then 'refused' else 'applied' end, '', now()
    from generate_series(1, $1) at"""


async def test_events_are_found_in_the_indexes(rig):
    asked = []
    async with rig.bridge.database.driver() as sql:
        await sql.execute(MANY, 20_000)
        await sql.execute("analyze inbox")

        class Explaining:
            async def fetch(self, statement, *arguments):
                asked.append((statement, arguments))
                return []

        explaining = SimpleNamespace(sql=Explaining())
        for wanted in ({"kind": "erp.product"}, {"reason": "refused"}):
            await EVENTS.page(explaining, InboxQuery.model_validate(wanted), PageQuery())
        for (statement, arguments), index in zip(
            asked, ("ix_inbox_type", "ix_inbox_outcome"), strict=True
        ):
            rows = await sql.fetch(f"explain {statement}", *arguments)
            plan = "\n".join(row[0] for row in rows)
            assert index in plan, plan
