"""Items in use keep their unit and kind, count in it, and what is archived begins nothing new."""

import pytest

RECEIPTS = "/v1/stock-receipts"
ITEM_IN_USE = "item_in_use"


def money(amount):
    return {"amount": amount, "currency": "CNY"}


async def moved(desk, item):
    line = {"sku": item["sku"], "quantity": "5", "value": money("20")}
    await desk.add(RECEIPTS, lines=[line])


async def ordered(desk, item):
    customer = await desk.customer()
    line = {"sku": item["sku"], "quantity": "1", "unit_price": money("10")}
    await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])


async def sold_by_a_supplier(desk, item):
    supplier = await desk.add("/v1/suppliers", name=desk.word("Supplier"))
    price = {"supplier_number": supplier["number"], "sku": item["sku"], "price": money("3")}
    await desk.add("/v1/supplier-prices", **price)


async def bought(desk, item):
    supplier = await desk.add("/v1/suppliers", name=desk.word("Supplier"))
    line = {"sku": item["sku"], "quantity": "1", "unit_price": money("3")}
    body = {"supplier_number": supplier["number"], "lines": [line]}
    await desk.add("/v1/purchase-orders", **body)


@pytest.mark.parametrize("use", [moved, ordered, sold_by_a_supplier, bought])
@pytest.mark.parametrize("change", [{"unit": "BX"}, {"kind": "service"}])
async def test_an_item_in_use_keeps_its_unit_and_its_kind(office, desk, problem, use, change):
    """E39: 5 pieces do not become 5 boxes, and goods on hand do not become a service."""
    item = await desk.item()
    await use(desk, item)
    path = f"/v1/items/{item['id']}"
    problem(await desk.change(path, change, revision=1), 409, ITEM_IN_USE)
    sent = await desk.send("/v1/items", item["sku"], 1, "shop", sku=desk.word(), name="New")
    assert sent.status_code == 201
    assert (await desk.see(path))["version"] == 1
    assert (await desk.change(path, {"name": "Nut"}, revision=1)).status_code == 200


async def test_a_service_that_was_ordered_stays_one(office, desk, problem):
    """E39: what was sold as a service has no stock to leave from."""
    item = await desk.item(kind="service")
    await ordered(desk, item)
    path = f"/v1/items/{item['id']}"
    problem(await desk.change(path, {"kind": "goods"}, revision=1), 409, ITEM_IN_USE)
    free = await desk.item(kind="service")
    path = f"/v1/items/{free['id']}"
    assert (await desk.change(path, {"kind": "goods"}, revision=1)).status_code == 200


async def test_the_supplier_sells_whole_pieces(desk, problem):
    """E39: an order lot of half a piece is none."""
    item, path = await desk.item(), "/v1/supplier-prices"
    supplier = await desk.add("/v1/suppliers", name=desk.word("Supplier"))
    body = {"supplier_number": supplier["number"], "sku": item["sku"], "price": money("1")}
    for lots in ({"min_quantity": "0.5"}, {"multiple": "1.5"}):
        problem(await desk.erp.post(path, body | lots), 422, "fraction_of_unit")
    price = await desk.add(path, **body)
    refused = await desk.change(f"{path}/{price['id']}", {"multiple": "0.5"}, revision=1)
    problem(refused, 422, "fraction_of_unit")


async def test_half_a_piece_neither_leaves_nor_comes_nor_is_credited(office, desk, problem):
    """E39: in every act on an order of whole pieces; each refusal changes nothing."""
    customer, item = await desk.customer(), await desk.item()
    await moved(desk, item)
    line = {"sku": item["sku"], "quantity": "4", "unit_price": money("10")}
    order = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    path, line_id = f"/v1/sales-orders/{order['id']}", order["lines"][0]["id"]
    half = {"lines": [{"order_line_id": line_id, "quantity": "0.5"}]}
    problem(await desk.erp.post(f"{path}/shipments", half), 422, "fraction_of_unit")
    whole = {"lines": [{"order_line_id": line_id, "quantity": "2"}]}
    await office.does(f"{path}/shipments", **whole)
    problem(await desk.erp.post(f"{path}/returns", half), 422, "fraction_of_unit")
    invoice = await office.does(f"{path}/invoices")
    credit = {"lines": [{"position": 1, "quantity": "0.5"}], "reason": "Half"}
    reply = await desk.erp.post(f"/v1/invoices/{invoice['invoice_id']}/credit", credit)
    problem(reply, 422, "fraction_of_unit")
    assert (await desk.see(path))["lines"][0]["shipped"] == "2"
    draft = {"customer_id": customer["id"], "draft": True, "lines": [line | {"quantity": "0.5"}]}
    problem(await desk.erp.post("/v1/sales-orders", draft), 422, "fraction_of_unit")


async def test_half_a_piece_is_neither_bought_nor_billed(office, desk, problem):
    """E39: in every act on a purchase order."""
    item = await desk.item()
    supplier = await desk.add("/v1/suppliers", name=desk.word("Supplier"))
    line = {"sku": item["sku"], "quantity": "4", "unit_price": money("3")}
    body = {"supplier_number": supplier["number"], "lines": [line]}
    half = body | {"lines": [line | {"quantity": "0.5"}]}
    problem(await desk.erp.post("/v1/purchase-orders", half), 422, "fraction_of_unit")
    order = await desk.add("/v1/purchase-orders", **body)
    path = f"/v1/purchase-orders/{order['id']}"
    part = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": "0.5"}]}
    problem(await desk.erp.post(f"{path}/receipts", part), 422, "fraction_of_unit")
    await office.does(f"{path}/receipts")
    bill = {"bill_number": desk.word("B")} | part
    problem(await desk.erp.post(f"{path}/bills", bill), 422, "fraction_of_unit")
    assert (await desk.see(path))["lines"][0]["received"] == "4"


async def test_nothing_is_bought_from_or_of_what_is_archived(desk, problem):
    """E21: archived is: no longer offered for new business."""
    supplier = await desk.add("/v1/suppliers", name=desk.word("Supplier"))
    item, gone = await desk.item(), await desk.item()
    unbought = await desk.item(bought=False)
    await desk.erp.post(f"/v1/items/{gone['id']}/archive", {})

    def body(*items):
        lines = [{"sku": one["sku"], "quantity": "1", "unit_price": money("1")} for one in items]
        return {"supplier_number": supplier["number"], "lines": lines}

    orders, prices = "/v1/purchase-orders", "/v1/supplier-prices"
    for one in (gone, unbought):
        reply = problem(await desk.erp.post(orders, body(item, one)), 409, "not_bought")
        assert reply["facts"] == {"skus": one["sku"]}
        price = {"supplier_number": supplier["number"], "sku": one["sku"], "price": money("1")}
        problem(await desk.erp.post(prices, price), 409, "not_bought")
    await desk.erp.post(f"/v1/suppliers/{supplier['id']}/archive", {})
    problem(await desk.erp.post(orders, body(item)), 409, "party_archived")
    expense = {"account": "6402", "description": "Power", "amount": money("10")}
    bill = {"supplier_id": supplier["id"], "supplier_number": "B-1", "expenses": [expense]}
    problem(await desk.erp.post("/v1/bills", bill), 409, "party_archived")
    price = {"supplier_number": supplier["number"], "sku": item["sku"], "price": money("1")}
    problem(await desk.erp.post(prices, price), 409, "party_archived")
    sent = {"external_id": desk.word(), "source_version": 1} | body(item)
    [told] = await desk.send_many(orders, [sent])
    assert (told["status"], told["problem"]["code"]) == ("failed", "party_archived")


@pytest.mark.parametrize("archived", ["customer", "item"])
async def test_a_draft_of_what_is_archived_by_now_is_rejected(desk, archived):
    """E21: decided when it is confirmed; the reason names what is archived."""
    customer, item = await desk.customer(), await desk.item()
    line = {"sku": item["sku"], "quantity": "1", "unit_price": money("10")}
    body = {"customer_id": customer["id"], "draft": True, "lines": [line]}
    order = await desk.add("/v1/sales-orders", **body)
    of, reason = {
        "customer": (f"/v1/customers/{customer['id']}", "customer_archived"),
        "item": (f"/v1/items/{item['id']}", f"not_sold: {item['sku']}"),
    }[archived]
    assert (await desk.erp.post(f"{of}/archive", {})).status_code == 200
    path = f"/v1/sales-orders/{order['id']}"
    confirmed = (await desk.erp.post(f"{path}/confirm", {})).json()
    assert (confirmed["state"], confirmed["reason"]) == ("rejected", reason)
    assert confirmed["lines"][0]["reserved"] == "0"


async def test_an_archived_customer_is_not_invoiced_by_hand(office, desk, problem):
    customer = await desk.customer()
    await desk.erp.post(f"/v1/customers/{customer['id']}/archive", {})
    line = {"description": "Advice", "unit_price": money("1"), "quantity": "1"}
    body = {"customer_id": customer["id"], "lines": [line]}
    refused = problem(await desk.erp.post("/v1/invoices", body), 409, "party_archived")
    assert refused["facts"] == {"number": customer["number"]}
    await office.does(f"/v1/customers/{customer['id']}/restore")
    await office.does("/v1/invoices", **body)
