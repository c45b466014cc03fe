"""The same content sent again under a newer version changes nothing, on every way records enter."""

from uuid import uuid4

import pytest

from erp.app import SERVICE
from erp.ledger import service as ledger

MONEY = {"amount": "1.00", "currency": "CNY"}
BATCH, ONE = "/by-external/{system}/batch", "/by-external/{system}/{external_id}"


def _ways():
    routes = [
        one for router in SERVICE.routers for one in router.routes if "mirror" not in one.tags
    ]
    sent = [route.path for route in routes if route.path.endswith(BATCH) or _tells_outcome(route)]
    return sorted((path.partition("/by-external")[0], path) for path in sent)


def _tells_outcome(route):
    """Whether a route says what became of the record that was sent: an upsert does."""
    return any("Tandem-Outcome" in answer.get("headers", ()) for answer in route.responses.values())


TABLES = {
    "/v1/customers": "customer",
    "/v1/suppliers": "supplier",
    "/v1/item-categories": "item_category",
    "/v1/items": "item",
    "/v1/prices": "price",
    "/v1/sales-orders": "sales_order",
    "/v1/opening-stock": "opening_stock",
    "/v1/supplier-prices": "supplier_price",
    "/v1/journal-entries": "journal_entry",
    "/v1/payments": "payment",
}
CHANGES = {
    "/v1/customers": {"phone": "2"},
    "/v1/suppliers": {"phone": "2"},
    "/v1/item-categories": {"name": "Others"},
    "/v1/items": {"name": "Other"},
    "/v1/prices": {"price": {"amount": "2.00", "currency": "CNY"}},
    "/v1/sales-orders": {"note": "Soon, please."},
    "/v1/supplier-prices": {"lead_time_days": 9},
}


async def _bodies(desk):  # noqa: C901 - one short function a kind
    """What is sent of one record of each kind, by its collection."""

    async def party():
        return {"name": "Mill", "phone": "1", "bill_to": {"city": "Ningbo"}}

    async def supplier():
        return {"name": "Mill", "phone": "1", "address": {"city": "Ningbo"}}

    async def category():
        return {"code": desk.word("C"), "name": "Lamps"}

    async def item():
        return {"sku": desk.word("SKU"), "name": "Lamp", "conversions": [DOZEN]}

    async def price():
        made = await desk.item()
        return {"sku": made["sku"], "price": MONEY, "min_quantity": "1.0"}

    async def order():
        made, customer = await desk.item(), await desk.customer()
        line = {"sku": made["sku"], "quantity": "2.0", "unit_price": MONEY, "discount": "0.10"}
        return {"customer_id": customer["id"], "lines": [line], "note": "Today."}

    async def opening():
        made = await desk.item()
        async with desk.erp.database.transaction() as work:
            await ledger.ensure_year(work, work.today())
        return {"sku": made["sku"], "quantity": "1.0", "unit_cost": MONEY}

    async def supplier_price():
        made, known = await desk.item(), str(uuid4())
        await desk.send("/v1/suppliers", known, 1, system="shop", name="Mill")
        terms = {"lead_time_days": 1, "min_quantity": "2.0"}
        return {"supplier_external_id": known, "sku": made["sku"], "price": MONEY} | terms

    async def entry():
        async with desk.erp.database.transaction() as work:
            await ledger.ensure_year(work, work.today())
        expenses = (await desk.see("/v1/accounts?kind=expense&limit=200"))["items"]
        sides = [(expenses[-1]["code"], "debit"), ("bank", "credit")]
        lines = [{"account": account, side: "7.00"} for account, side in sides]
        return {"memo": "Rent", "lines": lines}

    async def payment():
        customer = await desk.customer()
        return {"party_id": customer["id"], "amount": MONEY, "reference": "Transfer"}

    made = (party, supplier, category, item, price, order, opening, supplier_price, entry, payment)
    return dict(zip(TABLES, made, strict=True))


DOZEN = {"unit": "DZN", "numerator": 12}


async def _send(desk, path, key, version, body):
    """Send a record one way or the other; what became of it, and the record's id."""
    body = body | {"source_version": version}
    if path.endswith("/batch"):
        items = {"items": [body | {"external_id": key}]}
        reply = await desk.erp.post(path.replace("{system}", "shop"), items)
        [item] = reply.json()["items"]
        return item["status"], item["id"]
    where = path.replace("{system}", "shop").replace("{external_id}", key)
    reply = await desk.client.put(where, json=body)
    assert reply.is_success, reply.text
    return reply.headers["Tandem-Outcome"], reply.json()["id"]


async def _counted(desk):
    """How many events there are."""
    async with desk.erp.database.driver() as sql:
        return await sql.fetchval("select count(*) from outbox")


async def _row(desk, path, record_id):
    table = TABLES[path.partition("/by-external")[0]]
    async with desk.erp.database.driver() as sql:
        return dict(
            await sql.fetchrow(f"select * from {table} where id = $1::text::uuid", record_id)
        )


@pytest.mark.parametrize(("collection", "path"), _ways())
async def test_the_same_again_changes_nothing(desk, collection, path):
    """Every upsert there is, alone and in a batch, so that a new one cannot be forgotten."""
    key, body = str(uuid4()), await (await _bodies(desk))[collection]()
    outcome, record_id = await _send(desk, path, key, 1, body)
    assert outcome == "created"
    before, events = await _row(desk, path, record_id), await _counted(desk)
    for version in (2, 3):
        assert await _send(desk, path, key, version, body) == ("unchanged", record_id)
    assert await _row(desk, path, record_id) == before
    assert await _counted(desk) == events
    assert await _send(desk, path, key, 2, body) == ("stale", record_id)


@pytest.mark.parametrize(("collection", "path"), _ways())
async def test_a_version_that_says_something_else_is_taken(desk, collection, path):
    change = CHANGES.get(collection)
    if change is None:
        return  # Opening stock, entries and payments are posted once.
    key, body = str(uuid4()), await (await _bodies(desk))[collection]()
    _, record_id = await _send(desk, path, key, 1, body)
    assert await _send(desk, path, key, 2, body) == ("unchanged", record_id)
    assert await _send(desk, path, key, 3, body | change) == ("updated", record_id)
    assert await _send(desk, path, key, 4, body) == ("updated", record_id)


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


@pytest.mark.parametrize("path", [f"/v1/sales-orders{way}" for way in (BATCH, ONE)])
async def test_a_refused_order_sleeps_on(desk, path):
    key, body = await _held(desk)
    _, order_id = await _send(desk, path, key, 1, body)
    [(approval, state)] = await _approvals(desk, order_id)
    assert state == "pending"
    assert await _send(desk, path, key, 2, body) == ("unchanged", order_id)
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
    assert await _send(desk, path, key, 3, body) == ("unchanged", order_id)
    assert await _order(desk, order_id) == before
    assert await _approvals(desk, order_id) == [(approval, "refused")]


async def test_an_order_of_before_its_content_was_kept_sleeps_on(desk):
    """What was sent before this version kept no content: the order itself tells."""
    path, (key, body) = f"/v1/sales-orders{ONE}", await _held(desk)
    _, order_id = await _send(desk, path, key, 1, body)
    async with desk.erp.database.driver() as sql:
        await sql.execute(
            "update external_reference set content = null where entity_id = $1::text::uuid",
            order_id,
        )
    before, asked = await _order(desk, order_id), await _approvals(desk, order_id)
    assert await _send(desk, path, key, 2, body) == ("unchanged", order_id)
    assert await _order(desk, order_id) == before
    assert await _approvals(desk, order_id) == asked


async def test_what_was_amended_here_stays_when_the_same_is_sent(desk):
    path, body = f"/v1/sales-orders{ONE}", await (await _bodies(desk))["/v1/sales-orders"]()
    key = str(uuid4())
    _, order_id = await _send(desk, path, key, 1, body)
    order = await desk.see(f"/v1/sales-orders/{order_id}")
    line = body["lines"][0] | {"quantity": "1"}
    changed = await desk.client.put(
        f"/v1/sales-orders/{order_id}/content",
        json={"lines": [line]},
        headers={"If-Match": f'"{order["version"]}"'},
    )
    assert changed.status_code == 200, changed.text
    assert await _send(desk, path, key, 2, body) == ("unchanged", order_id)
    [line] = (await desk.see(f"/v1/sales-orders/{order_id}"))["lines"]
    assert line["quantity"] == "1"
