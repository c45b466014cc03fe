"""Goods that go back to the supplier: at what they came at, once, and the books agree (E36)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.purchasing.models.orders import PurchaseOrderLine

NOTHING = Decimal(0)


async def test_goods_go_back_at_what_they_came_at(buyer):
    """E36, E29: stock, GRNI and the order fall by what was received, and it is published."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    reply = await buyer.sends_back(receipt, (line, 4), reason="Rusty")
    assert reply.status_code == 201, reply.text
    made = reply.json()
    [gone] = made["lines"]
    assert (gone["line_id"], gone["quantity"]) == (line["id"], "4")
    assert (gone["value"], gone["cost"]) == ("13.32", "13.32")
    assert made["kind"] == "return"
    assert made["number"].startswith("PR-")
    [left] = (await buyer.see(order))["lines"]
    assert (left["quantity"], left["received"], left["returned"]) == ("6", "6", "4")
    assert (await buyer.availability(item))[0] == 6
    assert await buyer.balance("inventory", item) == Decimal("19.98")
    assert await buyer.balance("purchase_variance", item) == 0
    [event] = await buyer.desk.events_of(made["id"])
    assert event["type"].endswith("purchase-returned.v1")
    await buyer.agrees(order, item)


async def test_what_goes_back_is_expected_again_or_not_ordered_any_more(buyer):
    order, receipt, [item] = await buyer.bought((10, "5"))
    [line] = order["lines"]
    assert order["state"] == "received"
    await buyer.sends_back(receipt, (line, 3), again=True)
    now = await buyer.see(order)
    assert (now["state"], now["lines"][0]["quantity"]) == ("partly_received", "10")
    assert await buyer.availability(item) == (7, 0, 3, 0)
    await buyer.sends_back(receipt, (line, 2))
    assert (await buyer.see(order))["lines"][0]["quantity"] == "8"
    assert await buyer.availability(item) == (5, 0, 3, 0)
    assert (await buyer.receives(order)).status_code == 201
    now = await buyer.see(order)
    assert (now["state"], now["lines"][0]["received"]) == ("received", "8")
    assert await buyer.availability(item) == (8, 0, 0, 0)
    await buyer.agrees(order, item)


async def test_an_order_of_which_all_went_back_is_closed(buyer, problem):
    order, receipt, [item] = await buyer.bought((10, "5"))
    assert (await buyer.sends_back(receipt)).status_code == 201
    now = await buyer.see(order)
    assert (now["state"], now["net"], now["lines"][0]["quantity"]) == ("closed", "0.00", "0")
    problem(await buyer.sends_back(receipt), 409, "nothing_to_send_back")
    problem(await buyer.sends_back(receipt, again=True), 409, "purchase_order_closed")
    assert await buyer.availability(item) == (0, 0, 0, 0)
    await buyer.agrees(order, item)


async def test_stock_that_cannot_bear_what_they_came_at_gives_the_average(buyer):
    """E30, E33: nothing is worth less than nothing; what is missing is a variance."""
    supplier = await buyer.supplier()
    item = await buyer.item("10", supplier=supplier)
    first = await buyer.buys(supplier, (item, 10))
    await buyer.receives(first)
    price = {"unit_price": {"amount": "20", "currency": "CNY"}}
    dear = await buyer.buys(supplier, (item, 10, price))
    receipt = (await buyer.receives(dear)).json()
    await lost(buyer, item, 15)
    [line] = dear["lines"]
    [gone] = (await buyer.sends_back(receipt, (line, 4))).json()["lines"]
    assert (gone["value"], gone["cost"]) == ("80.00", "60.00")
    assert await buyer.balance("purchase_variance", item) == Decimal(-20)
    [gone] = (await buyer.sends_back(receipt, (line, 1))).json()["lines"]
    assert (gone["value"], gone["cost"]) == ("20.00", "15.00")
    assert await buyer.balance("inventory", item) == 0
    await buyer.agrees(dear, item)


async def lost(buyer, item, quantity):
    line = {"sku": item["sku"], "quantity": str(-quantity)}
    await buyer.desk.add("/v1/stock-adjustments", reason="Lost", lines=[line])


async def test_no_more_goes_back_than_came_and_is_here(buyer, problem):
    order, receipt, [item] = await buyer.bought((10, "5"))
    [line] = order["lines"]
    problem(await buyer.sends_back(receipt, (line, 11)), 409, "more_than_on_receipt")
    problem(await buyer.sends_back(receipt, (line, 6), (line, 5)), 409, "more_than_on_receipt")
    problem(await buyer.sends_back(receipt, (line, "0.5")), 422, "fraction_of_unit")
    problem(await buyer.sends_back(receipt, ({"id": str(uuid4())}, 1)), 422, "not_a_line")
    problem(await buyer.sends_back({"id": str(uuid4())}), 404, "not_found")
    await lost(buyer, item, 8)
    refusal = problem(await buyer.sends_back(receipt, (line, 2), (line, 1)), 409, "goods_gone")
    assert (refusal["facts"]["wanted"], refusal["facts"]["on_hand"]) == ("3", "2")
    assert (await buyer.sends_back(receipt, (line, 2))).status_code == 201
    assert (await buyer.see(order))["lines"][0]["returned"] == "2"


async def test_no_goods_go_back_before_they_came(buyer, problem):
    order, receipt, _ = await buyer.bought((10, "5"))
    early = str(buyer.today - timedelta(days=1))
    problem(await buyer.sends_back(receipt, effective_on=early), 422, "invalid_input")
    july = (
        await buyer.receives(await ordered_again(buyer, order), effective_on="1996-07-04")
    ).json()
    back = await buyer.sends_back(july, effective_on="1996-07-05")
    assert back.json()["effective_on"] == "1996-07-05"


async def ordered_again(buyer, order):
    line = {"sku": order["lines"][0]["sku"], "quantity": "2"}
    return await buyer.desk.add(
        "/v1/purchase-orders", supplier_number=order["supplier_number"], lines=[line]
    )


async def test_the_same_goods_go_back_once(buyer):
    """E27: of eight at once for 4 of 10 pieces, two succeed."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    replies = await asyncio.gather(*(buyer.sends_back(receipt, (line, 4)) for _ in range(8)))
    assert sorted(reply.status_code for reply in replies) == [201] * 2 + [409] * 6
    assert (await buyer.see(order))["lines"][0]["received"] == "2"
    assert await buyer.balance("inventory", item) == Decimal("6.66")
    await buyer.agrees(order, item)


async def test_a_piece_goes_back_by_its_serial_and_may_come_once_more(buyer, problem):
    """E28: of the receipt that brought it; repaired, it comes again."""
    supplier = await buyer.supplier()
    item = await buyer.desk.item(tracking="serial")
    await buyer.priced(item, "50", supplier)
    order = await buyer.buys(supplier, (item, 3))
    [line] = order["lines"]
    first = (await buyer.receives(order, lines=[came(line, "A", "B")])).json()
    second = (await buyer.receives(order, lines=[came(line, "C")])).json()
    wrong = {"serials": ["C"]}
    problem(await buyer.sends_back(first, (line, 1, wrong)), 409, "serial_not_on_receipt")
    problem(await buyer.sends_back(first, (line, 1)), 422, "serials_needed")
    back = await buyer.sends_back(first, (line, 1, {"serials": ["B"]}), again=True)
    assert back.json()["lines"][0]["serials"] == ["B"]
    problem(
        await buyer.sends_back(first, (line, 1, {"serials": ["B"]})), 409, "serial_not_in_stock"
    )
    assert [one["serial"] for one in (await buyer.see(order))["serials"]] == ["A", "C"]
    assert (await buyer.receives(order, lines=[came(line, "B")])).status_code == 201
    assert [one["serial"] for one in (await buyer.see(order))["serials"]] == ["A", "C", "B"]
    assert (await buyer.sends_back(second)).json()["lines"][0]["serials"] == ["C"]
    await buyer.agrees(order, item)


def came(line, *serials):
    return {"line_id": line["id"], "quantity": str(len(serials)), "serials": list(serials)}


async def test_returns_are_listed(buyer):
    order, receipt, _ = await buyer.bought((10, "5"))
    [line] = order["lines"]
    made = (await buyer.sends_back(receipt, (line, 1))).json()
    for found in (
        f"number={made['number'].lower()}",
        f"purchase_receipt_id={receipt['id']}",
        f"purchase_order_id={order['id']}&kind=return",
        f"supplier_id={order['supplier_id']}&effective_on_gte={buyer.today}",
    ):
        listed = await buyer.desk.see(f"/v1/purchase-returns?{found}")
        assert listed["items"] == [made | {"tags": [], "included": None}]
    reversals = await buyer.desk.see(
        f"/v1/purchase-returns?purchase_order_id={order['id']}&kind=reversal"
    )
    assert reversals["items"] == []
    assert [await buyer.desk.see(f"/v1/purchase-returns/{made['id']}")] == listed["items"]
    stock = await buyer.desk.see(f"/v1/stock-documents/{made['id']}")
    assert (stock["kind"], stock["lines"][0]["quantity"]) == ("purchase_return", "-1")
    [shown] = (await buyer.desk.see(f"/v1/purchase-receipts/{receipt['id']}"))["lines"]
    assert (shown["line_id"], shown["quantity"], shown["returned"]) == (line["id"], "10", "1")


async def test_the_database_keeps_what_went_back(buyer):
    """What went back of a receipt is what its returns say, and never more than came."""
    order, receipt, _ = await buyer.bought((10, "5"))
    await buyer.sends_back(receipt, (order["lines"][0], 1))
    for change in (
        "update purchase_receipt_line set returned = 11",
        "update purchase_receipt_line set returned = 2, returned_value = 10",
        "update purchase_receipt_line set quantity = 12",
        "update purchase_return_line set quantity = 2",
        "delete from purchase_return_line",
    ):
        receipt_lines = "select id from purchase_receipt_line where purchase_receipt_id = $1"
        name = "receipt_line_id" if "return_line" in change else "id"
        async with buyer.erp.database.driver() as sql:
            with pytest.raises(asyncpg.PostgresError):
                await sql.execute(
                    f"{change} where {name} in ({receipt_lines})", UUID(receipt["id"])
                )


@st.composite
def stories(draw):
    kinds = st.sampled_from(["receive", "bill", "return", "credit", "unbill", "uncredit"])
    return draw(st.lists(st.tuples(kinds, st.integers(1, 9), st.booleans()), max_size=25))


@given(st.decimals("0", "99", places=3), stories())
def test_whatever_comes_goes_and_is_billed_the_books_owe_what_the_line_says(price, story):
    """E44, E45: what is not cleared has the sign of what is not billed, and nothing of nothing."""
    line, grni = new_line(price), NOTHING
    bills, credits_, came = [], [], []
    for act, quantity, ordered in story:
        many = Decimal(quantity)
        if act == "receive" and many <= line.expected:
            value = line.receive(many, sku="A", decimals=2)
            came.append((many, value))
            grni += value
        elif act == "bill" and many <= line.billable:
            value = line.bill(many, sku="A", decimals=2)
            bills.append((many, value))
            grni -= value
        elif act == "return" and came:
            many, value = came.pop()
            grni -= line.send_back(many, value, ordered=ordered, counted=True, decimals=2)
        elif act == "credit" and many <= -line.unbilled:
            value = line.credit(many, sku="A", decimals=2)
            credits_.append((many, value))
            grni += value
        elif act == "unbill" and bills and bills[-1][0] <= line.billed:
            many, value = bills.pop()
            grni += value - line.unbill(many, value, bill="B")
        elif act == "uncredit" and credits_:
            many, value = credits_.pop()
            grni -= value + line.uncredit(many, value)
        must_hold(line, grni)


def must_hold(line, grni):
    assert line.received_value - line.billed_value == grni
    assert line.billed_value >= 0
    assert line.received_value >= 0
    assert 0 <= line.received <= line.quantity
    assert line.billed >= 0
    assert line.billed <= line.received + line.returned - line.credited
    signs = [(one > 0) - (one < 0) for one in (grni, line.received - line.billed)]
    assert signs[0] in {0, signs[1]}


def new_line(price):
    return PurchaseOrderLine(
        quantity=Decimal(40),
        unit_price=price,
        received=NOTHING,
        received_value=NOTHING,
        billed=NOTHING,
        billed_value=NOTHING,
        returned=NOTHING,
        credited=NOTHING,
    )


async def test_a_receipt_and_a_return_change_when_goods_go_back_and_come_again(buyer):
    """Whoever follows changes by `updated_from` reads them again."""
    _, receipt, _ = await buyer.bought((5, "2.00"))
    changed = "id = $1 and recorded_at < updated_at"
    assert await buyer.desk.count("purchase_receipt", changed, receipt["id"]) == 0
    sent_back = (await buyer.sends_back(receipt)).json()
    assert await buyer.desk.count("purchase_receipt", changed, receipt["id"]) == 1
    assert await buyer.desk.count("purchase_return", changed, sent_back["id"]) == 0
    path = f"/v1/purchase-returns/{sent_back['id']}/reverse"
    assert (await buyer.erp.post(path, {"reason": "Another's"})).is_success
    assert await buyer.desk.count("purchase_return", changed, sent_back["id"]) == 1
