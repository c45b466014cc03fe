"""Bought pieces with serials: named when they come, told to everyone, and only once."""

import asyncio

import pytest


@pytest.fixture
async def bought(buyer, desk):
    """Three drills at 3.33 and two bolts on order."""
    drill, bolts = await desk.item(tracking="serial"), await desk.item()
    price = {"unit_price": {"amount": "3.33", "currency": "CNY"}}
    supplier = await buyer.supplier()
    return drill, await buyer.buys(supplier, (drill, 3, price), (bolts, 2, price))


def came(order, *serials, quantity=None, line=0):
    """What came of a line, by its serials."""
    count = quantity or str(len(serials))
    return {"line_id": order["lines"][line]["id"], "quantity": count, "serials": serials}


async def test_a_receipt_names_its_pieces(buyer, desk, bought):
    """E28, E47: in parts; the order and its event say which receipt brought which."""
    drill, order = bought
    receipts = []
    for serials in (("D2", "D1"), ("D3",)):
        lines = [came(order, *serials)]
        if len(serials) == 1:
            lines.append(came(order, quantity="2", line=1))
        reply = await buyer.receives(order, lines=lines)
        assert reply.status_code == 201, reply.text
        receipts += [(reply.json()["id"], serial) for serial in serials]
    view = await buyer.see(order)
    assert view["state"] == "received"
    assert [(one["receipt_id"], one["serial"]) for one in view["serials"]] == receipts
    assert {one["sku"] for one in view["serials"]} == {drill["sku"]}
    assert (await desk.events_of(order["id"]))[-1]["payload"]["serials"] == view["serials"]
    assert await buyer.availability(drill) == (3, 0, 0, 0)
    assert f"{await buyer.balance('inventory', drill):.2f}" == "9.99"


@pytest.mark.parametrize(
    ("serials", "quantity", "code"),
    [
        ((), "2", "serials_needed"),
        (("A",), "1.5", "fraction_of_unit"),
        (("A", "A"), "2", "duplicate_serial"),
        (("OLD",), "1", "serial_exists"),
        (("A", "B", "C", "D"), "4", "more_than_ordered"),
    ],
)
async def test_a_wrong_receipt_changes_nothing(buyer, bought, serials, quantity, code):
    drill, order = bought
    assert (await buyer.receives(order, lines=[came(order, "OLD")])).status_code == 201
    before = await buyer.see(order)
    lines = [came(order, *serials, quantity=quantity), came(order, quantity="1", line=1)]
    reply = await buyer.receives(order, lines=lines)
    assert (reply.json()["code"], reply.status_code // 100) == (code, 4), reply.text
    assert await buyer.see(order) == before
    assert await buyer.availability(drill) == (1, 0, 2, 0)


async def test_everything_at_once_has_no_names(buyer, problem, bought):
    """Pieces with serials are never taken in unnamed, by neither way to receive all."""
    _, order = bought
    problem(await buyer.receives(order), 422, "serials_needed")
    body = {"order_ids": [order["id"]]}
    reply = await buyer.erp.post("/v1/purchase-orders/receive-all", body)
    problem(reply, 422, "serials_needed")
    line = came(order, "D1", line=1)
    problem(await buyer.receives(order, lines=[line]), 422, "serials_not_kept")
    assert (await buyer.see(order))["state"] == "ordered"


async def test_two_orders_cannot_bring_the_same_piece(buyer, desk):
    """E28: by two receipts side by side, of two orders."""
    drill, supplier = await desk.item(tracking="serial"), await buyer.supplier()
    price = {"unit_price": {"amount": "1", "currency": "CNY"}}
    orders = [await buyer.buys(supplier, (drill, 1, price)) for _ in range(6)]
    replies = await asyncio.gather(
        *(buyer.receives(order, lines=[came(order, "SAME")]) for order in orders)
    )
    assert sorted(one.status_code for one in replies) == [201] + [409] * 5
    assert await buyer.availability(drill) == (1, 0, 5, 0)
