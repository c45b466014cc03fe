"""What an operator watches at /metrics."""

import re

from erp.app import SERVICE

CNY = {"currency": "CNY"}


async def figures(desk):
    """The ERP's own figures as Prometheus reads them."""
    page = (await desk.client.get("/metrics")).text
    names = [one.name for one in SERVICE.metrics]
    found = {
        name: re.search(rf'^tandem_{name}{{service="erp"}} (\S+)$', page, re.MULTILINE)
        for name in names
    }
    assert all(found.values()), found
    return {name: float(number[1]) for name, number in found.items() if number}


async def test_what_waits_is_counted_and_counted_no_more_when_it_is_done(desk, office):
    before = await figures(desk)
    item = await desk.item()
    customer = await desk.customer(credit_limit=CNY | {"amount": "5.00"})
    buyer = await desk.customer()
    line = {"item_id": item["id"], "quantity": "2", "unit_price": CNY | {"amount": "9.00"}}
    held = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    short = await desk.add("/v1/sales-orders", customer_id=buyer["id"], lines=[line])
    assert (held["state"], short["state"]) == ("on_hold", "confirmed")
    waiting = await figures(desk)
    assert {name: waiting[name] - before[name] for name in before} == {
        "orders_on_hold": 1,
        "orders_waiting_for_stock": 1,
        "approvals_pending": 1,
        "purchase_suggestions_open": 1,
    }
    for order in (held, short):
        await office.does(f"/v1/sales-orders/{order['id']}/cancel")
    after = await figures(desk)
    assert after["orders_on_hold"] == before["orders_on_hold"]
    assert after["orders_waiting_for_stock"] == before["orders_waiting_for_stock"]
    assert after["approvals_pending"] == before["approvals_pending"]
