"""The present states of records say what their last events say, of every type that is read."""

import pytest

from erp.app import SERVICE
from erp.fulfilment.service.publishing import refresh_orders
from erp.ledger.service.years import ensure_year
from identity.testing.service import running

MONEY = {"amount": "20.00", "currency": "CNY"}


@pytest.fixture
async def clerk(cluster, desk):
    """A clerk of a company of its own, so that all its records are known."""
    async with running(SERVICE, cluster) as erp:
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield type(desk)(erp)


async def last_events(erp):
    """The newest event of each (type, subject)."""
    return {(one["type"], one["subject"]): one for one in await erp.feed()}


async def _bill_of_material(desk, item, component):
    lines = [{"sku": component["sku"], "quantity": "2"}]
    path = "/v1/bills-of-material"
    bom = await desk.add(path, sku=item["sku"], label="A", lines=lines)
    assert (await desk.erp.post(f"{path}/{bom['id']}/activate", {})).is_success
    await _lot(desk)


async def _lot(desk):
    item = await desk.item(tracking="lot")
    lot = await desk.add("/v1/lots", sku=item["sku"], number="L1")
    assert (await desk.erp.post(f"/v1/lots/{lot['id']}/block", {"reason": "sour"})).is_success


async def _routing(desk, item):
    hours = [{"weekday": 1, "start": "08:00", "end": "16:00"}]
    calendar = await desk.add("/v1/calendars", name="Day", zone="Asia/Shanghai", hours=hours)
    facts = {"code": desk.word("W"), "name": "Saws", "calendar_id": calendar["id"]}
    centre = await desk.add("/v1/work-centres", **facts)
    await desk.change(f"/v1/work-centres/{centre['id']}", {"capacity": 2}, revision=1)
    await desk.change(f"/v1/calendars/{calendar['id']}", {"note": "Early"}, revision=1)
    operation = {"sequence": 10, "work_centre": centre["code"], "run_minutes": "2"}
    made = await desk.add("/v1/routings", sku=item["sku"], label="A", operations=[operation])
    assert (await desk.erp.post(f"/v1/routings/{made['id']}/activate", {})).is_success


async def _inspected(desk, item):
    looked_at = {"number": 10, "name": "Diameter", "unit": "mm", "upper_limit": "8.1"}
    facts = {"code": desk.word("IP"), "label": "A", "stage": "receipt", "sku": item["sku"]}
    plan = await desk.add("/v1/inspection-plans", **facts, characteristics=[looked_at])
    other = await desk.item()
    receipt = {"lines": [{"sku": other["sku"], "quantity": "1", "unit_cost": MONEY}]}
    assert (await desk.erp.post("/v1/stock-receipts", receipt)).is_success
    bad = {"sku": other["sku"], "quantity": "1", "description": "Bent"}
    case = await desk.erp.post("/v1/nonconformances", bad)
    assert case.is_success, case.text
    cause = f"/v1/nonconformances/{case.json()['id']}/cause"
    assert (await desk.erp.post(cause, {"cause": "Worn tool"})).is_success
    customer = await desk.customer()
    facts = {"customer_id": customer["id"], "description": "A saw", "problem": "It smokes"}
    repair = await desk.add("/v1/repair-orders", **facts)
    assert (await desk.erp.post(f"/v1/repair-orders/{repair['id']}/confirm", None)).is_success
    path = f"/v1/inspection-plans/{plan['id']}"
    assert (await desk.erp.post(f"{path}/activate", {})).is_success
    assert (await desk.erp.post(f"{path}/archive", {})).is_success


async def _softly_reserved(erp, item):
    receipt = {"lines": [{"sku": item["sku"], "quantity": "1", "unit_cost": MONEY}]}
    assert (await erp.post("/v1/stock-receipts", receipt)).is_success
    lines = [{"sku": item["sku"], "quantity": "1"}]
    held = await erp.post("/v1/soft-reservations", {"lines": lines})
    assert held.is_success, held.text
    soft = f"/v1/soft-reservations/{held.json()['items'][0]['id']}"
    assert (await erp.post(f"{soft}/release", None)).is_success


async def _made(desk, item, component):
    await _inspected(desk, item)
    await _softly_reserved(desk.erp, await desk.item())
    await _bill_of_material(desk, item, component)
    await _routing(desk, item)
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    order = await desk.add("/v1/production-orders", sku=item["sku"], quantity="2", **days)
    assert (await desk.erp.post(f"/v1/production-orders/{order['id']}/release", {})).is_success


async def _rushed(desk, order):
    sooner = {"wanted_on": order["ordered_on"], "reason": "A fair"}
    rush = await desk.add("/v1/rush-requests", order_id=order["id"], **sooner)
    refused = f"/v1/rush-requests/{rush['id']}/refuse"
    assert (await desk.erp.post(refused, {"reason": "It waits."})).is_success


async def test_a_state_is_what_the_last_event_said(clerk):
    """Customer, item, price, price list, order, availability and balance, each more than once."""
    desk, erp = clerk, clerk.erp
    await erp.add_named()
    category = await desk.add("/v1/item-categories", code=desk.word("CAT"), name="Lamps")
    item = await desk.item(
        category=category["code"], conversions=[{"unit": "KGM", "numerator": 5, "denominator": 2}]
    )
    other = await desk.item()
    await desk.change(f"/v1/items/{item['id']}", {"name": "Lamp"}, revision=1)
    price = await desk.price(item["sku"], "9.50")
    await desk.change(f"/v1/prices/{price['id']}", {"min_quantity": "2"}, revision=1)
    listed = await desk.add("/v1/price-lists", code=desk.word("L"), name="Other")
    assert (await erp.post(f"/v1/price-lists/{listed['id']}/make-default", {})).is_success
    await _made(desk, item, other)
    customer = await desk.customer(credit_limit={"amount": "9000.00", "currency": "CNY"})
    await desk.change(f"/v1/customers/{customer['id']}", {"phone": "+8613800138000"}, revision=1)
    receipt = {"lines": [{"sku": item["sku"], "quantity": "7", "unit_cost": MONEY}]}
    assert (await erp.post("/v1/stock-receipts", receipt)).is_success
    order = await desk.add(
        "/v1/sales-orders",
        customer_id=customer["id"],
        lines=[
            {"item_id": one["id"], "quantity": "5", "unit_price": MONEY} for one in (item, other)
        ],
    )
    await _rushed(desk, order)
    for act, body in (("shipments", {}), ("invoices", {}), ("notes", {"text": "By rail."})):
        reply = await erp.post(f"/v1/sales-orders/{order['id']}/{act}", body)
        assert reply.is_success, reply.text
    await erp.attach(f"/v1/sales-orders/{order['id']}")
    field = {"record_type": "item", "key": "size", "kind": "number", "label": "Size"}
    await desk.add("/v1/custom-fields", **field)
    await desk.add("/v1/custom-fields", **field | {"record_type": "sales_order"})
    fields = f"/v1/sales-orders/{order['id']}/custom-fields"
    assert (await desk.merge(fields, {"custom": {"size": "1"}})).is_success
    tag = await desk.add("/v1/tags", name="Late")
    assert (await erp.client.put(f"/v1/sales-orders/{order['id']}/tags/{tag['id']}")).is_success
    await desk.add("/v1/payments", party_id=customer["id"], amount=MONEY)
    async with erp.database.transaction() as work:
        await refresh_orders(work, {"order_ids": [order["id"]]})

    last = await last_events(erp)
    for event in SERVICE.states:
        kind = event.type_for("erp")
        told = {subject: one for (of, subject), one in last.items() if of == kind}
        reply = await erp.client.get("/v1/events/states", params={"type": kind, "limit": 500})
        states = {one["subject"]: one for one in reply.json()}
        assert told
        assert states.keys() == told.keys(), kind
        for subject, one in states.items():
            assert one["data"] == told[subject]["data"] | {"changed": []}
            assert one["aggversion"] == told[subject]["aggversion"]


async def test_an_item_without_news_of_its_stock_has_no_availability_to_read(clerk):
    await clerk.item()
    kind = "tandem.erp.availability-changed.v1"
    reply = await clerk.client.get("/v1/events/states", params={"type": kind})
    assert reply.json() == []
