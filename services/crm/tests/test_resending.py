"""The same content sent again under a newer version changes nothing, on every way records enter."""

from uuid import uuid4

import pytest

from crm.app import SERVICE

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
    "/v1/accounts": "account",
    "/v1/contacts": "contact",
    "/v1/products": "product",
    "/v1/product-prices": "product_price",
    "/v1/orders": "customer_order",
    "/v1/price-lists": "price_list",
}
CHANGES = {
    "/v1/accounts": {"phone": "2"},
    "/v1/contacts": {"phone": "2"},
    "/v1/products": {"name": "Other"},
    "/v1/product-prices": {"price": {"amount": "2.00", "currency": "CNY"}},
    "/v1/orders": {"note": "Soon, please."},
    "/v1/price-lists": {"name": "Other"},
}


async def _bodies(desk):
    """What is sent of one record of each kind, by its collection."""

    async def account():
        return {"name": "Mill", "phone": "1", "billing_address": {"city": "Ningbo"}}

    async def contact():
        made = await desk.account()
        return {"account_id": made["id"], "name": "Lin", "phone": "1", "primary": True}

    async def product():
        return {"code": desk.word("P"), "name": "Lamp", "list_price": MONEY}

    async def price():
        made = await desk.product()
        return {"product": made["code"], "price": MONEY, "min_quantity": "1.0"}

    async def order():
        made, buyer = await desk.product(list_price=MONEY), await desk.account()
        line = {"product": made["code"], "quantity": "2.0", "discount": "0.10"}
        return {"account_id": buyer["id"], "lines": [line], "note": "Today."}

    async def price_list():
        return {"code": desk.word("L"), "name": "Trade"}

    made = (account, contact, product, price, order, price_list)
    return dict(zip(TABLES, made, strict=True))


async def _send(desk, path, key, version, body):
    """Send a record one way or the other; what became of it, and the record's id."""
    body = body | {"source_version": version}
    if path.endswith("/batch"):
        items = {"items": [body | {"external_id": key}]}
        reply = await desk.crm.post(path.replace("{system}", "shop"), items)
        [item] = reply.json()["items"]
        return item["status"], item["id"]
    where = path.replace("{system}", "shop").replace("{external_id}", key)
    reply = await desk.client.put(where, json=body)
    assert reply.is_success, reply.text
    return reply.headers["Tandem-Outcome"], reply.json()["id"]


async def _counted(desk):
    """How many events there are."""
    async with desk.crm.database.driver() as sql:
        return await sql.fetchval("select count(*) from outbox")


async def _row(desk, path, record_id):
    table = TABLES[path.partition("/by-external")[0]]
    async with desk.crm.database.driver() as sql:
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
        return  # Opening stock is posted once.
    key, body = str(uuid4()), await (await _bodies(desk))[collection]()
    _, record_id = await _send(desk, path, key, 1, body)
    assert await _send(desk, path, key, 2, body) == ("unchanged", record_id)
    assert await _send(desk, path, key, 3, body | change) == ("updated", record_id)
    assert await _send(desk, path, key, 4, body) == ("updated", record_id)


async def test_the_primary_contact_stays_when_the_same_is_sent(desk):
    """A file with two primary contacts of one account changes nothing at its second reading."""
    path = f"/v1/contacts{BATCH}"
    account, keys = await desk.account(), [str(uuid4()), str(uuid4())]
    body = {"account_id": account["id"], "name": "Lin", "primary": True}
    ids = [(await _send(desk, path, key, 1, body))[1] for key in keys]
    for key, record_id in zip(keys, ids, strict=True):
        assert await _send(desk, path, key, 2, body) == ("unchanged", record_id)
    shown = [(await desk.see(f"/v1/contacts/{one}"))["primary"] for one in ids]
    assert shown == [False, True]


@pytest.mark.parametrize("path", [f"/v1/orders{way}" for way in (BATCH, ONE)])
async def test_an_order_keeps_price_and_state_when_the_same_is_sent(desk, path):
    """The price of the day was agreed; the order that was cancelled here stays so."""
    product, buyer = await desk.product(list_price=MONEY), await desk.account()
    body = {
        "account_id": buyer["id"],
        "lines": [{"product": product["code"], "quantity": "1"}],
    }
    key = str(uuid4())
    _, order_id = await _send(desk, path, key, 1, body)
    dearer = {"list_price": {"amount": "9.00", "currency": "CNY"}}
    await desk.change(f"/v1/products/{product['id']}", dearer, revision=product["version"])
    assert await _send(desk, path, key, 2, body) == ("unchanged", order_id)
    assert (await desk.see(f"/v1/orders/{order_id}"))["net"] == "1"
    await desk.crm.post(f"/v1/orders/{order_id}/cancel", {})
    before = await desk.see(f"/v1/orders/{order_id}")
    assert await _send(desk, path, key, 3, body) == ("unchanged", order_id)
    assert await desk.see(f"/v1/orders/{order_id}") == before
