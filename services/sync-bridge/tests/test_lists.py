"""The bridge's lists are asked as those of the halves are."""

from urllib.parse import quote

import pytest

from records.testing.lists import (
    TIMES,
    check_filters,
    check_list,
    paged_lists,
    reads_of,
    sorts_without_index,
)
from tests.halves import Fault

ITEMS = "/v1/items"
OF_THE_PROGRAM = {
    *("/v1/api-keys", "/v1/audit-entries", "/v1/jobs"),
    *("/v1/sessions", "/v1/me/sessions", "/v1/me/logins"),
}
OWN_DAYS = {
    "/v1/comparisons": "begun_from",
    "/v1/inbox": "received_from",
    "/v1/lanes": "since_from",
}
"""Lists whose rows change with every event: they are asked for days of their own."""
QUARANTINED = """insert into quarantine
    (id, source, place, reason, raw, headers, received_at)
  select gen_random_uuid(), 's', 'p' || at, 'unreadable', '', '{}', now()
    from generate_series(1, 3) at"""
COMPARED = """insert into comparison (id, state, entities, asked_by, begun_at, finished_at)
  select gen_random_uuid(), 'done', '{customer}', 'user:a', now(), now()"""


@pytest.fixture
async def filled(rig):
    """A bridge with something in each of its lists."""
    rig.erp.makes("/v1/customers", name="Elm Ltd", email="elm@example.com")
    await rig.deliver()
    await rig.fetch_as_owner("delete from inbox")
    await rig.fetch_as_owner("delete from lane")
    rig.crm.makes("/v1/accounts", name="Elm", email="elm@example.com")
    await rig.synchronize()
    refused = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
    await rig.synchronize()
    for verb in ("skip", "retry"):
        key = quote(f"erp.product:{refused}", safe="")
        await rig.bridge.post(f"/v1/lanes/{key}/{verb}", {"note": "seen"})
        rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
        rig.erp.changes(ITEMS, refused, name=verb)
        await rig.synchronize()
    rig.erp.makes(ITEMS, sku="BOLT-9")
    await rig.synchronize()
    await rig.fetch(QUARANTINED)
    await rig.fetch(COMPARED)
    return rig


async def test_every_list_can_be_asked_the_same(filled):
    client = filled.bridge.client
    lists = paged_lists(filled.bridge.app.openapi())
    without = {path for path, names in lists.items() if not names >= TIMES}
    assert without == OF_THE_PROGRAM | OWN_DAYS.keys()
    for path, names in lists.items():
        await check_list(client, path, names)
        if path not in OF_THE_PROGRAM:
            assert (await client.get(path)).json()["items"], path
            await check_filters(client, path, names - {"kind"})
    for path, first in OWN_DAYS.items():
        last = first.replace("_from", "_to")
        for asked, found in (({first: "2000-01-01"}, True), ({last: "2000-01-01"}, False)):
            items = (await client.get(path, params=asked)).json()["items"]
            assert bool(items) == found, (path, asked)


async def test_acts_and_holes_are_found_by_lane(filled):
    client = filled.bridge.client
    for path in ("/v1/lanes/holes", "/v1/lanes/acts"):
        [one, *_] = (await client.get(path)).json()["items"]
        for lane, found in ((one["lane"], True), ("erp.product:none", False)):
            items = (await client.get(path, params={"lane": lane})).json()["items"]
            assert bool(items) == found, path


async def test_what_lists_are_sorted_by_has_an_index(bridge):
    missing = []
    async with bridge.database.driver() as sql:
        for reads in reads_of("sync_bridge"):
            async with sql.transaction():
                missing += await sorts_without_index(sql, reads)
    assert missing == ["lane by since"]


async def test_a_custom_field_is_no_sort_of_the_bridge(bridge):
    reply = await bridge.client.get("/v1/reviews", params={"sort": "custom.colour"})
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (422, "unknown_sort")
