"""What a seller may order and change, and what the ERP decides of it."""

from uuid import uuid4

import pytest

from chassis.events.feed import begin_epoch

PRICE = {"amount": "2.00", "currency": "CNY"}
ORDERS = "/v1/orders"


def line(product, quantity="1", **values):
    return {"product": product["id"], "quantity": quantity, "unit_price": PRICE} | values


async def order_of(desk, *lines, **values):
    account = await desk.account()
    return await desk.add(ORDERS, account_id=account["id"], lines=list(lines), **values)


async def test_with_its_first_order_a_prospect_is_a_customer_and_stays_one(desk, problem):
    """By every way an order is made; the account's event comes before the order's."""
    product = await desk.product()
    for way in ("post", "put", "batch"):
        account = await desk.account(stage="prospect")
        body = {"account_id": account["id"], "lines": [line(product)]}
        sent = body | {"source_version": 1}
        if way == "post":
            reply = await desk.crm.post(ORDERS, body)
        elif way == "put":
            path = f"{ORDERS}/by-external/shop/{uuid4()}"
            reply = await desk.client.put(path, json=sent)
        else:
            items = [sent | {"external_id": str(uuid4())} for _ in range(2)]
            reply = await desk.crm.post(f"{ORDERS}/by-external/shop/batch", {"items": items})
        assert reply.is_success, reply.text
        view = await desk.see(f"/v1/accounts/{account['id']}")
        assert (view["stage"], view["version"]) == ("customer", 2)
        assert (await desk.events_of(account["id"]))[-1]["payload"]["stage"] == "customer"
        back = {"stage": "prospect"}
        problem(
            await desk.change(f"/v1/accounts/{account['id']}", back, revision=2), 409, "has_ordered"
        )


@pytest.mark.parametrize(
    ("values", "quantity", "code"),
    [
        ({"active": False}, "1", "product_not_sold"),
        ({"discontinued_on": "2020-01-01"}, "1", "product_not_sold"),
        ({}, "1.5", "fraction_of_unit"),
        ({"unit": "KGM", "unit_decimals": 2}, "1.005", "fraction_of_unit"),
    ],
)
async def test_what_cannot_be_ordered_is_refused_by_every_way(
    desk, problem, values, quantity, code
):
    status = 422 if code == "fraction_of_unit" else 409
    product, account = await desk.product(**values), await desk.account()
    order = await order_of(desk, line(await desk.product()))
    body = {"account_id": account["id"], "lines": [line(product, quantity)]}
    sent = body | {"source_version": 1}
    problem(await desk.crm.post(ORDERS, body), status, code)
    path = f"{ORDERS}/by-external/shop/{uuid4()}"
    problem(await desk.client.put(path, json=sent), status, code)
    items = {"items": [sent | {"external_id": str(uuid4())}]}
    batch = await desk.crm.post(f"{ORDERS}/by-external/shop/batch", items)
    assert batch.json()["items"][0]["problem"]["code"] == code
    lines = [{"id": order["lines"][0]["id"], "quantity": "1"}, line(product, quantity)]
    changed = await desk.change(f"{ORDERS}/{order['id']}", {"lines": lines}, revision=1)
    problem(changed, status, code)


async def test_what_stands_on_an_order_may_change_in_its_other_parts(desk, problem):
    """Not for sale any more: what was ordered may be fewer, or cheaper, and not more."""
    product = await desk.product()
    order = await order_of(desk, line(product, "3"))
    await desk.change(f"/v1/products/{product['id']}", {"active": False}, revision=1)
    named = {"id": order["lines"][0]["id"], "discount": "0.5"}
    path = f"{ORDERS}/{order['id']}"
    more = await desk.change(path, {"lines": [named | {"quantity": "4"}]}, revision=1)
    problem(more, 409, "product_not_sold")
    fewer = {"lines": [named | {"quantity": "2"}], "note": "n"}
    changed = await desk.change(path, fewer, revision=1)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["net"], changed.json()["note"]) == ("2.00", "n")


async def test_a_changed_quantity_keeps_price_and_discount_however_the_line_is_named(desk):
    product, account = await desk.product(), await desk.account()
    agreed = line(product, "1") | {"discount": "0.5"}
    order = await desk.add(ORDERS, account_id=account["id"], lines=[agreed])
    same = {"product": product["code"], "quantity": "7"}
    changed = await desk.change(f"{ORDERS}/{order['id']}", {"lines": [same]}, revision=1)
    [now], [before] = changed.json()["lines"], order["lines"]
    assert (now["id"], now["quantity"]) == (before["id"], "7")
    assert (now["unit_price"], now["discount"]) == (before["unit_price"], "0.5")


async def test_an_archived_account_asks_for_no_more(desk, problem):
    """What it ordered may be fewer; a new line, and more of an old one, is new business."""
    account, product = await desk.account(), await desk.product()
    ordered = {"account_id": account["id"], "lines": [line(product, "3")]}
    order = await desk.add(ORDERS, **ordered)
    await desk.crm.post(f"/v1/accounts/{account['id']}/archive", {})
    named = {"id": order["lines"][0]["id"], "quantity": "3"}
    path = f"{ORDERS}/{order['id']}"
    for lines in ([named | {"quantity": "4"}], [named, line(await desk.product())]):
        refused = await desk.change(path, {"lines": lines}, revision=1)
        problem(refused, 409, "account_archived")
    fewer = await desk.change(path, {"lines": [named | {"quantity": "1"}]}, revision=1)
    assert fewer.status_code == 200, fewer.text


async def test_lines_of_one_product_are_distinguished_by_their_ids(desk, problem):
    product = await desk.product()
    order = await order_of(desk, line(product, "1"), line(product, "2"))
    first, second = (one["id"] for one in order["lines"])
    path = f"{ORDERS}/{order['id']}"
    lines = [{"id": second, "quantity": "5"}, {"id": first, "quantity": "1"}]
    changed = (await desk.change(path, {"lines": lines}, revision=1)).json()
    assert [(one["id"], one["quantity"], one["unit_price"]) for one in changed["lines"]] == [
        (second, "5", "2.00"),
        (first, "1", "2.00"),
    ]
    for wrong, code in (([first, first], "invalid_input"), ([str(uuid4())], "unknown_line")):
        lines = [{"id": one, "quantity": "1"} for one in wrong]
        problem(await desk.change(path, {"lines": lines}, revision=2), 422, code)
    problem(
        await desk.change(path, {"lines": [{"quantity": "1"}]}, revision=2), 422, "invalid_input"
    )


async def test_a_sender_knows_its_lines_again_by_its_own_ids(desk):
    product, account = await desk.product(), await desk.account()
    path = f"{ORDERS}/by-external/shop/{uuid4()}"

    async def sends(version, *names):
        lines = [line(product, quantity, external_line_id=name) for name, quantity in names]
        body = {"account_id": account["id"], "lines": lines, "source_version": version}
        return (await desk.client.put(path, json=body)).json()

    before = await sends(1, ("a", "1"), ("b", "2"))
    known = {one["external_line_id"]: one["id"] for one in before["lines"]}
    after = await sends(2, ("b", "1"), ("c", "2"), ("a", "7"))
    now = {one["external_line_id"]: (one["id"], one["quantity"]) for one in after["lines"]}
    assert (now["a"], now["b"]) == ((known["a"], "7"), (known["b"], "1"))
    assert now["c"][0] not in known.values()


class Erp:
    """The ERP as it sends an order."""

    def __init__(self, desk, order):
        self.desk, self.order, self.version = desk, order, 0

    async def sends(self, *quantities, of=1, state="confirmed", by=None, headers=None, **values):
        self.version += 1
        lines = [
            {
                "line_id": one["id"],
                "product_id": one["product_id"],
                "quantity": quantity,
                "unit_price": one["unit_price"],
                **dict.fromkeys(("reserved", "waiting", "shipped", "invoiced"), "0"),
            }
            for one, quantity in zip(self.order["lines"], quantities, strict=True)
        ]
        erp = {"number": "SO-1", "state": state, "lines": lines, "source_version": of} | values
        body = {"source_version": self.version, "order_id": self.order["id"], "erp": erp}
        path = f"/v1/order-fulfilments/by-external/erp/{self.order['id']}"
        reply = await (by or self.desk.client).put(path, json=body, headers=headers)
        assert reply.is_success, reply.text
        return await self.desk.see(f"{ORDERS}/{self.order['id']}")

    async def refuses(self, version, code="too_large", history=None):
        body = {"source_version": version, "order_id": self.order["id"], "code": code, "about": "x"}
        path = f"/v1/order-refusals/by-external/erp/{self.order['id']}"
        sent = {"Tandem-History": str(history)} if history else None
        bridge = await self.desk.crm.as_("orders.sync", "events.relay", systems=["erp"])
        reply = await bridge.put(path, json=body, headers=sent)
        assert reply.is_success, reply.text
        return await self.desk.see(f"{ORDERS}/{self.order['id']}")


@pytest.fixture
async def erp(desk):
    return Erp(desk, await order_of(desk, line(await desk.product(), "10")))


async def test_what_the_erp_decided_of_lines_is_what_the_order_is(erp, desk):
    """It is published, and is no change of the customer's."""
    view = await erp.sends("8")
    assert (view["lines"][0]["quantity"], view["net"]) == ("8", "16.00")
    assert (view["version"], view["content_version"]) == (2, 1)
    event = (await desk.events_of(view["id"]))[-1]["payload"]
    assert (event["content_version"], event["base"]["lines"][0]["quantity"]) == (1, "8")
    assert (await erp.sends("8", promised_on="2999-01-01"))["version"] == 2


async def test_what_the_erp_decided_before_it_knew_a_change_is_not_taken_over(erp, desk):
    """A later word that knows the change is."""
    path = f"{ORDERS}/{erp.order['id']}"
    await desk.change(path, {"note": "ring"}, revision=1)
    view = await erp.sends("8", of=1)
    assert (view["lines"][0]["quantity"], view["note"], view["version"]) == ("10", "ring", 2)
    view = await erp.sends("8", of=2, note="ring")
    assert (view["lines"][0]["quantity"], view["note"]) == ("8", "ring")


async def test_a_rejected_order_is_seen_in_words_and_stands_again_when_changed(erp, desk):
    """Decision 0020: a state, code, words of both languages, an event."""
    view = await erp.sends("10", state="rejected", reason="not_sold: BOLT-8")
    assert (view["state"], view["refusal"]["code"]) == ("rejected", "not_sold")
    assert view["refusal"]["text"] == "These products are not for sale: BOLT-8."
    path = f"{ORDERS}/{view['id']}"
    chinese = await desk.client.get(path, headers={"Accept-Language": "zh"})
    assert chinese.json()["refusal"]["text"] == "以下产品不可销售：BOLT-8。"
    assert (await desk.events_of(view["id"]))[-1]["payload"]["refusal"]["about"] == "BOLT-8"
    assert view["id"] in await desk.listed(ORDERS, state="rejected")
    changed = (await desk.change(path, {"note": "again"}, revision=view["version"])).json()
    assert (changed["state"], changed["refusal"]) == ("placed", None)
    assert changed["content_version"] == changed["version"] == 3


async def test_what_the_erp_would_not_take_at_all_is_a_state_too(erp, desk):
    """An order it never took is rejected; of one it has, the change is taken back."""
    view = await erp.refuses(1)
    assert (view["state"], view["refusal"]["code"]) == ("rejected", "too_large")
    again = await erp.refuses(1)
    assert again["version"] == view["version"] == 2
    path = f"{ORDERS}/{erp.order['id']}"
    await desk.change(path, {"note": "smaller"}, revision=2)
    assert (await erp.refuses(1))["state"] == "placed"
    await erp.sends("10", of=3, note="smaller")
    lines = [{"id": erp.order["lines"][0]["id"], "quantity": "999"}]
    await desk.change(path, {"lines": lines}, revision=3)
    view = await erp.refuses(4)
    assert (view["state"], view["lines"][0]["quantity"]) == ("placed", "10")
    assert (view["refusal"]["kind"], view["content_version"]) == ("change", 3)


async def test_an_order_cancelled_in_the_erp_is_cancelled(erp, problem, desk):
    assert (await erp.sends("10", state="cancelled"))["state"] == "cancelled"
    changed = await desk.change(f"{ORDERS}/{erp.order['id']}", {"note": "x"}, revision=2)
    problem(changed, 409, "order_cancelled")


async def test_a_shipment_that_is_taken_back_is_seen_to_fall(erp, desk):
    """B41: the newest word holds, also where less has gone out than before."""
    sent = {"number": "SH-1", "kind": "delivery", "shipped_on": "2026-01-02"}
    sent |= {"carrier": "SF", "tracking_number": "7"}
    line = {"product_id": erp.order["lines"][0]["product_id"], "quantity": "10", "waiting": "0"}
    line |= {"unit_price": "2", "invoiced": "0"}
    for shipped, reversed_on in (("10", None), ("0", "2026-01-03")):
        line |= {"shipped": shipped, "reserved": str(10 - int(shipped))}
        shipments = [sent | {"reversed_on": reversed_on}]
        view = await erp.sends("10", lines=[line], shipments=shipments)
        assert view["erp"]["lines"][0]["shipped"] == shipped
        assert view["erp"]["shipments"][0]["reversed_on"] == reversed_on


@pytest.fixture
async def restored(erp, desk):
    """The ERP decided on versions 2 and 3, which a restore of this database has lost since.

    Version 2 is another one now; its number is that of one the ERP answered.
    """
    async with desk.crm.database.driver() as sql:
        lost = await sql.fetchval("select epoch from installation")
        await begin_epoch(sql)
    view = await desk.change(f"{ORDERS}/{erp.order['id']}", {"note": "after"}, revision=1)
    assert (view.json()["version"], view.json()["content_history"] > lost) == (2, True)
    return lost


async def test_answers_to_what_a_restore_lost_do_not_set_the_seller_back(erp, desk, restored):
    """Neither a decision nor a refusal: their versions are larger, but of an earlier history."""
    answer = {"kind": "change", "state": "refused", "reason": "credit", "source_version": 2}
    answer |= {"source_history": restored}
    view = await erp.sends("8", of=3, source_history=restored, last_change=answer)
    assert (view["lines"][0]["quantity"], view["note"], view["refusal"]) == ("10", "after", None)
    assert (await erp.refuses(3, history=restored))["state"] == "placed"
    now = view["content_history"]
    view = await erp.sends("9", of=2, source_history=now, last_change=answer, note="after")
    assert (view["lines"][0]["quantity"], view["refusal"]) == ("9", None)
    assert (await desk.events_of(view["id"]))[-1]["payload"]["content_history"] == now
    view = await erp.refuses(2, history=now)
    assert view["refusal"]["code"] == "too_large"


async def test_what_a_restore_lost_comes_back_from_the_erp_while_nobody_changed_it(erp, desk):
    """The ERP has decided on a version that this order has not reached again."""
    view = await desk.see(f"{ORDERS}/{erp.order['id']}")
    async with desk.crm.database.driver() as sql:
        await begin_epoch(sql)
    view = await erp.sends("7", of=5, source_history=view["content_history"], note="lost")
    assert (view["lines"][0]["quantity"], view["note"]) == ("7", "lost")


async def test_the_erp_state_that_was_applied_is_published_with_its_history(erp, desk):
    bridge = await desk.crm.as_("orders.sync", "events.relay", systems=["erp"])
    view = await erp.sends("8", by=bridge, headers={"Tandem-History": "7"})
    base = (await desk.events_of(view["id"]))[-1]["payload"]["base"]
    assert (base["version"], base["history"]) == (1, 7)
