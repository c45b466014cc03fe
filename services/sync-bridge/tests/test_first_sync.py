"""First sync: the present state crosses, and who owns what begins with the link."""

import asyncio
from uuid import UUID

import httpx
import pytest

from sync_bridge.lanes.dispatcher import dispatcher
from tests.halves import Fault

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"
TERMS = {"number": "C-00001", "payment_terms_days": 30, "dunning_block": False}


def after(half, path, act):
    """Let a user act after the half was called there, before the bridge has the answer."""
    real = half.handle_async_request
    done: list[bool] = []

    async def answer(request):
        reply = await real(request)
        if request.url.path.endswith(path) and not done:
            done.append(True)
            act()
        return reply

    half.handle_async_request = answer


async def level(rig):
    """Both sides' values of the only customer, once all is quiet."""
    await rig.synchronize(rounds=20)
    assert {row["state"] for row in await rig.fetch("select state from lane")} == {"idle"}
    account, customer = rig.crm.the(ACCOUNTS), rig.erp.the(CUSTOMERS)
    names = ("name", "email", "phone", "tax_id", "currency")
    here, there = ([one.get(name) or "" for name in names] for one in (account, customer))
    assert here == there
    assert await rig.fetch("select * from creation") == []
    return account


@pytest.mark.parametrize("first", [0, 1, 2])
async def test_the_newest_name_crosses_whichever_event_comes_first(rig, first):
    """Made as A, renamed to B before the bridge saw it: B, and nothing is set back."""
    customer = rig.erp.makes(CUSTOMERS, name="A", **TERMS)
    rig.erp.changes(CUSTOMERS, customer, name="B")
    rig.erp.changes(CUSTOMERS, customer, phone="010 1234")
    await rig.receive(rig.erp.outbox[first])
    await rig.drain()
    account = await level(rig)
    assert (account["name"], account["phone"]) == ("B", "010 1234")
    assert [call.body.get("name") for call in rig.crm.wrote() if call.method == "PUT"] == ["B"]


async def test_new_tax_ids_of_a_crm_that_was_alone_cross(rig):
    account = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="OLD")
    await rig.receive(*rig.crm.outbox)
    rig.crm.changes(ACCOUNTS, account, tax_id="NEW")
    await rig.drain()
    assert (await level(rig))["tax_id"] == "NEW"


async def test_what_the_sender_changes_until_it_knows_the_link_crosses(rig):
    """A rename between the reading of the state and the link: the CRM's name is the newer one."""
    customer = rig.erp.makes(CUSTOMERS, name="A", **TERMS)
    after(rig.crm, customer, lambda: rig.erp.changes(CUSTOMERS, customer, name="B"))
    account = await level(rig)
    assert account["name"] == "B"


async def test_a_crms_tax_id_changed_until_it_knows_the_link_crosses(rig):
    account = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    after(rig.erp, account, lambda: rig.crm.changes(ACCOUNTS, account, tax_id="T-2"))
    assert (await level(rig))["tax_id"] == "T-2"


async def test_what_the_owner_changed_meanwhile_stands(rig):
    """Both renamed it within the same moment: the name is the CRM's to give."""
    customer = rig.erp.makes(CUSTOMERS, name="A", phone="1", **TERMS)

    def both():
        account = rig.crm.the(ACCOUNTS)["id"]
        rig.erp.changes(CUSTOMERS, customer, name="B", phone="2")
        rig.crm.changes(ACCOUNTS, account, name="C")

    after(rig.crm, customer, both)
    account = await level(rig)
    assert (account["name"], account["phone"]) == ("C", "2")


async def test_a_rename_of_the_owner_reaches_a_sender_that_was_renamed(rig):
    """The owner's rename before its own first event was seen is not hidden by what is kept."""
    customer = rig.erp.makes(CUSTOMERS, name="A", **TERMS)
    linked = f"{customer}/external-refs"
    after(rig.erp, linked, lambda: rig.crm.changes(ACCOUNTS, rig.crm.the(ACCOUNTS)["id"], name="C"))
    assert (await level(rig))["name"] == "C"


async def killed(rig, half, method, path):
    """Let the process die at such a call, after its effect."""
    real, reached = half.handle_async_request, asyncio.Event()

    async def answer(request):
        reply = await real(request)
        if request.method == method and path in request.url.path:
            reached.set()
            await asyncio.Event().wait()
        return reply

    half.handle_async_request = answer
    dying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(dying.drain())
    await asyncio.wait_for(reached.wait(), 20)
    for running in list(dying._running):
        running.cancel()
    await task
    half.handle_async_request = real
    await rig.fetch("update lane set lease_until = now() where lease_until is not null")


@pytest.mark.parametrize("call", ["create", "link", "change"])
async def test_killed_at_any_call_nothing_is_lost_and_nothing_doubled(rig, call):
    """B42: an hour between two calls is as good as a moment, whoever edits what meanwhile."""
    customer = rig.erp.makes(CUSTOMERS, name="A", phone="1", **TERMS)
    await rig.deliver()
    if call == "create":
        await killed(rig, rig.crm, "PUT", customer)
        rig.erp.changes(CUSTOMERS, customer, name="B")
    else:
        after(rig.crm, customer, lambda: rig.erp.changes(CUSTOMERS, customer, name="B"))
        if call == "link":
            await killed(rig, rig.erp, "POST", "external-refs")
        else:
            await killed(rig, rig.crm, "PATCH", ACCOUNTS)
    rig.crm.changes(ACCOUNTS, rig.crm.the(ACCOUNTS)["id"], phone="2")
    account = await level(rig)
    assert (account["name"], account["phone"]) == ("B", "2")


async def test_a_refused_creation_begins_anew_with_what_was_corrected(rig):
    """What the other half refused is not put again once the record was corrected."""
    customer = rig.erp.makes(CUSTOMERS, name="Bad", **TERMS)
    rig.crm.faults.append(Fault(422, "no_way", method="PUT"))
    await rig.synchronize()
    assert (await rig.lane("erp.customer"))["state"] == "parked"
    assert await rig.fetch("select * from creation") == []
    rig.erp.changes(CUSTOMERS, customer, name="Good")
    key = f"erp.customer:{customer}"
    await rig.deliver()
    reply = await rig.bridge.post(f"/v1/lanes/{key}/retry", {"note": "corrected"})
    assert reply.is_success, reply.text
    assert (await level(rig))["name"] == "Good"
    assert [call.body["name"] for call in rig.crm.wrote() if call.method == "PUT"] == [
        "Bad",
        "Good",
    ]


async def test_a_record_its_half_no_longer_has_is_for_a_person(rig):
    customer = rig.erp.makes(CUSTOMERS, name="A", **TERMS)
    await rig.deliver()
    del rig.erp.records[CUSTOMERS][customer]
    await rig.synchronize()
    lane = await rig.lane("erp.customer")
    assert (lane["state"], lane["reason"]) == ("parked", "record_missing")
    assert ACCOUNTS not in rig.crm.records


async def test_the_twins_own_event_waits_until_the_pair_is_recorded(rig):
    """B45, B51: it neither looks for a twin nor sets anything back; no call is made for it."""
    customer = rig.erp.makes(CUSTOMERS, name="A", **TERMS)
    await rig.deliver()
    await killed(rig, rig.crm, "PUT", customer)
    await rig.fetch("update lane set lease_until = now() + interval '1 hour'")
    calls = len(rig.crm.calls), len(rig.erp.calls)
    await rig.deliver()
    await rig.drain()
    lane = await rig.lane("crm.customer")
    assert (lane["state"], lane["waits_for"]) == ("waiting", f"customer crm:{lane['subject']}")
    assert (len(rig.crm.calls), len(rig.erp.calls)) == calls
    await rig.fetch("update lane set lease_until = now()")
    await level(rig)
    assert await rig.outcomes("crm.customer") == [("done", "unchanged")]


async def test_a_record_linked_by_hand_is_known(rig):
    """B51: the link is taken as it is, and each half puts what it owns."""
    account = rig.crm.makes(ACCOUNTS, name="Elm CRM", tax_id="T-1")
    customer = rig.erp.makes(CUSTOMERS, name="Elm ERP", tax_id="T-2", currency="CNY", **TERMS)
    refs = {"system": "erp", "external_id": customer}
    rig.crm.records[ACCOUNTS][account]["external_refs"].append(refs)
    await rig.synchronize()
    (pair,) = await rig.fetch("select * from pair")
    assert (pair["crm_id"], pair["how"]) == (UUID(account), "known")
    assert rig.erp.the(CUSTOMERS)["name"] == "Elm CRM"
    assert rig.crm.the(ACCOUNTS)["tax_id"] == "T-2"


# Many at once


async def test_many_new_ones_cross_by_calls_for_all(rig):
    """B44, B51: states, links, matches, one upsert, one call for the links of all."""
    for number in range(10):
        rig.erp.makes(CUSTOMERS, name=f"Elm {number}", **TERMS)
    await rig.deliver()
    await rig.drain()
    asked = [f"{call.method} {call.path}" for call in rig.erp.calls]
    made = [f"{call.method} {call.path}" for call in rig.crm.calls]
    assert asked == [
        "GET /v1/events/states",
        f"GET {CUSTOMERS}/external-refs",
        f"POST {CUSTOMERS}/external-refs/batch",
    ]
    assert made == [f"POST {ACCOUNTS}/matches", f"POST {ACCOUNTS}/by-external/erp/batch"]
    assert len(await rig.fetch("select * from pair")) == 10
    await rig.deliver()
    await rig.drain()
    assert len(rig.crm.calls) + len(rig.erp.calls) == 5
    assert await rig.outcomes("crm.customer") == [("done", "unchanged")] * 10
    assert await rig.fetch("select * from creation") == []


async def test_a_refused_one_holds_up_no_other(rig):
    """B33, B44: one is refused, one is for a person to say, one is found; the others are made."""
    rig.erp.makes(CUSTOMERS, name="Elm", email="elm@example.com", **TERMS)
    found = rig.erp.makes(CUSTOMERS, name="Oak", tax_id="T-1", **TERMS)
    rig.delivered["erp"] = len(rig.erp.outbox)
    accounts = [rig.crm.makes(ACCOUNTS, name=f"Ash {number}") for number in range(4)]
    rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    oak = rig.crm.makes(ACCOUNTS, name="Oak & Sons", tax_id="T-1")
    real = rig.erp._upsert

    def upsert(place, system, external_id, body, headers):
        if external_id == accounts[1]:
            return httpx.Response(422, json={"code": "no_way", "title": "No way"})
        return real(place, system, external_id, body, headers)

    rig.erp._upsert = upsert
    await rig.synchronize()
    lanes = await rig.fetch("select state, reason from lane where state <> 'idle' order by state")
    assert [tuple(one.values()) for one in lanes] == [("parked", "no_way"), ("waiting", "review")]
    pairs = await rig.fetch("select crm_id, erp_id, how from pair where how <> 'created'")
    assert [tuple(one.values()) for one in pairs] == [(UUID(oak), UUID(found), "certain")]
    assert len(await rig.fetch("select * from pair")) == 4
    assert rig.erp.records[CUSTOMERS][found]["name"] == "Oak & Sons"


@pytest.mark.parametrize(("half", "method"), [("erp", "POST"), ("crm", "POST"), ("crm", "GET")])
@pytest.mark.parametrize("fault", [Fault(after=True), Fault(503), Fault(422, "invalid")], ids=str)
async def test_a_call_for_all_that_fails_is_made_for_each(rig, half, method, fault):
    """B42: whatever took effect, each twin is made once."""
    for number in range(4):
        rig.crm.makes(ACCOUNTS, name=f"Elm {number}", tax_id=f"T-{number}")
    fault.method = method
    getattr(rig, half).faults.append(fault)
    await rig.synchronize(rounds=20)
    await rig.synchronize(rounds=20)
    assert len(rig.erp.records[CUSTOMERS]) == len(rig.crm.records[ACCOUNTS]) == 4
    assert len(await rig.fetch("select * from pair")) == 4
    assert {row["state"] for row in await rig.fetch("select state from lane")} == {"idle"}


async def test_of_a_lost_lease_no_pair_is_recorded(rig):
    """B25: the lane was taken over while its twin was made; the others are recorded."""
    accounts = [rig.crm.makes(ACCOUNTS, name=f"Elm {number}") for number in range(3)]
    await rig.deliver()
    taken = f"crm.customer:{accounts[1]}"
    rig.crm.gate = gate = asyncio.Event()
    zombie = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(zombie.drain())
    await rig.crm.called.wait()
    await rig.fetch("update lane set lease_epoch = lease_epoch + 1 where key = $1", taken)
    gate.set()
    await task
    pairs = {row["crm_id"] for row in await rig.fetch("select crm_id from pair")}
    assert pairs == {UUID(accounts[0]), UUID(accounts[2])}
