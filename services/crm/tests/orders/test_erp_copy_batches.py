"""What a linked ERP sends of many records in one request: judged one by one, stored together."""

from dataclasses import replace
from uuid import uuid4

import pytest

from chassis.telemetry.trace import Trace

PRICE = {"amount": "12.50", "currency": "CNY"}
FULFILMENTS, STOCKS, DEBTS = "order-fulfilments", "product-availabilities", "account-debts"
DAY = "2026-01-0{}T00:00:00Z"


@pytest.fixture
def batch(desk):
    """Send items in one request; what became of each."""

    async def send(path, items, query="", **headers):
        named = [{"external_id": str(uuid4())} | item for item in items]
        reply = await desk.crm.post(
            f"/v1/{path}/by-external/erp/batch{query}", {"items": named}, headers=headers
        )
        assert reply.status_code == 200, reply.text
        done = reply.json()["items"]
        assert [one["external_id"] for one in done] == [one["external_id"] for one in named]
        return done

    return send


async def orders(desk, number):
    account, product = await desk.account(), await desk.product()
    line = {"product": product["code"], "quantity": "4", "unit_price": PRICE}
    values = {"account_id": account["id"], "lines": [line]}
    return [await desk.add("/v1/orders", **values) for _ in range(number)]


def fulfilment(order, version, **erp):
    erp = {"number": "SO-1", "state": "confirmed"} | erp
    return {"source_version": version, "order_id": order["id"], "erp": erp}


def stock(product, version, free="1"):
    sent = {"source_version": version, "product_id": product["id"]}
    return sent | {"free": free, "incoming": "2"}


def debt(account, day, owes="5"):
    sent = {"source_version": 1, "account_id": account["id"], "owes": owes}
    return sent | {"told_at": DAY.format(day)}


def statuses(done):
    return [one["status"] for one in done]


async def test_orders_are_kept_as_sent_and_a_bad_item_fails_alone(desk, batch):
    first, second = await orders(desk, 2)
    done = await batch(
        FULFILMENTS,
        [
            fulfilment(first, 3, state="confirmed"),
            fulfilment({"id": str(uuid4())}, 3),
            fulfilment(second, 3, state="on_hold"),
        ],
    )
    assert statuses(done) == ["updated", "failed", "updated"]
    assert done[1]["problem"]["code"] == "missing_reference"
    assert [one["id"] for one in done] == [first["id"], None, second["id"]]
    assert [(one["version"], one["revision"]) for one in done] == [(1, 1), (None, None), (1, 1)]
    view = [await desk.see(f"/v1/orders/{one['id']}") for one in (first, second)]
    assert [one["erp"]["state"] for one in view] == ["confirmed", "on_hold"]
    again = [fulfilment(first, 3), fulfilment(second, 2)]
    assert statuses(await batch(FULFILMENTS, again)) == ["unchanged", "stale"]


async def test_stock_and_debts_are_kept_and_a_bad_item_fails_alone(desk, batch):
    nobody = {"id": str(uuid4())}
    products = [await desk.product() for _ in range(3)]
    sent = [*(stock(one, 7, free=str(at)) for at, one in enumerate(products)), stock(nobody, 1)]
    done = await batch(STOCKS, sent)
    assert statuses(done) == ["updated"] * 3 + ["failed"]
    assert done[3]["problem"]["code"] == "not_found"
    assert [one["id"] for one in done[:3]] == [one["id"] for one in products]
    view = [await desk.see(f"/v1/products/{one['id']}") for one in products]
    assert [one["availability"]["free"] for one in view] == ["0", "1", "2"]
    sent = [stock(products[0], 7), stock(products[1], 6), stock(products[2], 8, free="9")]
    assert statuses(await batch(STOCKS, sent)) == ["unchanged", "stale", "updated"]

    accounts = [await desk.account() for _ in range(3)]
    done = await batch(DEBTS, [debt(nobody, 1), *(debt(one, 2) for one in accounts)])
    assert statuses(done) == ["failed"] + ["updated"] * 3
    assert [one["id"] for one in done[1:]] == [one["external_id"] for one in done[1:]]
    assert {(one["version"], one["revision"]) for one in done[1:]} == {(1, 1)}
    sent = [debt(accounts[0], 2), debt(accounts[1], 1, "9"), debt(accounts[2], 3, "-2")]
    assert statuses(await batch(DEBTS, sent)) == ["unchanged", "stale", "updated"]
    view = [await desk.see(f"/v1/accounts/{one['id']}") for one in accounts]
    assert [one["owes"]["amount"] for one in view] == ["5.00", "5.00", "-2.00"]


async def test_items_of_one_record_are_kept_in_the_order_sent(desk, batch):
    """The newest holds; one that comes after a newer one is reported as stale."""
    [order], product, account = await orders(desk, 1), await desk.product(), await desk.account()
    expected = ["updated", "updated", "stale"]
    words = ("on_hold", 1), ("confirmed", 3), ("draft", 2)
    sent = [fulfilment(order, version, state=state) for state, version in words]
    assert statuses(await batch(FULFILMENTS, sent)) == expected
    assert statuses(await batch(STOCKS, [stock(product, one) for one in (1, 3, 2)])) == expected
    assert statuses(await batch(DEBTS, [debt(account, day) for day in (1, 3, 2)])) == expected
    assert (await desk.see(f"/v1/orders/{order['id']}"))["erp"]["state"] == "confirmed"
    view = (await desk.see(f"/v1/accounts/{account['id']}"))["owes"]
    assert view["told_at"].startswith("2026-01-03")


async def test_what_was_refused_is_taken_back_of_several_orders_and_published_with_their_traces(
    desk, batch
):
    """House decision 20: each order's event carries the trace of its item."""
    made = await orders(desk, 3)
    for order in made:
        await desk.crm.post(f"/v1/orders/{order['id']}/cancel", None)
    answer = {"kind": "cancellation", "state": "refused", "source_version": 2}
    traces = [Trace.new() for _ in made]
    done = await batch(
        FULFILMENTS,
        [fulfilment(order, 5, last_change=answer, source_version=2) for order in made],
        **{"Tandem-Item-Traces": ",".join(one.as_item() for one in traces)},
    )
    assert statuses(done) == ["updated"] * 3
    assert [(one["version"], one["revision"]) for one in done] == [(3, 3)] * 3
    for order, trace in zip(made, traces, strict=True):
        assert (await desk.see(f"/v1/orders/{order['id']}"))["state"] == "placed"
        rows = await desk.rows(
            "select correlation_id from outbox where aggregate_id = $1 and aggregate_version = 3",
            order["id"],
        )
        assert [row["correlation_id"] for row in rows] == [trace.correlation_id]


async def test_changes_taken_back_of_several_orders_leave_none_out(desk, batch):
    """C26: each is what it is in the ERP again, lines and all."""
    made = await orders(desk, 3)
    for order in made:
        line = {"product": order["lines"][0]["product_code"], "quantity": "9", "unit_price": PRICE}
        await desk.change(f"/v1/orders/{order['id']}", {"lines": [line]}, revision=1)
    answer = {"kind": "change", "state": "refused", "source_version": 2}
    items = [
        fulfilment(
            order,
            5,
            last_change=answer,
            source_version=2,
            lines=[
                {
                    "line_id": order["lines"][0]["id"],
                    "sku": order["lines"][0]["product_code"],
                    "unit_price": "12.5",
                    **dict.fromkeys(("reserved", "quantity"), "4"),
                    **dict.fromkeys(("waiting", "shipped", "invoiced"), "0"),
                }
            ],
        )
        for order in made
    ]
    assert statuses(await batch(FULFILMENTS, items)) == ["updated"] * 3
    for order in made:
        view = await desk.see(f"/v1/orders/{order['id']}")
        assert (view["lines"], view["net"], view["version"]) == (order["lines"], "50.00", 3)


@pytest.mark.parametrize("path", [FULFILMENTS, STOCKS, DEBTS])
async def test_a_dry_run_judges_each_item_and_keeps_nothing(desk, batch, path):
    [order], product, account = await orders(desk, 1), await desk.product(), await desk.account()
    items = {
        FULFILMENTS: [fulfilment(order, 3), fulfilment({"id": str(uuid4())}, 1)],
        STOCKS: [stock(product, 3), stock({"id": str(uuid4())}, 1)],
        DEBTS: [debt(account, 1), debt({"id": str(uuid4())}, 1)],
    }[path]
    assert statuses(await batch(path, items, "?dry_run=true")) == ["updated", "failed"]
    assert (await desk.see(f"/v1/orders/{order['id']}"))["erp"] is None
    assert (await desk.see(f"/v1/products/{product['id']}"))["availability"] is None
    assert (await desk.see(f"/v1/accounts/{account['id']}"))["owes"] is None


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (FULFILMENTS, {"source_version": 1, "order_id": "x", "erp": {}}),
        (STOCKS, {"source_version": 1, "product_id": str(uuid4()), "free": "-1", "incoming": "0"}),
        (DEBTS, debt({"id": str(uuid4())}, 1) | {"external_id": "no document"}),
    ],
)
async def test_what_is_malformed_is_refused_whole(desk, problem, path, item):
    items = [{"external_id": str(uuid4())} | item]
    reply = await desk.crm.post(f"/v1/{path}/by-external/erp/batch", {"items": items})
    refusal = problem(reply, 422, "invalid_input")
    assert all(one["pointer"].startswith("/items/0/") for one in refusal["errors"])


@pytest.mark.parametrize("path", [FULFILMENTS, STOCKS, DEBTS])
async def test_who_may_not_sync_is_refused(crm, problem, path):
    seller = await crm.as_("orders.write", "orders.read")
    reply = await seller.post(
        f"/v1/{path}/by-external/erp/batch", json={"items": []}, headers={"Idempotency-Key": "k"}
    )
    assert problem(reply, 403, "forbidden")["facts"]["scope"] == "orders.sync"


async def test_one_alone_gets_its_outcome(desk):
    product = await desk.product()
    path = f"/v1/product-availabilities/by-external/erp/{uuid4()}"
    replies = [await desk.client.put(path, json=stock(product, version)) for version in (3, 3, 2)]
    outcomes = [one.headers["Tandem-Outcome"] for one in replies]
    assert outcomes == ["updated", "unchanged", "stale"]
    assert replies[0].json() == {"id": product["id"], "version": 1, "revision": 1}


async def test_what_a_restored_erp_sends_is_newer_than_what_is_gone(desk):
    """Its versions count again from less, in a later history."""
    bridge = await desk.crm.as_("admin", "events.relay", systems=["erp"])

    async def send(path, item, history):
        traces = replace(Trace.new(), history=history).as_item()
        reply = await bridge.post(
            f"/v1/{path}/by-external/erp/batch",
            json={"items": [{"external_id": str(uuid4())} | item]},
            headers={"Idempotency-Key": str(uuid4()), "Tandem-Item-Traces": traces},
        )
        return statuses(reply.json()["items"])

    [order], product = await orders(desk, 1), await desk.product()
    for history, version, outcome in (1, 9, "updated"), (2, 4, "updated"), (1, 10, "stale"):
        state = "on_hold" if history == 2 else "confirmed"
        stands = fulfilment(order, version, state=state)
        assert await send(FULFILMENTS, stands, history) == [outcome]
        free = stock(product, version, free=str(version))
        assert await send(STOCKS, free, history) == [outcome]
    assert (await desk.see(f"/v1/orders/{order['id']}"))["erp"]["state"] == "on_hold"
    assert (await desk.see(f"/v1/products/{product['id']}"))["availability"]["free"] == "4"
