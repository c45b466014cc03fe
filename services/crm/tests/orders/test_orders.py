"""Customers' orders: placed, changed, cancelled; and how the ERP says they stand."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.prices import line_net

PRICE = {"amount": "12.50", "currency": "CNY"}


async def placed(desk, **values):
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "4", "unit_price": PRICE, "discount": "0.05"}
    return await desk.add("/v1/orders", **{"account_id": account["id"], "lines": [line]} | values)


async def test_an_order_keeps_what_was_agreed_and_publishes_it(desk):
    """C67, C26: one event with the whole order, the net rounded line by line."""
    order = await placed(desk, freight={"amount": "5.00", "currency": "CNY"})
    assert (order["net"], order["freight"], order["total"]) == ("47.50", "5.00", "52.50")
    assert order["number"].startswith("O-")
    events = await desk.events_of(order["id"])
    assert [one["aggregate_version"] for one in events] == [1]
    assert events[0]["topic"] == "crm.order.v1"


async def test_what_is_said_of_a_new_order_is_what_is_read_of_it_later(desk, crm):
    """It is not read again for reply and event, so the digits could differ."""
    account, product = await desk.account(), await desk.product(unit="KGM")
    lines = [
        {"product": product["id"].upper(), "quantity": "0.333333", "discount": "0.123456"},
        {"product": product["code"], "quantity": "10000000000"},
        {"product": product["code"], "quantity": "1.50", "discount": "1"},
    ]
    prices = [{"amount": amount, "currency": "CNY"} for amount in ("19.987654", "0", "99.10")]
    lines = [line | {"unit_price": price} for line, price in zip(lines, prices, strict=True)]
    freight = {"amount": "12.3", "currency": "CNY"}
    order = {"account_id": account["id"], "lines": lines, "note": "  two \n lines "}
    for besides in ({}, {"freight": freight, "requested_on": "2999-12-31", "ship_to": {}}):
        reply = await crm.post("/v1/orders", order | besides)
        answered = reply.json()
        read = await crm.client.get(f"/v1/orders/{answered['id']}")
        beside: dict[str, Any] = {"tags": [], "included": None}
        assert (answered | beside, reply.headers["etag"]) == (read.json(), read.headers["etag"])
        await crm.post(f"/v1/orders/{answered['id']}/cancel", {})
        new, canceled = [one["payload"] for one in await desk.events_of(answered["id"])]
        assert (
            new
            | {name: canceled[name] for name in ("changed", "content_version", "state", "version")}
            == canceled
        )


async def test_without_a_price_the_products_price_of_the_day_holds(desk):
    account = await desk.account()
    product = await desk.product(list_price={"amount": "3.00", "currency": "CNY"})
    line = {"product": product["code"], "quantity": "2"}
    order = await desk.add("/v1/orders", account_id=account["id"], lines=[line])
    assert order["net"] == "6.00"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"product": str(uuid4())}, 422, "missing_reference"),
        ({"product": "no-such-product"}, 422, "missing_reference"),
        ({"quantity": "-1"}, 422, "invalid_input"),
        ({"quantity": "0"}, 422, "invalid_input"),
        ({"quantity": 0.3}, 422, "invalid_input"),
        ({"discount": "1.01"}, 422, "invalid_input"),
        ({"unit_price": {"amount": "1.00", "currency": "USD"}}, 422, "currency_not_supported"),
        ({"unit_price": None}, 422, "price_missing"),
    ],
)
async def test_a_wrong_line_is_refused_and_nothing_is_placed(desk, crm, change, status, code):
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "1", "unit_price": PRICE} | change
    reply = await crm.post("/v1/orders", {"account_id": account["id"], "lines": [line]})
    assert reply.json()["code"] == code, reply.text
    assert reply.status_code == status
    assert await desk.listed("/v1/orders", account_id=account["id"]) == []


async def test_an_unknown_account_is_refused(desk, crm):
    product = await desk.product()
    line = {"product": product["id"], "quantity": "1", "unit_price": PRICE}
    reply = await crm.post("/v1/orders", {"account_id": str(uuid4()), "lines": [line]})
    assert (reply.status_code, reply.json()["code"]) == (422, "missing_reference")


async def test_an_archived_account_orders_nothing_new(desk, crm, problem):
    """What it ordered elsewhere is taken over; restored, it orders here again."""
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "1", "unit_price": PRICE}
    order = {"account_id": account["id"], "lines": [line]}
    await crm.post(f"/v1/accounts/{account['id']}/archive", {})
    refused = problem(await crm.post("/v1/orders", order), 409, "account_archived")
    assert refused["facts"] == {"account": account["id"]}
    path = f"/v1/orders/by-external/shop/{uuid4()}"
    sent = await crm.client.put(path, json=order | {"source_version": 1})
    assert sent.status_code == 201, sent.text
    await crm.post(f"/v1/accounts/{account['id']}/restore", {})
    assert (await crm.post("/v1/orders", order)).status_code == 201


async def test_a_change_is_one_version_and_one_event_and_keeps_the_lines_id(desk):
    order = await placed(desk)
    line = order["lines"][0]
    wanted = {"product": line["product_id"], "quantity": "2", "unit_price": PRICE}
    changed = await desk.change(f"/v1/orders/{order['id']}", {"lines": [wanted]}, revision=1)
    assert changed.status_code == 200, changed.text
    assert changed.json()["lines"][0]["id"] == line["id"]
    assert (changed.json()["version"], changed.json()["net"]) == (2, "23.75")
    same = await desk.change(f"/v1/orders/{order['id']}", {"lines": [wanted]}, revision=2)
    assert same.json()["version"] == 2
    assert len(await desk.events_of(order["id"])) == 2
    stale = await desk.change(f"/v1/orders/{order['id']}", {"note": "x"}, revision=1)
    assert stale.json()["code"] == "stale_revision"


async def test_a_cancelled_order_is_not_changed(desk, crm):
    order = await placed(desk)
    first = await crm.post(f"/v1/orders/{order['id']}/cancel", None)
    again = await crm.post(f"/v1/orders/{order['id']}/cancel", None)
    assert [one.json()["version"] for one in (first, again)] == [2, 2]
    refused = await desk.change(f"/v1/orders/{order['id']}", {"note": "x"}, revision=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_cancelled")


async def test_an_order_of_another_system_is_one_however_often_it_is_sent(desk):
    """B41, B43, B45: by its external id, newer versions only, equal content is no event."""
    account, product = await desk.account(), await desk.product()
    line = {"product": product["code"], "quantity": "4", "unit_price": PRICE}
    values = {"account_id": account["id"], "lines": [line]}
    external = desk.word()
    sent = [await desk.send("/v1/orders", external, version, **values) for version in (2, 1, 2, 3)]
    assert [one.headers["tandem-outcome"] for one in sent] == [
        "created",
        "stale",
        "unchanged",
        "unchanged",
    ]
    assert {one.json()["id"] for one in sent} == {sent[0].json()["id"]}
    assert len(await desk.events_of(sent[0].json()["id"])) == 1


async def test_what_is_sent_again_replaces_the_order(desk):
    """Lines are replaced whole; of the rest null empties, and what is left out stays."""
    account, other, product = await desk.account(), await desk.account(), await desk.product()
    line = {"product": product["code"], "quantity": "4", "unit_price": PRICE}
    freight = {"amount": "5.00", "currency": "CNY"}
    values = {"account_id": account["id"], "lines": [line]}
    external = desk.word()
    full = values | {"freight": freight, "requested_on": "2026-12-24", "note": "ring twice"}
    await desk.send("/v1/orders", external, 1, **full)
    values |= {"account_id": other["id"], "freight": None, "requested_on": None}
    bare = await desk.send("/v1/orders", external, 2, **values)
    view = bare.json()
    assert bare.headers["tandem-outcome"] == "updated"
    assert (view["account_id"], view["freight"], view["requested_on"], view["note"]) == (
        other["id"],
        "0.00",
        None,
        "ring twice",
    )


async def test_a_date_that_is_no_longer_wanted_is_taken_back(desk):
    order = await placed(desk, requested_on="2026-12-24")
    changed = await desk.change(f"/v1/orders/{order['id']}", {"requested_on": None}, revision=1)
    assert changed.json()["requested_on"] is None
    assert [one["aggregate_version"] for one in await desk.events_of(order["id"])] == [1, 2]


async def test_the_erp_sends_the_orders_state_and_old_messages_are_ignored(desk, crm):
    """B41: a late word does not overwrite a newer one, and it is no change of the order."""
    order = await placed(desk)
    erp_id = uuid4()
    line = {"line_id": order["lines"][0]["id"], "quantity": "4", "invoiced": "0", "shipped": "0"}

    async def sends(version, state, **more):
        erp = {"number": "SO-1", "state": state, "lines": [line | more]}
        body = {"source_version": version, "order_id": order["id"], "erp": erp}
        return await crm.client.put(f"/v1/order-fulfilments/by-external/erp/{erp_id}", json=body)

    assert (await sends(5, "confirmed", reserved="3", waiting="1")).status_code == 200
    assert (await sends(4, "on_hold", reserved="0", waiting="4")).status_code == 200
    view = await desk.see(f"/v1/orders/{order['id']}")
    assert (view["erp"]["state"], view["erp"]["lines"][0]["reserved"]) == ("confirmed", "3")
    assert view["version"] == 1
    assert len(await desk.events_of(order["id"])) == 1


async def test_an_order_stands_when_its_cancellation_is_refused(desk, crm):
    """House decision 20: it is placed still, can be changed again, and an old no is no news."""
    order = await placed(desk)

    async def sends(version, answered):
        change = {"kind": "cancellation", "state": "refused", "source_version": answered}
        erp = {"number": "SO-1", "state": "confirmed", "last_change": change}
        erp["source_version"] = answered
        body = {"source_version": version, "order_id": order["id"], "erp": erp}
        await crm.client.put(f"/v1/order-fulfilments/by-external/erp/{order['id']}", json=body)
        view = await desk.see(f"/v1/orders/{order['id']}")
        return view["state"], view["version"]

    await crm.post(f"/v1/orders/{order['id']}/cancel", None)
    assert await sends(3, 1) == ("cancelled", 2)
    assert await sends(4, 2) == ("placed", 3)
    assert [one["payload"]["state"] for one in await desk.events_of(order["id"])] == [
        "placed",
        "cancelled",
        "placed",
    ]
    changed = await desk.change(f"/v1/orders/{order['id']}", {"note": "Thanks"}, revision=3)
    assert changed.status_code == 200
    await crm.post(f"/v1/orders/{order['id']}/cancel", None)
    assert await sends(5, 2) == ("cancelled", 5)


async def test_a_refused_change_is_taken_back(desk, crm):
    """C26, house decision 20: the order comes to what it comes to in the ERP, line by line."""
    order = await placed(desk, note="Ring twice")
    path = f"/v1/orders/{order['id']}"
    line = order["lines"][0]
    stands: dict[str, Any] = {
        "number": "SO-1",
        "state": "confirmed",
        "note": "Ring twice",
        "freight": "5",
        "lines": [
            {
                "line_id": line["id"],
                "sku": line["product_code"],
                "unit_price": "12.5",
                "discount": "0.05",
                **dict.fromkeys(("reserved", "quantity"), "4"),
                **dict.fromkeys(("waiting", "shipped", "invoiced"), "0"),
            }
        ],
    }

    async def refuses(asked, sent, **more):
        change = {"kind": "change", "state": "refused", "source_version": asked}
        body = {"source_version": sent, "order_id": order["id"]}
        body["erp"] = stands | {"last_change": change, "source_version": asked} | more
        await crm.client.put(f"/v1/order-fulfilments/by-external/erp/{order['id']}", json=body)
        return await desk.see(path)

    other = {"product": (await desk.product())["id"], "quantity": "9", "unit_price": PRICE}
    asked = {"lines": [other], "note": "Do not ring", "ship_to": {"city": "Elsewhere"}}
    changed = (await desk.change(path, asked, revision=1)).json()
    assert changed["net"] == "112.50"
    assert (await refuses(1, 3))["version"] == 2
    strange = stands["lines"][0] | {"sku": "no-such-product"}
    view = await refuses(2, 4, lines=[strange])
    assert (view["version"], view["net"], view["refusal"]["kind"]) == (3, "112.50", "change")
    view = await refuses(2, 5, ship_to={"city": "Home"})
    assert (view["version"], view["net"], view["freight"]) == (4, "47.50", "5.00")
    assert (view["note"], view["ship_to"]["city"]) == ("Ring twice", "Home")
    assert view["lines"] == [line]
    assert (await desk.events_of(order["id"]))[-1]["aggregate_version"] == 4
    again = await refuses(2, 6, ship_to={"city": "Home"})
    assert (again["version"], again["content_version"]) == (4, 2)


async def test_lines_of_one_product_keep_their_ids_by_price(desk):
    """E48: sent in another order they are the same lines, and a third one is new."""
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "4", "unit_price": PRICE}
    free = line | {"quantity": "1", "discount": "1"}
    order = await desk.add("/v1/orders", account_id=account["id"], lines=[line, free])
    paid, given = (one["id"] for one in order["lines"])
    dearer = line | {"unit_price": {"amount": "13.00", "currency": "CNY"}}
    lines = [dearer, free, line | {"quantity": "5"}]
    changed = await desk.change(f"/v1/orders/{order['id']}", {"lines": lines}, revision=1)
    view = [one["id"] for one in changed.json()["lines"]]
    assert view[1:] == [given, paid]
    assert view[0] not in {given, paid}


async def test_the_missing_permission_is_named(desk, crm):
    order = await placed(desk)
    seller = await crm.as_("orders.write")
    body = {
        "source_version": 1,
        "order_id": order["id"],
        "erp": {"number": "SO-1", "state": "confirmed"},
    }
    refused = await seller.put(f"/v1/order-fulfilments/by-external/erp/{uuid4()}", json=body)
    assert (refused.status_code, refused.json()["facts"]) == (403, {"scope": "orders.sync"})
    reader = await crm.as_("orders.read")
    headers = {"Idempotency-Key": str(uuid4())}
    line = {"product": "x", "quantity": "1"}
    body = {"account_id": order["account_id"], "lines": [line]}
    assert (await reader.post("/v1/orders", json=body, headers=headers)).status_code == 403
    past = {
        "account_id": order["account_id"],
        "ordered_on": "2020-01-01",
        "lines": [
            {"product": order["lines"][0]["product_id"], "quantity": "1", "unit_price": PRICE}
        ],
    }
    refused = await seller.post("/v1/orders", json=past, headers=headers)
    assert refused.json()["facts"] == {"scope": "backdate"}


@given(
    price=st.decimals(0, 10_000, places=6),
    quantity=st.decimals("0.000001", 1000, places=6),
    discount=st.decimals(0, 1, places=6),
)
def test_a_line_is_rounded_once_half_up(price, quantity, discount):
    """C26: never more than half a cent from the exact value."""
    exact = price * quantity * (1 - discount)
    net = line_net(price, quantity, discount, decimals=2)
    assert abs(net - exact) <= Decimal("0.005")
    assert net == net.quantize(Decimal("0.01"))
