"""Shipments, receipts and stock documents are listed, and found by whatever names them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import business_day
from erp.ledger.service.years import ensure_year

CNY = {"amount": "7.00", "currency": "CNY"}


@pytest.fixture
async def clerk(desk):
    """A clerk whose books are open today."""
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return desk


async def does(desk, path, **facts):
    reply = await desk.erp.post(path, facts)
    assert reply.is_success, reply.text
    return reply.json()


async def ids(desk, path):
    return [one["id"] for one in (await desk.see(path))["items"]]


def around(desk):
    """Yesterday, today and tomorrow."""
    today = business_day(desk.erp.settings.time_zone)
    return today - timedelta(days=1), today, today + timedelta(days=1)


async def stocked(desk, quantity="10", *, serials=(), **facts):
    """A new item with so many on hand, and the receipt that brought them."""
    item = await desk.item(**facts)
    line = {"sku": item["sku"], "quantity": quantity, "unit_cost": CNY, "serials": list(serials)}
    return item, await does(desk, "/v1/stock-receipts", lines=[line])


async def ordered(desk, item, quantity="3"):
    customer = await desk.customer()
    line = {"item_id": item["id"], "quantity": quantity, "unit_price": CNY}
    return await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])


async def test_shipments_and_returns_are_found_by_all_that_names_them(clerk):
    serials = [clerk.word("SN") for _ in range(3)]
    item, _ = await stocked(clerk, "3", serials=serials, tracking="serial")
    order = await ordered(clerk, item)
    line_id = order["lines"][0]["id"]
    path = f"/v1/sales-orders/{order['id']}"
    sent = await does(clerk, f"{path}/shipments", carrier="SF", tracking_number="T1")
    line = {"order_line_id": line_id, "quantity": "1", "serials": serials[:1]}
    back = await does(clerk, f"{path}/returns", lines=[line])

    shown = await clerk.see(f"/v1/shipments/{sent['shipment_id']}")
    assert shown["number"] == sent["number"]
    assert (shown["order_number"], shown["customer_id"]) == (order["number"], order["customer_id"])
    assert (shown["kind"], shown["carrier"]) == ("delivery", "SF")
    assert [(one["sku"], one["quantity"], sorted(one["serials"])) for one in shown["lines"]] == [
        (item["sku"], "3", sorted(serials))
    ]
    both = [back["shipment_id"], sent["shipment_id"]]
    before, today, after = around(clerk)
    of_order = f"/v1/shipments?order_id={order['id']}"
    assert await ids(clerk, of_order) == both
    assert await ids(clerk, f"/v1/shipments?customer_id={order['customer_id']}") == both
    assert await ids(clerk, f"{of_order}&kind=return") == both[:1]
    assert await ids(clerk, f"/v1/shipments?number={sent['number']}") == both[1:]
    assert await ids(clerk, f"/v1/shipments?serial={serials[0]}") == both
    assert await ids(clerk, f"/v1/shipments?serial={serials[1]}") == both[1:]
    assert await ids(clerk, f"{of_order}&shipped_on_gte={today}&shipped_on_lte={today}") == both
    assert await ids(clerk, f"{of_order}&shipped_on_gte={after}") == []
    assert await ids(clerk, f"{of_order}&shipped_on_lte={before}&sort=shipped_on") == []
    first = await clerk.see(f"{of_order}&limit=1")
    second = await clerk.see(f"{of_order}&limit=1&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + second["items"]] == both


async def test_receipts_are_found_by_order_supplier_number_and_day(clerk):
    item = await clerk.item()
    supplier = await clerk.add("/v1/suppliers", name="Mill")
    line = {"sku": item["sku"], "quantity": "5", "unit_price": CNY}
    order = await clerk.add("/v1/purchase-orders", supplier_number=supplier["number"], lines=[line])
    lines = [{"line_id": order["lines"][0]["id"], "quantity": "2"}]
    first = await does(clerk, f"/v1/purchase-orders/{order['id']}/receipts", lines=lines)
    rest = await does(clerk, f"/v1/purchase-orders/{order['id']}/receipts")

    shown = await clerk.see(f"/v1/purchase-receipts/{first['id']}")
    assert shown["purchase_order_number"] == order["number"]
    assert shown["supplier_id"] == supplier["id"]
    assert [(one["sku"], one["quantity"], one["value"]) for one in shown["lines"]] == [
        (item["sku"], "2", "14.00")
    ]
    both = [rest["id"], first["id"]]
    _, today, after = around(clerk)
    of_order = f"/v1/purchase-receipts?purchase_order_id={order['id']}"
    assert await ids(clerk, of_order) == both
    assert await ids(clerk, f"/v1/purchase-receipts?supplier_id={supplier['id']}") == both
    assert await ids(clerk, f"/v1/purchase-receipts?number={first['number']}") == both[1:]
    days = f"effective_on_gte={today}&effective_on_lte={today}"
    assert await ids(clerk, f"{of_order}&{days}") == both
    assert await ids(clerk, f"{of_order}&effective_on_gte={after}") == []


async def test_every_document_that_moved_goods_is_listed_with_what_it_moved(clerk):
    serials = [clerk.word("SN"), clerk.word("SN")]
    item, received = await stocked(clerk)
    piece, opened = await stocked(clerk, "2", serials=serials, tracking="serial")
    lines = [
        {"sku": item["sku"], "quantity": "-4"},
        {"sku": piece["sku"], "quantity": "-1", "serials": serials[:1]},
    ]
    lost = await does(clerk, "/v1/stock-adjustments", reason="Water", lines=lines)
    sent = await does(clerk, f"/v1/sales-orders/{(await ordered(clerk, item))['id']}/shipments")

    shown = await clerk.see(f"/v1/stock-documents/{lost['id']}")
    assert (shown["kind"], shown["memo"]) == ("stock_adjustment", "Water")
    assert [(o["sku"], o["quantity"], o["value"], o["serials"]) for o in shown["lines"]] == [
        (item["sku"], "-4", "-28.00", []),
        (piece["sku"], "-1", "-7.00", serials[:1]),
    ]
    of_item = f"/v1/stock-documents?sku={item['sku']}"
    _, today, after = around(clerk)
    assert await ids(clerk, of_item) == [sent["shipment_id"], lost["id"], received["id"]]
    assert await ids(clerk, f"{of_item}&kind=stock_adjustment") == [lost["id"]]
    assert await ids(clerk, f"/v1/stock-documents?sku={piece['sku']}") == [
        lost["id"],
        opened["id"],
    ]
    days = f"effective_on_gte={today}&effective_on_lte={today}&sort=effective_on"
    assert len(await ids(clerk, f"{of_item}&{days}")) == 3
    assert await ids(clerk, f"{of_item}&effective_on_gte={after}") == []


@pytest.mark.parametrize("path", ["shipments", "purchase-receipts", "stock-documents"])
async def test_what_there_is_not_is_not_found(clerk, problem, path):
    problem(await clerk.client.get(f"/v1/{path}/{uuid4()}"), 404, "not_found")


async def test_a_document_is_found_by_its_number_in_every_list(clerk):
    """As it is shown, in any case, with blanks around it."""
    item, _ = await stocked(clerk)
    order = await ordered(clerk, item)
    path = f"/v1/sales-orders/{order['id']}"
    await does(clerk, f"{path}/shipments")
    await does(clerk, f"{path}/invoices")
    supplier = await clerk.add("/v1/suppliers", name="Mill")
    bought = [{"sku": item["sku"], "quantity": "5", "unit_price": CNY}]
    purchase = await clerk.add(
        "/v1/purchase-orders", supplier_number=supplier["number"], lines=bought
    )
    receipt = await does(clerk, f"/v1/purchase-orders/{purchase['id']}/receipts")
    part = [{"line_id": purchase["lines"][0]["id"], "quantity": "1"}]
    back = {"reason": "Bent", "expect_again": False, "lines": part}
    await does(clerk, f"/v1/purchase-receipts/{receipt['id']}/returns", **back)
    bill = {"bill_number": clerk.word("Rg. ")}
    await does(clerk, f"/v1/purchase-orders/{purchase['id']}/bills", **bill)
    due = {"issued_on": "2012-01-05", "due_on": "2012-02-04", "amount": CNY}
    owed = {"number": clerk.word("RE"), "customer_id": order["customer_id"]} | due
    await does(clerk, "/v1/receivables/openings/batch", items=[owed])
    owed = {"number": clerk.word("RE"), "supplier_number": purchase["supplier_number"]} | due
    await does(clerk, "/v1/payables/openings/batch", items=[owed])
    await does(clerk, "/v1/payments", party_id=order["customer_id"], amount=CNY)
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    await clerk.add("/v1/production-orders", sku=item["sku"], quantity="2", **days)
    await rejected(clerk, purchase["supplier_number"])
    rushed = await ordered(clerk, item)
    sooner = {"wanted_on": rushed["ordered_on"], "reason": "A fair"}
    await clerk.add("/v1/rush-requests", order_id=rushed["id"], **sooner)
    facts = {"customer_id": order["customer_id"], "problem": "Loose"}
    await clerk.add("/v1/repair-orders", sku=item["sku"], **facts)
    lists = {
        path: name
        for path, acts in clerk.erp.app.openapi()["paths"].items()
        for one in acts.get("get", {}).get("parameters", ())
        for name in ("number", "supplier_number")
        if (one["name"], one["in"]) == (name, "query")
        and not path.startswith(("/v1/serials", "/v1/lots"))
        and not path.endswith("/export")
    }
    assert len(lists) == 16, lists
    for path, name in lists.items():
        document = (await clerk.see(f"{path}?limit=1"))["items"][0]
        for typed in (document[name], document[name].lower(), f" {document[name]} "):
            reply = await clerk.client.get(path, params={name: typed})
            assert reply.status_code == 200, reply.text
            assert document["id"] in [one["id"] for one in reply.json()["items"]], (path, typed)


async def rejected(clerk, supplier_number):
    """Goods come, are inspected and rejected: an inspection and a case. Others are promised."""
    lying = await clerk.item()
    stock = [{"sku": lying["sku"], "quantity": "1", "unit_cost": CNY}]
    await does(clerk, "/v1/stock-receipts", lines=stock)
    asked = [{"sku": lying["sku"], "quantity": "1"}]
    await does(clerk, "/v1/soft-reservations", lines=asked)
    item, looked_at = await clerk.item(), {"number": 10, "name": "Clean", "kind": "yes_no"}
    facts = {"code": clerk.word("IP"), "label": "A", "stage": "receipt", "sku": item["sku"]}
    plan = await clerk.add("/v1/inspection-plans", **facts, characteristics=[looked_at])
    await does(clerk, f"/v1/inspection-plans/{plan['id']}/activate")
    line = {"sku": item["sku"], "quantity": "1", "unit_price": CNY}
    order = await clerk.add("/v1/purchase-orders", supplier_number=supplier_number, lines=[line])
    receipt = await does(clerk, f"/v1/purchase-orders/{order['id']}/receipts")
    [found] = (await clerk.see(f"/v1/inspections?source_id={receipt['id']}"))["items"]
    bad = {"rejected": "1", "reason": "Bent"}
    await does(clerk, f"/v1/inspections/{found['id']}/verdicts", **bad)


UNUSUAL = [
    "Rg. 12 / 3",
    "x" * 200,
    "\u674e-\uff11\uff12",
    "\u00df\u0130-1",
    "a\u200bb 7",
    "100%_\\",
    "0",
]


@pytest.mark.parametrize("number", UNUSUAL)
async def test_a_number_of_somebody_else_is_found_however_it_is_written(clerk, number):
    """As they wrote it, and as a person types it again: wider, in another case, with blanks."""
    supplier, customer = await clerk.add("/v1/suppliers", name="Mill"), await clerk.customer()
    days = {"issued_on": "2012-01-05", "due_on": "2012-02-04", "amount": CNY}
    owed = {"number": number, "customer_id": customer["id"]} | days
    await does(clerk, "/v1/receivables/openings/batch", items=[owed])
    owing = {"number": number, "supplier_id": supplier["id"]} | days
    await does(clerk, "/v1/payables/openings/batch", items=[owing])
    for typed in {number, number.upper(), f" {number} ", number.replace("1", "\uff11")}:
        if len(typed.strip()) > len(number):
            continue
        at = {"customer_id": customer["id"], "number": typed}
        found = (await clerk.client.get("/v1/receivables/openings", params=at)).json()["items"]
        assert [one["number"] for one in found] == [number], typed
        at = {"supplier_id": supplier["id"], "supplier_number": typed}
        found = (await clerk.client.get("/v1/bills", params=at)).json()["items"]
        assert [one["supplier_number"] for one in found] == [number], typed
