"""A person erased in one half is erased in the other, and in all that the bridge keeps."""

from dataclasses import replace

import pytest

from chassis.ids import uuid7
from tests.halves import Fault

ACCOUNTS, CUSTOMERS, ORDERS = "/v1/accounts", "/v1/customers", "/v1/orders"
NAME, MAIL = "Zhao Qingyun", "qingyun@mill.example"
PERSON = {"kind": "person", "name": NAME, "email": MAIL}


async def traces(rig):
    """Tables of the bridge in which something of the person still stands."""
    tables = await rig.fetch("select tablename from pg_tables where schemaname = 'public'")
    found = set()
    for table in (one["tablename"] for one in tables):
        rows = await rig.fetch_as_owner(f'select t::text as row from "{table}" t')
        text = " ".join(one["row"] for one in rows)
        words = (NAME, MAIL)
        if any(word in text or word.encode().hex() in text for word in words):
            found.add(table)
    return found


@pytest.mark.parametrize("side", ["crm", "erp"])
async def test_a_person_is_erased_in_the_other_half(rig, side):
    own, other = (rig.crm, rig.erp) if side == "crm" else (rig.erp, rig.crm)
    place, across = (ACCOUNTS, CUSTOMERS) if side == "crm" else (CUSTOMERS, ACCOUNTS)
    person = own.makes(place, **PERSON)
    await rig.synchronize()
    assert "inbox" in await traces(rig)
    own.erases(place, person)
    await rig.synchronize()
    assert other.the(across)["name"] == "[erased]"
    assert other.the(across)["email"] == ""
    erasures = [one for one in other.calls if one.path.endswith("/erase")]
    assert [one.path for one in erasures] == [f"{across}/by-external/{side}/{person}/erase"]
    assert await traces(rig) == set()
    assert await rig.fetch("select 1 from shadow where entity = 'customer'") == []


async def test_older_events_do_not_bring_the_person_back(rig):
    """From whichever source they come again, and however late; nothing of them is kept."""
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    first = rig.crm.outbox[0]
    await rig.synchronize()
    rig.crm.erases(ACCOUNTS, person)
    await rig.synchronize()
    version = rig.erp.the(CUSTOMERS)["version"]
    again = replace(first, event_id=uuid7(), history=2, aggversion=9)
    assert await rig.receive(again, first) == 1
    await rig.drain()
    assert rig.erp.the(CUSTOMERS)["version"] == version
    assert await traces(rig) == set()
    assert (await rig.lane("crm.customer"))["pending"] == 0


@pytest.mark.parametrize("record_type", ["contact", "lead"])
async def test_late_events_that_do_not_cross_are_not_kept_either(rig, record_type):
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    first = rig.crm.outbox[0]
    await rig.synchronize()
    rig.crm.erases(ACCOUNTS, person)
    await rig.synchronize()
    told = f"tandem.crm.{record_type}-changed.v1"
    assert await rig.receive(replace(first, event_id=uuid7(), type=told, aggversion=9)) == 1
    assert await traces(rig) == set()


async def test_a_person_on_its_way_does_not_arrive(rig):
    """Erased before it was ever across: what still comes of it is refused there, and no trouble."""
    rig.erp.faults = [Fault(status=503) for _ in range(3)]
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    await rig.deliver()
    rig.crm.erases(ACCOUNTS, person)
    late = rig.crm.outbox[-1]
    await rig.receive(late)
    rig.erp.faults = []
    await rig.drain()
    assert person in rig.erp.suppressed or rig.erp.the(CUSTOMERS)["name"] == "[erased]"
    await rig.synchronize()
    assert await traces(rig) == set()


async def test_what_is_parked_or_put_aside_is_cleared(rig):
    """A lane that stands, a review, a comparison's finding: none of them names the person."""
    rig.erp.makes(CUSTOMERS, name=NAME, email=MAIL)
    await rig.fetch_as_owner("delete from inbox")
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    rig.delivered["erp"] = len(rig.erp.outbox)
    await rig.synchronize()
    assert {"review", "lane", "inbox"} <= await traces(rig)
    rig.crm.erases(ACCOUNTS, person)
    await rig.synchronize()
    lane = await rig.lane("crm.customer")
    assert (lane["state"], lane["pending"], lane["name"]) == ("idle", 0, "")
    reviews = await rig.fetch("select state, candidates from review")
    assert [one["state"] for one in reviews] == ["withdrawn"]
    assert await traces(rig) == set()


async def test_the_bridge_without_the_permission_stands_and_says_so(rig):
    """The flow of erasures pauses; nothing is lost, and all others go on."""
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    await rig.synchronize()
    rig.erp.faults = [Fault(status=403, code="forbidden", method="POST")]
    rig.crm.erases(ACCOUNTS, person)
    await rig.synchronize()
    (pause,) = await rig.fetch("select kind, status from pause")
    assert (pause["kind"], pause["status"]) == ("crm.person", 403)


async def test_other_persons_stay(rig):
    """Of a record with another id nothing is touched."""
    other = rig.crm.makes(ACCOUNTS, name="Lin", email="lin@mill.example")
    person = rig.crm.makes(ACCOUNTS, **PERSON)
    await rig.synchronize()
    rig.crm.erases(ACCOUNTS, person)
    await rig.synchronize()
    rows = await rig.fetch("select data from inbox where subject = $1", other)
    assert any(b"lin@mill.example" in one["data"] for one in rows)
