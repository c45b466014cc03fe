"""An order from its acceptance to its payment, as a seller, a storekeeper and a cashier see it."""

from decimal import Decimal
from uuid import uuid4

import pytest

from erp.ledger.service.years import ensure_year


@pytest.fixture(scope="session")
async def shop(erp):
    async with erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return erp


async def stocked(desk, shop, quantity, cost="7.00"):
    item = await desk.item()
    if quantity:
        reply = await shop.post(
            "/v1/stock-receipts",
            {
                "lines": [
                    {
                        "sku": item["sku"],
                        "quantity": quantity,
                        "unit_cost": {"amount": cost, "currency": "CNY"},
                    }
                ]
            },
        )
        assert reply.status_code == 201, reply.text
    return item


def order_of(customer, *lines, version=1, **facts):
    return {
        "source_version": version,
        "customer_id": customer["id"],
        "lines": [
            {
                "item_id": item["id"],
                "external_line_id": f"L{at}",
                "quantity": quantity,
                "unit_price": {"amount": price, "currency": "CNY"},
                "discount": discount,
            }
            for at, (item, quantity, price, discount) in enumerate(lines, 1)
        ],
    } | facts


async def sent(shop, body, order_id=None):
    return await shop.client.put(
        f"/v1/sales-orders/by-external/crm/{order_id or uuid4()}", json=body
    )


async def test_an_order_is_confirmed_reserved_shipped_invoiced_and_paid(shop, desk):
    """E47, E14, E19, E29: the whole way, each step posted."""
    customer, item = await desk.customer(), await stocked(desk, shop, "10")
    freight = [{"amount": {"amount": "5.00", "currency": "CNY"}}]
    body = order_of(customer, (item, "4", "12.50", "0.05"), charges=freight)
    reply = await sent(shop, body)
    assert reply.status_code == 201, reply.text
    order = reply.json()
    assert (order["state"], order["net"], order["charges"]) == ("confirmed", "47.50", "5.00")
    assert order["lines"][0]["reserved"] == "4"
    path = f"/v1/sales-orders/{order['id']}"
    shipped = await shop.post(f"{path}/shipments", {"carrier": "UPS", "tracking_number": "1Z"})
    assert shipped.status_code == 201, shipped.text
    invoiced = await shop.post(f"{path}/invoices", {})
    assert invoiced.status_code == 201, invoiced.text
    assert invoiced.json()["gross"]["amount"] == "52.50"
    seen = await desk.see(path)
    assert (seen["state"], seen["invoiced"]) == ("completed", "52.50")
    assert seen["shipments"][0]["tracking_number"] == "1Z"
    paid = await shop.post(
        "/v1/payments",
        {"party_id": customer["id"], "amount": {"amount": "52.50", "currency": "CNY"}},
    )
    assert paid.status_code == 201, paid.text
    assert paid.json()["unallocated"] == "0.00"
    owed = await desk.see(f"/v1/reports/receivables?party_id={customer['id']}")
    assert owed["items"] == []
    level = await desk.see(f"/v1/stock-levels?sku={item['sku']}")
    assert [(one["on_hand"], one["reserved"]) for one in level["items"]] == [("6", "0")]


async def test_what_is_short_waits_and_is_reserved_when_it_comes(shop, desk):
    """E47: the rest is an exact backorder, filled by the receipt."""
    customer, item = await desk.customer(), await stocked(desk, shop, "3")
    order = (await sent(shop, order_of(customer, (item, "5", "1.00", "0")))).json()
    assert (order["lines"][0]["reserved"], order["lines"][0]["waiting"]) == ("3", "2")
    path = f"/v1/sales-orders/{order['id']}"
    await shop.post(f"{path}/shipments", {})
    await shop.post(
        "/v1/stock-receipts",
        {
            "lines": [
                {
                    "sku": item["sku"],
                    "quantity": "9",
                    "unit_cost": {"amount": "7", "currency": "CNY"},
                }
            ]
        },
    )
    line = (await desk.see(path))["lines"][0]
    assert (line["reserved"], line["waiting"], line["shipped"]) == ("2", "0", "3")


async def test_the_same_order_sent_again_or_late_changes_nothing(shop, desk):
    """E48, B41: versions in any order converge to one order."""
    customer, item = await desk.customer(), await stocked(desk, shop, "100")
    order_id = uuid4()
    newer = order_of(customer, (item, "8", "1.00", "0"), version=3)
    older = order_of(customer, (item, "5", "1.00", "0"), version=2)
    first = await sent(shop, newer, order_id)
    late = await sent(shop, older, order_id)
    again = await sent(shop, newer, order_id)
    assert (late.status_code, late.headers["tandem-outcome"]) == (200, "stale")
    assert again.headers["tandem-outcome"] == "unchanged"
    assert late.json()["version"] == first.json()["version"] == 1
    amended = await sent(shop, order_of(customer, (item, "6", "1.00", "0"), version=4), order_id)
    shown = {"kind": "change", "state": "accepted", "reason": "", "source_version": 4}
    assert amended.json()["last_change"] == shown | {"source_history": None}
    assert amended.json()["lines"][0]["reserved"] == "6"


async def test_an_order_beyond_the_credit_limit_waits_for_approval(shop, desk):
    limit = {"amount": "100.00", "currency": "CNY"}
    customer = await desk.customer(credit_limit=limit)
    item = await stocked(desk, shop, "50")
    order = (await sent(shop, order_of(customer, (item, "11", "10.00", "0")))).json()
    assert (order["state"], order["reason"]) == ("on_hold", "credit")
    assert order["lines"][0]["reserved"] == "0"
    asked = (await desk.see(f"/v1/approvals?subject_id={order['id']}"))["items"][0]
    assert (asked["facts"]["limit"], asked["facts"]["beyond"]) == ("100.00", "10.00")
    own = await shop.post(f"/v1/approvals/{asked['id']}/approve", {})
    assert (own.status_code, own.json()["code"]) == (403, "own_request")
    boss = await shop.as_("sales.approve")
    headers = {"Idempotency-Key": str(uuid4())}
    granted = await boss.post(f"/v1/approvals/{asked['id']}/approve", json={}, headers=headers)
    assert granted.status_code == 200, granted.text
    assert (await desk.see(f"/v1/sales-orders/{order['id']}"))["state"] == "confirmed"


async def test_cancelling_frees_the_reservation_at_once(shop, desk):
    """E47: a cancelled remainder frees reservation and demand at once, for who waits."""
    customer, item = await desk.customer(), await stocked(desk, shop, "5")
    first = (await sent(shop, order_of(customer, (item, "5", "1.00", "0")))).json()
    second = (await sent(shop, order_of(customer, (item, "4", "1.00", "0")))).json()
    assert second["lines"][0]["waiting"] == "4"
    cancelled = await shop.post(f"/v1/sales-orders/{first['id']}/cancel", {})
    assert cancelled.json()["state"] == "cancelled", cancelled.text
    assert (await desk.see(f"/v1/sales-orders/{second['id']}"))["lines"][0]["reserved"] == "4"


async def test_after_shipment_a_cancellation_is_refused_and_a_return_credits(shop, desk):
    customer, item = await desk.customer(), await stocked(desk, shop, "5")
    order = (await sent(shop, order_of(customer, (item, "5", "2.00", "0")))).json()
    path = f"/v1/sales-orders/{order['id']}"
    await shop.post(f"{path}/shipments", {})
    await shop.post(f"{path}/invoices", {})
    refused = await shop.post(f"{path}/cancel", {})
    assert refused.status_code == 409
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "2"}
    back = await shop.post(f"{path}/returns", {"lines": [line]})
    assert back.status_code == 201, back.text
    owed = (await desk.see(f"/v1/reports/receivables?party_id={customer['id']}"))["items"][0]
    assert owed["balance"] == "6.00"


async def test_a_rejected_order_says_why(shop, desk):
    """E49: a refusal is a state with its reason, in one event."""
    customer = await desk.customer()
    item = await desk.item(discontinued_on="2020-01-01")
    order = (await sent(shop, order_of(customer, (item, "1", "2.00", "0")))).json()
    assert (order["state"], order["reason"]) == ("rejected", f"not_sold: {item['sku']}")
    assert len(await desk.events_of(order["id"])) == 1


async def test_an_unknown_item_or_customer_makes_the_sender_wait(shop, desk, problem):
    """B54: missing_reference, nothing changed."""
    customer = await desk.customer()
    body = order_of(customer, ({"id": str(uuid4())}, "1", "2.00", "0"))
    problem(await sent(shop, body), 422, "missing_reference")
    item = await stocked(desk, shop, None)
    body = order_of({"id": str(uuid4())}, (item, "1", "2.00", "0"))
    problem(await sent(shop, body), 422, "missing_reference")


async def test_the_books_agree_with_documents_and_stock(shop, desk):
    """E14, E29: receivables equal the control account; inventory equals its valuation."""
    balance = await desk.see("/v1/reports/trial-balance?on=2999-12-31")
    assert balance["debit"] == balance["credit"]
    held = {one["role"]: Decimal(one["balance"]) for one in balance["accounts"] if one["role"]}
    owed = (await desk.see("/v1/reports/receivables"))["items"]
    assert held["receivable"] == sum((Decimal(one["balance"]) for one in owed), Decimal(0))
