"""A purchase order is changed after it was placed; what is expected and suggested follows."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

PATH = "/v1/purchase-orders"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


@pytest.fixture
async def ordered(buyer):
    """Ten bolts at 5 and three nuts at 7 on order: order, bolts, nuts."""
    supplier = await buyer.supplier()
    bolts = await buyer.item("5", supplier=supplier)
    nuts = await buyer.item("7", supplier=supplier)
    return await buyer.buys(supplier, (bolts, 10), (nuts, 3)), bolts, nuts


async def changes(buyer, order, *lines, revision=None):
    """Let the order be of these lines."""
    view = await buyer.see(order)
    headers = {"If-Match": f'"{revision or view["version"]}"'}
    path = f"{PATH}/{order['id']}/content"
    return await buyer.erp.client.put(path, json={"lines": list(lines)}, headers=headers)


def as_it_is(line, **facts):
    return {"id": line["id"], "sku": line["sku"], "quantity": line["quantity"]} | facts


async def test_quantity_price_and_day_change(buyer, ordered):
    order, bolts, nuts = ordered
    more, same = order["lines"]
    later = str(buyer.today + timedelta(days=9))
    reply = await changes(
        buyer,
        order,
        as_it_is(more, quantity="12", unit_price=money("4.5"), due_on=later),
        as_it_is(same),
    )
    assert reply.status_code == 200, reply.text
    now = reply.json()
    assert reply.headers["ETag"] == f'"{now["version"]}"'
    assert now["version"] == order["version"] + 1
    [first, second] = now["lines"]
    assert (first["id"], first["quantity"], first["unit_price"], first["due_on"]) == (
        more["id"],
        "12",
        "4.50",
        later,
    )
    assert second == same
    assert now["net"] == "75.00"
    event = (await buyer.desk.events_of(order["id"]))[-1]["payload"]
    assert (event["changed"], event["net"]) == (["lines", "net", "state"], "75.00")
    assert await buyer.availability(bolts) == (0, 0, 12, 0)
    assert await buyer.availability(nuts) == (0, 0, 3, 0)


async def test_lines_are_added_and_dropped(buyer, ordered):
    """The order expects the one and not the other any more; its money follows."""
    order, bolts, nuts = ordered
    bolt, _ = order["lines"]
    washers = await buyer.item()
    new = {"sku": washers["sku"], "quantity": "4", "unit_price": money("1")}
    now = (await changes(buyer, order, as_it_is(bolt), new)).json()
    assert [line["quantity"] for line in now["lines"]] == ["10", "0", "4"]
    assert now["net"] == "54.00"
    assert await buyer.availability(nuts) == (0, 0, 0, 0)
    assert await buyer.availability(washers) == (0, 0, 4, 0)
    assert (await buyer.receives(order)).status_code == 201
    assert (await buyer.see(order))["state"] == "received"
    assert await buyer.availability(washers) == (4, 0, 0, 0)
    await buyer.agrees(order, bolts, washers)


async def test_the_same_changes_nothing(buyer, ordered):
    order, *_ = ordered
    now = (await changes(buyer, order, *map(as_it_is, order["lines"]))).json()
    assert now == order
    assert len(await buyer.desk.events_of(order["id"])) == 1


async def test_no_less_is_ordered_than_came(buyer, ordered, problem):
    order, bolts, _ = ordered
    bolt, nut = order["lines"]
    part = [{"line_id": bolt["id"], "quantity": "6"}]
    await buyer.receives(order, lines=part)
    refusal = problem(
        await changes(buyer, order, as_it_is(bolt, quantity="5"), as_it_is(nut)),
        409,
        "less_than_received",
    )
    assert refusal["facts"]["received"] == "6"
    problem(await changes(buyer, order, as_it_is(nut)), 409, "less_than_received")
    now = (await changes(buyer, order, as_it_is(bolt, quantity="6"))).json()
    assert now["state"] == "received"
    assert await buyer.availability(bolts) == (6, 0, 0, 0)
    raised = await changes(buyer, order, as_it_is(bolt, quantity="8", unit_price=money("6")))
    assert raised.json()["state"] == "partly_received"
    await buyer.receives(order)
    await buyer.bills(order)
    assert await buyer.cleared(order) == 0
    await buyer.agrees(order, bolts)


async def test_a_wrong_change_is_refused_and_changes_nothing(buyer, ordered, problem):
    order, bolts, nuts = ordered
    bolt, nut = order["lines"]
    stranger = {"id": str(uuid4()), "sku": bolts["sku"], "quantity": "1"}
    other = as_it_is(bolt) | {"sku": nuts["sku"]}
    nameless = await buyer.item()
    for line, status, code in (
        (stranger, 422, "not_a_line"),
        (other, 422, "invalid_input"),
        (as_it_is(bolt, quantity="1.5"), 422, "fraction_of_unit"),
        (as_it_is(bolt, quantity="0"), 422, "invalid_input"),
        (as_it_is(bolt, unit_price=money("1", "USD")), 422, "currency_not_supported"),
        ({"sku": nameless["sku"], "quantity": "1"}, 422, "no_supplier_price"),
        ({"sku": buyer.desk.word(), "quantity": "1"}, 422, "missing_reference"),
        (as_it_is(nut), 422, "invalid_input"),
        (as_it_is(bolt, unit_price=money("99999999999999")), 422, "invalid_input"),
    ):
        problem(await changes(buyer, order, as_it_is(nut), line), status, code)
    problem(await changes(buyer, order, as_it_is(nut), revision=99), 412, "stale_revision")
    body = {"lines": [as_it_is(nut)]}
    bare = await buyer.erp.client.put(f"{PATH}/{order['id']}/content", json=body)
    problem(bare, 428, "revision_required")
    assert (await buyer.see(order)).items() >= order.items()


async def test_nothing_more_is_ordered_of_what_is_archived(buyer, ordered, problem):
    """f08: less, or another day, may still be agreed."""
    order, bolts, _ = ordered
    bolt, nut = order["lines"]
    view = await buyer.desk.see(f"/v1/items/{bolts['id']}")
    archive = f"/v1/items/{bolts['id']}/archive"
    headers = {"If-Match": f'"{view["version"]}"', "Idempotency-Key": str(uuid4())}
    assert (await buyer.erp.client.post(archive, headers=headers)).is_success
    problem(
        await changes(buyer, order, as_it_is(bolt, quantity="11"), as_it_is(nut)), 409, "not_bought"
    )
    less = await changes(buyer, order, as_it_is(bolt, quantity="9"), as_it_is(nut))
    assert less.status_code == 200, less.text


async def test_a_closed_order_is_not_changed(buyer, ordered, problem):
    order, *_ = ordered
    await buyer.erp.post(f"{PATH}/{order['id']}/close", {})
    problem(
        await changes(buyer, order, *map(as_it_is, order["lines"])), 409, "purchase_order_closed"
    )


async def test_what_is_waited_for_is_suggested_again(buyer, ordered):
    """E41: dropped goods that a customer waits for ought to be bought."""
    order, bolts, _ = ordered
    bolt, nut = order["lines"]
    await buyer.wanted(bolts, 8)
    assert await buyer.suggested(bolts) == []
    await changes(buyer, order, as_it_is(bolt, quantity="3"), as_it_is(nut))
    [suggestion] = await buyer.suggested(bolts)
    assert suggestion["quantity"] == "5"
    await changes(buyer, order, as_it_is(bolt, quantity="8"), as_it_is(nut))
    assert await buyer.suggested(bolts) == []


async def test_of_two_changes_at_once_one_is_stale(buyer, ordered):
    order, bolts, _ = ordered
    bolt, nut = order["lines"]
    replies = await asyncio.gather(
        *(
            changes(
                buyer,
                order,
                as_it_is(bolt, quantity=str(n)),
                as_it_is(nut),
                revision=order["version"],
            )
            for n in (11, 12, 13, 14)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412]
    [quantity] = {line["quantity"] for line in (await buyer.see(order))["lines"][:1]}
    assert (await buyer.availability(bolts))[2] == int(quantity)


async def test_a_receipt_and_a_change_at_once_agree(buyer, ordered):
    """Whoever is second sees what the first did: never less ordered than came."""
    order, bolts, _ = ordered
    bolt, nut = order["lines"]
    fewer = changes(
        buyer, order, as_it_is(bolt, quantity="4"), as_it_is(nut), revision=order["version"]
    )
    whole = [{"line_id": bolt["id"], "quantity": "10"}]
    changed, came = await asyncio.gather(fewer, buyer.receives(order, lines=whole))
    assert {changed.status_code, came.status_code} in ({200, 409}, {412, 201})
    await buyer.agrees(order, bolts)
