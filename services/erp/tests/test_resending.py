"""What stays of an order when the same content is sent again under a newer version."""

from uuid import uuid4

import pytest

MONEY = {"amount": "1.00", "currency": "CNY"}
ORDERS = "/v1/sales-orders"


async def _held(desk):
    """An order beyond its customer's credit, and how it is sent."""
    limit = {"amount": "10.00", "currency": "CNY"}
    customer, item = await desk.customer(credit_limit=limit), await desk.item()
    price = {"amount": "100.00", "currency": "CNY"}
    line = {"sku": item["sku"], "quantity": "1", "unit_price": price}
    return str(uuid4()), {"customer_id": customer["id"], "lines": [line]}


async def _order(desk, order_id):
    """The order as it is shown, without the version that was sent last."""
    shown = await desk.see(f"/v1/sales-orders/{order_id}")
    return {name: value for name, value in shown.items() if name != "external_refs"}


async def _approvals(desk, order_id):
    page = await desk.see(f"/v1/approvals?subject_id={order_id}")
    return [(one["id"], one["state"]) for one in page["items"]]


@pytest.mark.parametrize("batch", [True, False])
async def test_a_refused_order_sleeps_on(desk, batch):
    key, body = await _held(desk)
    _, order_id = await desk.upsert(ORDERS, key, 1, body, batch=batch)
    [(approval, state)] = await _approvals(desk, order_id)
    assert state == "pending"
    assert await desk.upsert(ORDERS, key, 2, body, batch=batch) == ("unchanged", order_id)
    assert await _approvals(desk, order_id) == [(approval, "pending")]
    approver = await desk.erp.as_("admin")
    refused = await approver.post(
        f"/v1/approvals/{approval}/refuse",
        json={"note": "No."},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert refused.status_code == 200, refused.text
    before = await _order(desk, order_id)
    assert (before["state"], before["reason"]) == ("rejected", "credit_refused")
    assert await desk.upsert(ORDERS, key, 3, body, batch=batch) == ("unchanged", order_id)
    assert await _order(desk, order_id) == before
    assert await _approvals(desk, order_id) == [(approval, "refused")]


async def test_an_order_of_before_its_content_was_kept_sleeps_on(desk):
    """What was sent before this version kept no content: the order itself tells."""
    key, body = await _held(desk)
    _, order_id = await desk.upsert(ORDERS, key, 1, body, batch=False)
    async with desk.erp.database.driver() as sql:
        await sql.execute(
            "update external_reference set content = null where entity_id = $1::text::uuid",
            order_id,
        )
    before, asked = await _order(desk, order_id), await _approvals(desk, order_id)
    assert await desk.upsert(ORDERS, key, 2, body, batch=False) == ("unchanged", order_id)
    assert await _order(desk, order_id) == before
    assert await _approvals(desk, order_id) == asked


async def test_what_was_amended_here_stays_when_the_same_is_sent(desk):
    customer, item, key = await desk.customer(), await desk.item(), desk.word()
    line = {"sku": item["sku"], "quantity": "2.0", "unit_price": MONEY, "discount": "0.10"}
    body = {"customer_id": customer["id"], "lines": [line], "note": "Today."}
    _, order_id = await desk.upsert(ORDERS, key, 1, body, batch=False)
    order = await desk.see(f"/v1/sales-orders/{order_id}")
    line = body["lines"][0] | {"quantity": "1"}
    changed = await desk.client.put(
        f"/v1/sales-orders/{order_id}/content",
        json={"lines": [line]},
        headers={"If-Match": f'"{order["version"]}"'},
    )
    assert changed.status_code == 200, changed.text
    assert await desk.upsert(ORDERS, key, 2, body, batch=False) == ("unchanged", order_id)
    [line] = (await desk.see(f"/v1/sales-orders/{order_id}"))["lines"]
    assert line["quantity"] == "1"
