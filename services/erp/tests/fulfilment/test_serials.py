"""Pieces with serials on their way: bought, shipped by name or age, returned; always published."""

import asyncio

import pytest


async def seen(desk, item):
    """Where each serial of the item is, and for which line it left."""
    found = (await desk.see(f"/v1/serials?sku={item['sku']}"))["items"]
    return {one["number"]: (one["place"], one["order_line_id"]) for one in found}


@pytest.fixture
def receive(sales):
    """Lay pieces in stock by their serials."""

    async def lay(item, *serials, cost="7"):
        line = {"sku": item["sku"], "quantity": str(len(serials)), "serials": serials}
        line |= {"unit_cost": {"amount": cost, "currency": "CNY"}}
        reply = await sales.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert reply.status_code == 201, reply.text

    return lay


@pytest.fixture
async def drill(desk, receive):
    """An item of which D1 to D5 came in, in this order."""
    item = await desk.item(tracking="serial")
    await receive(item, "D3", "D1")
    await receive(item, "D2", "D5", "D4")
    return item


@pytest.fixture
async def order(sales, desk, drill):
    """An order of three drills, and of two bolts that have no serials."""
    bolts = await sales.item("2")
    return await sales.order(await desk.customer(), (drill, "3", "100"), (bolts, "2", "1"))


def named(order, *serials, quantity=None, line=0):
    """So many of a line, by their serials."""
    count = quantity or str(len(serials))
    return {"order_line_id": order["lines"][line]["id"], "quantity": count, "serials": serials}


def shipped_serials(reply, order, sku):
    """The serials of a shipment; each for the order's first line."""
    assert reply.status_code == 201, reply.text
    pieces = reply.json()["serials"]
    line = order["lines"][0]["id"]
    assert {(one["order_line_id"], one["sku"]) for one in pieces} <= {(line, sku)}
    return [one["serial"] for one in pieces]


async def test_what_came_first_leaves_first(sales, desk, drill, order):
    """E28: a shipment that names no serials takes those that came in first, and tells them."""
    line = order["lines"][0]["id"]
    reply = await sales.act(order, "shipments")
    assert shipped_serials(reply, order, drill["sku"]) == ["D3", "D1", "D2"]
    gone = ("CUSTOMERS", line)
    here = ("MAIN-STOCK", None)
    assert await seen(desk, drill) == {"D1": gone, "D2": gone, "D3": gone, "D4": here, "D5": here}
    [shipment] = (await sales.seen(order))["shipments"]
    assert [one["serial"] for one in shipment["serials"]] == ["D3", "D1", "D2"]
    last = (await desk.events_of(order["id"]))[-1]["payload"]
    assert last["shipments"][0]["serials"] == shipment["serials"]


async def test_a_shipment_names_its_pieces(sales, desk, drill, order):
    """E28, E47: the rest of the line stays as a backorder; what is named is not chosen again."""
    reply = await sales.act(order, "shipments", lines=[named(order, "D2", "D4")])
    assert shipped_serials(reply, order, drill["sku"]) == ["D2", "D4"]
    reply = await sales.act(order, "shipments", lines=[named(order, quantity="1")])
    assert shipped_serials(reply, order, drill["sku"]) == ["D3"]


async def test_lines_of_one_item_share_its_pieces(sales, desk, drill):
    """What one line names is not chosen for the other."""
    order = await sales.order(await desk.customer(), (drill, "2", "1"), (drill, "2", "1"))
    lines = [named(order, quantity="2"), named(order, "D3", "D5", line=1)]
    reply = await sales.act(order, "shipments", lines=lines)
    assert reply.status_code == 201, reply.text
    pieces = {(one["order_line_id"], one["serial"]) for one in reply.json()["serials"]}
    first, second = (line["id"] for line in order["lines"])
    assert pieces == {(first, "D1"), (first, "D2"), (second, "D3"), (second, "D5")}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"serials": ["D1"], "quantity": "2"}, "serials_needed"),
        ({"serials": ["D1", "D2"], "quantity": "1"}, "serials_needed"),
        ({"serials": ["D1"], "quantity": "0.5"}, "fraction_of_unit"),
        ({"serials": [], "quantity": "0.5"}, "fraction_of_unit"),
        ({"serials": ["D1", "D1"], "quantity": "2"}, "duplicate_serial"),
        ({"serials": ["X"], "quantity": "1"}, "unknown_serial"),
        ({"serials": ["D5"], "quantity": "1"}, "serial_not_in_stock"),
        ({"serials": ["D1", "D2", "D3", "D4"], "quantity": "4"}, "not_reserved"),
        ({"serials": [], "quantity": "4"}, "not_reserved"),
        ({"serials": [], "quantity": "90000000000000"}, "not_reserved"),
    ],
)
async def test_a_wrong_shipment_changes_nothing(sales, desk, order, wrong, code):
    drill, first = {"sku": order["lines"][0]["sku"]}, order["lines"][0]["id"]
    loss = drill | {"quantity": "-1", "serials": ["D5"]}
    await desk.add("/v1/stock-adjustments", reason="gone", lines=[loss])
    before = await seen(desk, drill)
    line = {"order_line_id": first} | wrong
    reply = await sales.act(order, "shipments", lines=[line])
    assert (reply.json()["code"], reply.status_code // 100) == (code, 4), reply.text
    assert await seen(desk, drill) == before
    assert (await sales.seen(order))["lines"][0]["reserved"] == "3"


async def test_goods_without_serials_go_without(sales, order, problem):
    line = named(order, "D1", line=1)
    problem(await sales.act(order, "shipments", lines=[line]), 422, "serials_not_kept")


@pytest.mark.parametrize("act", ["shipments", "returns"])
async def test_a_service_has_no_serials(sales, desk, problem, act):
    """Never ignored: what is named is kept, or refused."""
    service = await desk.item(kind="service")
    order = await sales.order(await desk.customer(), (service, "1", "1"))
    if act == "returns":
        await sales.acts(order, "shipments")
    problem(await sales.act(order, act, lines=[named(order, "S1")]), 422, "serials_not_kept")


async def test_twenty_orders_ship_twenty_pieces_at_once(sales, desk, receive):
    """E26, E28: by the API side by side; each order gets a serial of its own."""
    item = await desk.item(tracking="serial")
    await receive(item, *(f"S{at}" for at in range(20)))
    customer = await desk.customer()
    orders = [await sales.order(customer, (item, "1", "1")) for _ in range(20)]
    replies = await asyncio.gather(*(sales.act(one, "shipments") for one in orders))
    shipped = [
        shipped_serials(reply, one, item["sku"]) for reply, one in zip(replies, orders, strict=True)
    ]
    assert sorted(serial for [serial] in shipped) == sorted(f"S{at}" for at in range(20))


async def test_one_piece_goes_to_one_of_twenty_orders(sales, desk, receive):
    """E26: a serial is reserved once: nineteen are refused and ship nothing."""
    item = await desk.item(tracking="serial")
    await receive(item, *(f"S{at}" for at in range(20)))
    customer = await desk.customer()
    orders = [await sales.order(customer, (item, "1", "1")) for _ in range(20)]
    replies = await asyncio.gather(
        *(sales.act(one, "shipments", lines=[named(one, "S7")]) for one in orders)
    )
    assert sorted(one.status_code for one in replies) == [201] + [409] * 19
    codes = {one.json()["code"] for one in replies if one.status_code == 409}
    assert codes == {"serial_not_in_stock"}
    level = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"][0]
    assert (level["on_hand"], level["reserved"]) == ("19", "19")


async def test_a_piece_comes_back_at_the_cost_it_left_at(sales, desk, receive, problem):
    """E36: not at the average of its line; and the serial's way is shown from end to end."""
    item = await desk.item(tracking="serial")
    await receive(item, "A", cost="5")
    order = await sales.order(await desk.customer(), (item, "2", "100"))
    await sales.acts(order, "shipments")
    await receive(item, "B", cost="9")
    await sales.acts(order, "shipments", "invoices")
    reply = await sales.act(order, "returns", lines=[named(order, "B")])
    assert shipped_serials(reply, order, item["sku"]) == ["B"]
    report = (await desk.see("/v1/reports/stock-valuation"))["items"]
    assert [one["value"] for one in report if one["sku"] == item["sku"]] == ["9.00"]
    [serial] = (await desk.see(f"/v1/serials?sku={item['sku']}&number=B"))["items"]
    moves = (await desk.see(f"/v1/serials/{serial['id']}"))["moves"]
    assert [(one["source_type"], one["target"], one["value"]) for one in moves] == [
        ("stock_receipt", "MAIN-STOCK", "9.00"),
        ("shipment", "CUSTOMERS", "9.00"),
        ("return", "MAIN-STOCK", "9.00"),
    ]
    [kept] = [one for one in (await sales.seen(order))["shipments"] if one["kind"] == "return"]
    assert [one["serial"] for one in kept["serials"]] == ["B"]


async def test_only_what_left_for_the_line_comes_back(sales, desk, drill, problem):
    """E28: the piece must be with that customer for that order line."""
    customer = await desk.customer()
    mine = await sales.order(customer, (drill, "2", "1"))
    other = await sales.order(customer, (drill, "1", "1"))
    await sales.act(mine, "shipments", lines=[named(mine, "D1", "D2")])
    await sales.act(other, "shipments", lines=[named(other, "D3")])
    before = await seen(desk, drill)

    async def returned(*serials, quantity=None):
        return await sales.act(mine, "returns", lines=[named(mine, *serials, quantity=quantity)])

    problem(await returned("D3"), 409, "serial_not_with_customer")
    problem(await returned("D4"), 409, "serial_not_with_customer")
    problem(await returned("X"), 422, "unknown_serial")
    problem(await returned("D1", quantity="2"), 422, "serials_needed")
    problem(await returned(quantity="1"), 422, "serials_needed")
    problem(await returned("D1", quantity="0.5"), 422, "fraction_of_unit")
    problem(await returned("D1", "D1"), 422, "duplicate_serial")
    assert await seen(desk, drill) == before
    assert (await returned("D1")).status_code == 201
    problem(await returned("D1"), 409, "serial_not_with_customer")
    assert (await seen(desk, drill))["D1"] == ("MAIN-STOCK", None)


async def test_what_came_back_is_sold_again(sales, desk, drill):
    """A piece that came in first and came back is still the one that came in first."""
    customer = await desk.customer()
    order = await sales.order(customer, (drill, "1", "1"))
    for _ in range(2):
        assert shipped_serials(await sales.act(order, "shipments"), order, drill["sku"]) == ["D3"]
        await sales.act(order, "returns", lines=[named(order, "D3")])
        order = await sales.order(customer, (drill, "1", "1"))


async def test_twenty_returns_bring_a_piece_back_once(sales, desk, drill):
    """E28 under parallel returns of one piece."""
    order = await sales.order(await desk.customer(), (drill, "3", "1"))
    await sales.acts(order, "shipments")
    back = (sales.act(order, "returns", lines=[named(order, "D3")]) for _ in range(20))
    replies = await asyncio.gather(*back)
    assert sorted(one.status_code for one in replies) == [201] + [409] * 19


async def test_a_received_piece_cannot_be_received_while_a_customer_has_it(
    sales, drill, order, problem
):
    """E28: it is taken back, not received again."""
    await sales.acts(order, "shipments")
    line = {"sku": drill["sku"], "quantity": "1", "serials": ["D3"]}
    line |= {"value": {"amount": "1", "currency": "CNY"}}
    for path, facts in (
        ("/v1/stock-receipts", {}),
        ("/v1/stock-adjustments", {"reason": "found"}),
    ):
        asked = line if "receipts" in path else {key: line[key] for key in line if key != "value"}
        body = {"lines": [asked]} | facts
        facts_shown = problem(await sales.erp.post(path, body), 409, "serial_exists")["facts"]
        assert facts_shown["place"] == "CUSTOMERS"


async def test_a_part_of_a_piece_is_rejected_alone_in_a_batch(sales, desk, drill):
    """E48: the other orders of the batch are taken and get their pieces."""
    customer = await desk.customer()
    sent = [
        sales.body(customer, (drill, quantity, "1"))
        | {"external_id": desk.word("order"), "source_version": 1}
        for quantity in ("2", "0.5", "3")
    ]
    reply = await sales.erp.post("/v1/sales-orders/by-external/crm/batch", {"items": sent})
    shown = [await desk.see(f"/v1/sales-orders/{one['id']}") for one in reply.json()["items"]]
    refused = f"fraction_of_unit: {drill['sku']}"
    assert [(one["state"], one["reason"]) for one in shown] == [
        ("confirmed", ""),
        ("rejected", refused),
        ("confirmed", ""),
    ]
    level = (await desk.see(f"/v1/stock-levels?sku={drill['sku']}"))["items"][0]
    assert (level["on_hand"], level["reserved"]) == ("5", "5")
