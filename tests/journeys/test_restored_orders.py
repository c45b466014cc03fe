"""Orders between the halves after one of them was restored from a backup."""

import pytest

from .test_backfill import PRICE, backups, halves, make, order_lines

__all__ = ["backups", "halves"]


@pytest.fixture
async def buyer(halves):
    """An account that both halves know, and something to buy."""
    await make(halves.erp, "/v1/items", sku="BOLT", name="Bolt")
    account = await make(halves.crm, "/v1/accounts", name="Elm", stage="customer")
    await halves.crosses()
    return account


async def place(halves, account):
    """An order of 5, which both halves know."""
    line = {"product": "BOLT", "quantity": "5", "unit_price": PRICE}
    made = await make(halves.crm, "/v1/orders", account_id=account["id"], lines=[line])
    await halves.crosses()
    return made


@pytest.fixture
async def order(halves, buyer):
    return await place(halves, buyer)


async def change(halves, order, **facts):
    """The seller changes the order; `quantity`: of its line, which is told by its id."""
    path = f"/v1/orders/{order['id']}"
    now = await halves.crm.client.get(path)
    if quantity := facts.pop("quantity", None):
        facts["lines"] = [{"id": now.json()["lines"][0]["id"], "quantity": quantity}]
    reply = await halves.crm.client.patch(
        path, json=facts, headers={"If-Match": now.headers["ETag"]}
    )
    assert reply.status_code == 200, reply.text


async def sale_of(halves):
    (sale,) = (await halves.erp.client.get("/v1/sales-orders")).json()["items"]
    return sale


async def everywhere(halves, order):
    """Quantities of the order, there and here, and the note there."""
    sale = await sale_of(halves)
    there = await order_lines(halves.erp, "/v1/sales-orders", sale["id"])
    return there, await order_lines(halves.crm, "/v1/orders", order["id"]), sale["note"]


async def test_a_change_that_a_restored_erp_lost_arrives_with_the_next_one(halves, backups, order):
    """The seller took over 12 from the ERP, which is back at 5: the note brings the 12 along."""
    back_up, restore = backups
    await back_up(halves.erp)
    await change(halves, order, quantity="12")
    await halves.crosses()
    assert await everywhere(halves, order) == (["12"], ["12"], "")
    await restore(halves.erp)
    await make(halves.erp, "/v1/items", sku="NUT", name="Nut")
    await change(halves, order, note="ring")
    await halves.crosses()
    await halves.reads_all("erp")
    await halves.crosses()
    assert await everywhere(halves, order) == (["12"], ["12"], "ring")


async def test_an_order_that_a_restored_erp_lost_is_made_again_once(halves, backups, buyer):
    """By the seller's next change; how it stands is that of the new one from then on."""
    back_up, restore = backups
    await back_up(halves.erp)
    order = await place(halves, buyer)
    lost = await sale_of(halves)
    await restore(halves.erp)
    await make(halves.erp, "/v1/items", sku="NUT", name="Nut")
    await halves.crosses()
    assert (await halves.erp.client.get("/v1/sales-orders")).json()["items"] == []
    await change(halves, order, quantity="6")
    await halves.crosses()
    assert (await sale_of(halves))["id"] != lost["id"]
    await change(halves, order, note="ring")
    await halves.crosses()
    assert await everywhere(halves, order) == (["6"], ["6"], "ring")
    seen = (await halves.crm.client.get(f"/v1/orders/{order['id']}")).json()
    assert (seen["erp"]["note"], seen["erp"]["source_version"]) == ("ring", 3)
    pairs = await halves.fetch("select entity, crm_id::text, erp_id::text from pair")
    there = (await sale_of(halves))["id"]
    found = {tuple(one.values()) for one in pairs if one["crm_id"] == order["id"]}
    assert found == {(entity, order["id"], there) for entity in ("order", "fulfilment")}
    assert await halves.fetch("select key from lane where state <> 'idle'") == []
