"""Links that a person ends or makes."""

from uuid import uuid4

import pytest

from sync_bridge.lanes.pairing import UNLINK, StillLinked, forget_links
from tests.halves import Fault

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"


async def the_pair(rig):
    (one,) = (await rig.bridge.client.get("/v1/mappings")).json()["items"]
    return one


async def unlink(rig, pair, note="two firms after all"):
    return await rig.bridge.post(f"/v1/mappings/{pair['id']}/unlink", {"note": note})


async def run_jobs(rig):
    """What the worker does for the links that ended."""
    for row in await rig.fetch("select payload from job where kind = $1", UNLINK):
        await forget_links(rig.targets, row["payload"])


async def apart(rig, half):
    params = {"state": "apart", "half": half}
    (one,) = (await rig.bridge.client.get("/v1/reviews", params=params)).json()["items"]
    return one


async def decide(rig, one, **decision):
    return await rig.bridge.post(
        f"/v1/reviews/{one['id']}/decision",
        decision,
        headers={"If-Match": f'"{one["version"]}"'},
    )


@pytest.fixture
async def unlinked(rig):
    """An account and a customer of one tax id that were linked and are no more."""
    account = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    customer = rig.erp.the(CUSTOMERS)["id"]
    assert (await unlink(rig, await the_pair(rig))).status_code == 204
    await run_jobs(rig)
    return rig, account, customer


async def test_both_halves_forget_each_other_and_keep_their_records(unlinked):
    rig, account, customer = unlinked
    assert rig.crm.the(ACCOUNTS)["external_refs"] == rig.erp.the(CUSTOMERS)["external_refs"] == []
    assert await rig.fetch("select * from pair") == []
    assert await rig.fetch("select * from shadow") == []
    acts = await rig.fetch("select lane, act, note from lane_act order by lane")
    assert [(act["lane"], act["act"]) for act in acts] == [
        (f"crm.customer:{account}", "unlink"),
        (f"erp.customer:{customer}", "unlink"),
    ]
    assert {act["note"] for act in acts} == {"two firms after all"}


async def test_the_bridge_neither_links_nor_doubles_them_again(unlinked):
    """Even the same tax id is no reason: a person said that they are two."""
    rig, account, customer = unlinked
    rig.crm.changes(ACCOUNTS, account, name="Elm & Co")
    rig.erp.changes(CUSTOMERS, customer, name="Elm GmbH")
    await rig.synchronize()
    assert (rig.crm.the(ACCOUNTS)["name"], rig.erp.the(CUSTOMERS)["name"]) == (
        "Elm & Co",
        "Elm GmbH",
    )
    assert await rig.fetch("select * from pair") == []
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_the_same_two_are_linked_again_by_another_answer(unlinked):
    rig, account, customer = unlinked
    rig.crm.changes(ACCOUNTS, account, name="Elm & Co")
    await rig.synchronize()
    answer = await decide(rig, await apart(rig, "crm"), decision="link", candidate=customer)
    assert answer.status_code == 200, answer.text
    await rig.synchronize()
    pair = await the_pair(rig)
    assert (pair["crm_id"], pair["erp_id"], pair["how"]) == (account, customer, "person")
    assert rig.erp.the(CUSTOMERS)["name"] == "Elm & Co"


async def test_whatever_is_decided_once_more_takes_effect_once_more(unlinked):
    """Linked and ended again and again: no half answers a later request with an earlier reply."""
    rig, account, customer = unlinked
    for _ in range(2):
        answer = await decide(rig, await apart(rig, "crm"), decision="link", candidate=customer)
        assert answer.status_code == 200, answer.text
        await rig.synchronize()
        pair = await the_pair(rig)
        assert (pair["crm_id"], pair["erp_id"]) == (account, customer)
        assert linked(rig) == ([customer], [account])
        assert (await unlink(rig, pair)).status_code == 204
        await run_jobs(rig)
        assert linked(rig) == ([], [])
    answer = await decide(rig, await apart(rig, "crm"), decision="create", note="a new one")
    assert answer.status_code == 200, answer.text
    await rig.synchronize()
    pair = await the_pair(rig)
    assert (pair["crm_id"], pair["erp_id"] != customer) == (account, True)
    assert len(rig.erp.records[CUSTOMERS]) == 2
    assert await rig.fetch("select * from inbox where state = 'quarantined'") == []
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


def linked(rig):
    """Ids of the other half that the account and the first customer know."""
    account = rig.crm.the(ACCOUNTS)
    customer = next(iter(rig.erp.records[CUSTOMERS].values()))
    return tuple(
        [ref["external_id"] for ref in record["external_refs"]] for record in (account, customer)
    )


async def test_another_one_is_linked_by_hand(unlinked):
    rig, account, _ = unlinked
    other = rig.erp.makes(CUSTOMERS, name="Elm North", tax_id="T-2")
    await rig.deliver()
    body = {"type": "customer", "crm_id": account, "erp_id": other, "note": "the northern branch"}
    reply = await rig.bridge.post("/v1/mappings", body)
    assert (reply.status_code, reply.json()["state"]) == (202, "linked")
    await rig.synchronize()
    assert (await the_pair(rig))["erp_id"] == other
    assert len(rig.crm.records[ACCOUNTS]) == 1


async def test_a_lost_one_is_made_again_from_the_other_side(rig):
    """What a restore of the ERP lost: the link ends, and the account makes a customer anew."""
    account = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1", email="elm@example.com")
    await rig.synchronize()
    lost = rig.erp.the(CUSTOMERS)["id"]
    del rig.erp.records[CUSTOMERS][lost]
    rig.erp.taken.clear()
    assert (await unlink(rig, await the_pair(rig), "lost by a restore")).status_code == 204
    await run_jobs(rig)
    answer = await decide(rig, await apart(rig, "crm"), decision="create", note="made again")
    assert answer.status_code == 200, answer.text
    await rig.synchronize()
    made = rig.erp.the(CUSTOMERS)
    assert made["id"] != lost
    assert (made["name"], made["email"]) == ("Elm", "elm@example.com")
    pair = await the_pair(rig)
    assert (pair["crm_id"], pair["erp_id"]) == (account, made["id"])


ITEMS, PRODUCTS = "/v1/items", "/v1/products"
ORDERS, SALES = "/v1/orders", "/v1/sales-orders"


async def pairs(rig):
    found = await rig.fetch("select entity, crm_id::text, erp_id::text from pair")
    return {(row["entity"], row["crm_id"], row["erp_id"]) for row in found}


@pytest.mark.parametrize("together", [False, True])
async def test_a_lost_product_is_made_again_from_the_item(rig, together):
    """What a restore of the CRM lost: the ERP leads in it, so the item's next change makes it."""
    items = [rig.erp.makes(ITEMS, sku=f"BOLT-{n}") for n in range(2 if together else 1)]
    await rig.synchronize()
    rig.crm.records[PRODUCTS].clear()
    rig.crm.taken.clear()
    for item in items:
        rig.erp.changes(ITEMS, item, name="Bolt")
    await rig.synchronize()
    made = rig.crm.records[PRODUCTS]
    ids = {record["external_refs"][0]["external_id"]: record["id"] for record in made.values()}
    assert await pairs(rig) == {("product", ids[item], item) for item in items}
    for item in items:
        rig.erp.changes(ITEMS, item, name="Bolt 8")
    await rig.synchronize()
    assert [record["name"] for record in made.values()] == ["Bolt 8"] * len(items)
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_an_order_that_the_erp_lost_is_made_again_by_its_next_change(rig):
    """It is told under the CRM's id, so there is one."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.synchronize()
    (product,) = rig.crm.records[PRODUCTS]
    money = {"amount": "2.00", "currency": "CNY"}
    line = {"id": str(uuid4()), "product_id": product, "quantity": "3", "unit_price": money}
    order = rig.crm.makes(
        ORDERS,
        account_id=account,
        ordered_on="2026-05-05",
        lines=[line],
        freight=money,
        state="placed",
        content_version=1,
    )
    await rig.synchronize()
    lost = rig.erp.the(SALES)["id"]
    rig.erp.records[SALES].clear()
    rig.erp.taken.clear()
    rig.crm.changes(ORDERS, order, note="ring", content_version=2)
    await rig.synchronize()
    made = rig.erp.the(SALES)
    assert (made["note"], made["lines"][0]["quantity"], made["id"] != lost) == ("ring", "3", True)
    rig.crm.changes(ORDERS, order, note="bell", content_version=3)
    await rig.synchronize()
    assert (rig.erp.the(SALES)["id"], rig.erp.the(SALES)["note"]) == (made["id"], "bell")
    assert {one for one in await pairs(rig) if one[0] == "order"} == {("order", order, made["id"])}
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_a_linked_record_is_not_linked_to_another_one(rig):
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.synchronize()
    body = {"type": "customer", "crm_id": account, "erp_id": str(uuid4()), "note": "guess"}
    reply = await rig.bridge.post("/v1/mappings", body)
    assert (reply.status_code, reply.json()["code"]) == (409, "pair_taken")


async def test_records_that_nobody_heard_of_are_not_linked(rig):
    ids = {"crm_id": str(uuid4()), "erp_id": str(uuid4())}
    reply = await rig.bridge.post("/v1/mappings", {"type": "customer", "note": "guess"} | ids)
    assert (reply.status_code, reply.json()["code"]) == (409, "nothing_to_carry")
    assert await rig.fetch("select * from review") == []


async def test_no_link_ends_while_its_record_is_delivered(rig):
    rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.synchronize()
    await rig.fetch("update lane set lease_until = now() + interval '1 minute'")
    reply = await unlink(rig, await the_pair(rig))
    assert (reply.status_code, reply.json()["code"]) == (409, "lane_moving")
    assert len(await rig.fetch("select * from pair")) == 1


async def test_links_of_products_are_not_for_persons(rig):
    rig.erp.makes("/v1/items", sku="LAMP", name="Lamp")
    await rig.synchronize()
    reply = await unlink(rig, await the_pair(rig))
    assert (reply.status_code, reply.json()["code"]) == (422, "not_unlinked")


async def test_unlinking_twice_finds_no_link(unlinked):
    rig, _, _ = unlinked
    assert (await unlink(rig, {"id": str(uuid4())})).status_code == 404


async def test_a_half_that_does_not_answer_is_asked_again(rig):
    rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.synchronize()
    await unlink(rig, await the_pair(rig))
    rig.erp.faults.append(Fault(503, method="DELETE"))
    with pytest.raises(StillLinked):
        await run_jobs(rig)
    await run_jobs(rig)
    assert rig.erp.the(CUSTOMERS)["external_refs"] == []


async def test_a_link_by_hand_to_what_is_no_record_parks_with_words(rig):
    """Whoever linked it reads what is wrong, and other records are delivered meanwhile."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    rig.crm.records[ACCOUNTS][account]["external_refs"] = [{"system": "erp", "external_id": "abc"}]
    rig.crm.makes(ACCOUNTS, name="Oak")
    await rig.synchronize()
    lane = (await rig.bridge.client.get(f"/v1/lanes/crm.customer:{account}")).json()
    assert (lane["state"], lane["reason"]) == ("parked", "no_id")
    assert "'abc', which is no id of a record" in lane["explanation"]
    assert [one["name"] for one in rig.erp.records[CUSTOMERS].values()] == ["Oak"]
