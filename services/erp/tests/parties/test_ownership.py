"""A customer that a CRM knows as well: what the CRM leads in is changed there only."""

import asyncio
from uuid import UUID

import pytest

from chassis.testing.waiting import until
from erp.parties.rules.ownership import LED_BY_CRM
from erp.parties.schemas import ChangeCustomer
from erp.parties.service.customers import CUSTOMER
from records import writes

PATH = "/v1/customers"
LED = {
    "name": "Another name",
    "email": "other@b.example",
    "phone": "+49 30 1234567",
    "website": "https://other.example",
    "language": "en",
    "ship_to": {"city": "Hamburg"},
}


@pytest.fixture
async def linked(desk):
    """A customer made here and known to a CRM since."""
    customer = await desk.customer(email="a@b.example", ship_to={"city": "上海", "country": "CN"})
    return await links(desk, customer, "crm")


async def links(desk, customer, system):
    facts = {"system": system, "external_id": desk.word()}
    reply = await desk.erp.post(f"{PATH}/{customer['id']}/external-refs", facts)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    ("changed", "led"),
    [
        ([], []),
        (["tax_id", "bill_to", "credit_limit", "status"], []),
        (["ship_to", "currency", "name"], ["name", "ship_to"]),
    ],
)
def test_names_and_ways_to_reach_a_customer_are_the_crms(changed, led):
    """B48: a field has exactly one owner."""
    assert sorted(LED_BY_CRM.intersection(changed)) == led


@pytest.mark.parametrize("field", LED)
async def test_a_change_of_what_a_crm_leads_in_is_refused_and_nothing_changes(
    desk, problem, linked, field
):
    """B48: a write by who does not own the field is refused, and says where to turn."""
    facts = {field: LED[field], "legal_name": "Not taken either"}
    reply = await desk.change(f"{PATH}/{linked['id']}", facts, revision=linked["version"])
    told = problem(reply, 409, "managed_by_crm")
    assert told["facts"] == {"fields": field, "entity": "customer"}
    assert await desk.see(f"{PATH}/{linked['id']}") == linked
    assert len(await desk.events_of(linked["id"])) == 1


async def test_the_same_value_again_is_no_change(desk, linked):
    facts = {"name": linked["name"], "email": linked["email"], "payment_terms_days": 10}
    reply = await desk.change(f"{PATH}/{linked['id']}", facts, revision=linked["version"])
    assert (reply.status_code, reply.json()["payment_terms_days"]) == (200, 10)


async def test_what_the_erp_leads_in_stays_free_to_change(desk, linked):
    facts = {
        "tax_id": desk.word("TAX"),
        "legal_name": "Lakeside Ltd",
        "bill_to": {"city": "Kiel"},
        "credit_limit": {"amount": "5.00", "currency": "CNY"},
        "dunning_block": True,
        "price_list": "standard",
    }
    reply = await desk.change(f"{PATH}/{linked['id']}", facts, revision=linked["version"])
    assert reply.status_code == 200, reply.text
    assert reply.json()["bill_to"]["city"] == "Kiel"


async def test_the_crm_itself_changes_what_it_leads_in(desk, linked):
    """B41: by its upsert, the way in which its changes always come."""
    [ref] = linked["external_refs"]
    reply = await desk.send(PATH, ref["external_id"], 2, **LED | {"ship_to": {"city": "Kiel"}})
    assert reply.headers["Tandem-Outcome"] == "updated", reply.text
    assert reply.json()["name"] == LED["name"]


async def test_another_system_does_not_change_it_either(desk, problem, linked):
    """B48: neither by an upsert of its own, nor inside a batch."""
    ours = await links(desk, linked, "shop")
    external_id = next(r["external_id"] for r in ours["external_refs"] if r["system"] == "shop")
    refused = await desk.send(PATH, external_id, 1, system="shop", name="Shop's name")
    problem(refused, 409, "managed_by_crm")
    item = {"external_id": external_id, "source_version": 1, "name": "Shop's name"}
    reply = await desk.erp.post(f"{PATH}/by-external/shop/batch", {"items": [item]})
    [outcome] = reply.json()["items"]
    assert (outcome["status"], outcome["problem"]["code"]) == ("failed", "managed_by_crm")
    assert await desk.see(f"{PATH}/{linked['id']}") == ours


async def test_linked_to_another_system_only_it_is_ours_to_change(desk):
    customer = await links(desk, await desk.customer(), "shop")
    reply = await desk.change(f"{PATH}/{customer['id']}", LED, revision=1)
    assert reply.status_code == 200, reply.text


async def test_the_link_waits_for_a_change_at_hand(desk, problem):
    """B48: so no change is accepted that the CRM, leading from the link on, never sees."""
    customer = await desk.customer()
    path = f"{PATH}/{customer['id']}"
    link = {"system": "crm", "external_id": desk.word()}
    async with desk.erp.database.transaction() as work:
        command = ChangeCustomer(name="Mine")
        await writes.change(work, CUSTOMER, UUID(customer["id"]), command, revision=1)
        linking = asyncio.create_task(desk.erp.post(f"{path}/external-refs", link))
        blocker = await work.sql.fetchval("select pg_backend_pid()")
        blocked = "pg_stat_activity", "$1 = any(pg_blocking_pids(pid))", blocker

        async def waits():
            return await desk.count(*blocked) == 1

        await until(waits)
        assert not linking.done()
    linked = (await linking).json()
    assert (linked["name"], linked["version"]) == ("Mine", 2)
    late = await desk.change(path, {"name": "Late"}, revision=2)
    problem(late, 409, "managed_by_crm")


async def test_the_refusal_speaks_chinese(desk, linked):
    reply = await desk.client.patch(
        f"{PATH}/{linked['id']}",
        json={"name": "别名"},
        headers={"If-Match": '"1"', "Accept-Language": "zh-CN"},
    )
    assert reply.json()["detail"].startswith("此客户的 name 由 CRM 主管")


async def test_a_link_is_forgotten_and_nobody_leads_any_more(desk):
    """The record stays, may be changed again here, and may be linked anew."""
    customer = await desk.customer()
    path = f"/v1/customers/{customer['id']}"
    other = "crm"
    for external_id in ("R-1", "R-2"):
        ref = {"system": other, "external_id": external_id + customer["id"]}
        reply = await desk.erp.post(f"{path}/external-refs", ref)
        assert reply.status_code == 200, reply.text
        present = {"name": desk.word("T")}
        revision = reply.headers["ETag"].strip('"')
        assert (await desk.change(path, present, revision=revision)).status_code == 409
        for _ in range(2):
            gone = await desk.client.delete(f"{path}/external-refs/{other}/{ref['external_id']}")
            assert (gone.status_code, gone.json()["external_refs"]) == (200, [])
        assert (await desk.change(path, present, revision=revision)).status_code == 200


async def test_only_the_link_that_is_named_is_forgotten(desk):
    one, other = await desk.customer(), await desk.customer()
    ref = {"system": "shop", "external_id": one["id"]}
    await desk.erp.post(f"/v1/customers/{one['id']}/external-refs", ref)
    wrong = f"/v1/customers/{other['id']}/external-refs/shop/{one['id']}"
    assert (await desk.client.delete(wrong)).status_code == 200
    assert (await desk.see(f"/v1/customers/{one['id']}"))["external_refs"] == [ref]
