"""Orders between the halves after one of them was restored from a backup."""

import pytest

from .test_backfill import PRICE, backups, halves, make, order_lines

__all__ = ["backups", "halves"]


@pytest.fixture
async def order(halves):
    """An order of 5, which both halves know."""
    await make(halves.erp, "/v1/items", sku="BOLT", name="Bolt")
    account = await make(halves.crm, "/v1/accounts", name="Elm", stage="customer")
    await halves.crosses()
    line = {"product": "BOLT", "quantity": "5", "unit_price": PRICE}
    made = await make(halves.crm, "/v1/orders", account_id=account["id"], lines=[line])
    await halves.crosses()
    return made


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
