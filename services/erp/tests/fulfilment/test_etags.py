"""An order's ETag: it changes with what the order asks for and whether it is accepted."""

from uuid import uuid4

import pytest

from erp.fulfilment.service.publishing import refresh_orders


@pytest.fixture
async def order(sales, desk):
    """A confirmed order of four, of which three are on hand."""
    item = await sales.item("3")
    return await sales.order(await desk.customer(), (item, "4", "1"))


def asked(order, quantity="4", **facts):
    """The order's content, as a seller puts it."""
    [line] = order["lines"]
    wanted = {
        "item_id": line["item_id"],
        "external_line_id": line["external_line_id"],
        "quantity": quantity,
        "unit_price": {"amount": "1", "currency": "CNY"},
    }
    return {"lines": [wanted]} | facts


async def put(sales, order, version, content):
    return await sales.erp.client.put(
        f"/v1/sales-orders/{order['id']}/content",
        json=content,
        headers={"If-Match": f'"{version}"'},
    )


async def etag(sales, order):
    reply = await sales.erp.client.get(f"/v1/sales-orders/{order['id']}")
    return reply.headers["ETag"], reply.json()["revision"]


async def test_goods_that_came_in_and_the_job_that_publishes_it_leave_it(sales, desk, order):
    """Nobody changed the order: what was read before can be changed."""
    await sales.receives(await desk.see(f"/v1/items/{order['lines'][0]['item_id']}"), "9")
    shown = await sales.refreshed(order)
    assert (shown["lines"][0]["reserved"], shown["version"], shown["revision"]) == ("4", 1, 2)
    changed = await put(sales, order, 1, asked(order, "5"))
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["lines"][0]["quantity"], changed.json()["revision"]) == ("5", 3)
    events = await desk.events_of(order["id"])
    assert [one["aggregate_version"] for one in events] == [1, 2, 3]
    assert [one["payload"]["version"] for one in events] == [1, 2, 3]


async def test_shipment_return_invoice_credit_and_payment_leave_it(sales, order):
    shipped = (await sales.act(order, "shipments")).json()
    assert (shipped["order_version"], shipped["order_revision"]) == (1, 2)
    invoiced = (await sales.act(order, "invoices")).json()
    assert (invoiced["order_version"], invoiced["order_revision"]) == (1, 3)
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "1"}
    returned = (await sales.act(order, "returns", lines=[line])).json()
    assert (returned["order_version"], returned["order_revision"]) == (1, 4)
    credited = await sales.erp.post(
        f"/v1/invoices/{invoiced['invoice_id']}/credit",
        {"reason": "Scratched", "lines": [{"position": 1, "quantity": "1"}]},
    )
    assert credited.status_code == 201, credited.text
    assert await etag(sales, order) == ('"1"', 5)
    paid = await sales.pays({"id": order["customer_id"]}, "1")
    assert paid.status_code == 201, paid.text
    assert (await sales.refreshed(order))["version"] == 1
    assert (await etag(sales, order))[0] == '"1"'


async def test_a_refused_change_leaves_it_and_an_accepted_one_does_not(sales, order, problem):
    """Only one of them changed what the order asks for."""
    await sales.acts(order, "shipments")
    problem(await put(sales, order, 1, asked(order, "1")), 409, "change_refused")
    accepted = await put(sales, order, 1, asked(order, "5"))
    assert accepted.json()["last_change"]["state"] == "accepted"
    assert (accepted.headers["ETag"], accepted.json()["revision"]) == ('"2"', 3)


async def test_a_decision_on_the_order_changes_it(sales, desk, problem):
    """What was seen as a draft is not replaced once it is confirmed; nor once it is cancelled."""
    item = await sales.item("9")
    draft = await sales.order(await desk.customer(), (item, "2", "1"), draft=True)
    confirmed = await sales.acts(draft, "confirm")
    assert (confirmed["version"], confirmed["revision"]) == (2, 2)
    problem(await put(sales, draft, 1, asked(draft, "1")), 412, "stale_revision")
    assert (await sales.acts(draft, "cancel"))["version"] == 3
    problem(await put(sales, draft, 2, asked(draft, "1")), 412, "stale_revision")


async def test_what_the_crm_changes_of_it_is_not_overwritten_unseen(sales, desk, problem):
    customer, item, order_id = await desk.customer(), await sales.item("9"), uuid4()
    order = (await sales.send(sales.body(customer, (item, "2", "1")), order_id)).json()
    sent = await sales.send(sales.body(customer, (item, "3", "1")), order_id, 2)
    assert (sent.json()["version"], sent.json()["revision"]) == (2, 2)
    problem(await put(sales, order, 1, asked(order, "1")), 412, "stale_revision")


@pytest.mark.parametrize("shown", ["before", "between"])
async def test_of_two_with_one_etag_one_is_refused_whenever_the_job_runs(
    sales, problem, order, shown
):
    async def changed(when, quantity):
        if shown == when:
            async with sales.erp.database.transaction() as work:
                await refresh_orders(work, {"order_ids": [order["id"]]})
        return await put(sales, order, 1, asked(order, quantity))

    assert (await changed("before", "5")).status_code == 200
    problem(await changed("between", "6"), 412, "stale_revision")
    assert (await sales.seen(order))["lines"][0]["quantity"] == "5"
