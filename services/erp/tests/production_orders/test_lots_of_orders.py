"""Production with goods in lots: which leave, which come, and what came of what."""

from datetime import date, timedelta

import pytest

pytestmark = pytest.mark.business_day


async def in_lots(floor, *lots, **facts):
    """SKU of a new item with so many in each lot, which expires in so many days."""
    sku = (await floor.desk.item(tracking="lot", **facts))["sku"]
    named = []
    for number, quantity, days, quality in lots:
        until = (date.fromisoformat(floor.today) + timedelta(days=days)).isoformat()
        lot = {"number": number, "quantity": quantity, "expires_on": until, "quality": quality}
        named.append(lot)
    if named:
        quantity = str(sum(int(one["quantity"]) for one in named))
        cost = {"amount": "1.00", "currency": "CNY"}
        line = {"sku": sku, "quantity": quantity, "unit_cost": cost, "lots": named}
        reply = await floor.erp.post("/v1/stock-receipts", {"lines": [line]})
        assert reply.is_success, reply.text
    return sku


async def lots_of(floor, sku):
    found = (await floor.desk.see(f"/v1/lots?sku={sku}"))["items"]
    return {one["number"]: one for one in found}


def left(lots):
    return {number: one["on_hand"] for number, one in lots.items()}


async def traced(floor, lot, direction):
    found = await floor.desk.see(f"/v1/lots/{lot['id']}/trace?direction={direction}")
    return {one["number"] for one in found["lots"]}


async def test_a_recall_goes_through_production(floor, problem):
    """E61, E65, E40: FEFO of what may be used, into lots of the order; found in both directions."""
    flour = await in_lots(
        floor,
        ("LATE", "10", 20, "released"),
        ("SOON", "6", 9, "released"),
        ("BAD", "9", 5, "blocked"),
    )
    bran, bread = await in_lots(floor), await in_lots(floor, shelf_life_days=5)
    beside = {"sku": bran, "quantity": "1", "cost_share": "0.1"}
    await floor.bill(bread, (flour, "1"), by_products=[beside])
    order = await floor.released(bread, "20")
    refused = await floor.asks(order, "report", good="17")
    problem(refused, 409, "too_little_on_hand")  # 16 may be used
    named = {"sku": flour, "quantity": "1", "lots": [{"number": "BAD", "quantity": "1"}]}
    problem(await floor.asks(order, "issue", lines=[named]), 409, "lot_not_usable")
    await floor.acts(order, "report", good="5")
    assert left(await lots_of(floor, flour)) == {"LATE": "10", "SOON": "1", "BAD": "9"}
    lots = [{"number": "B-2", "quantity": "3"}]
    problem(await floor.asks(order, "report", good="4", lots=lots), 422, "lots_needed")
    await floor.acts(order, "report", good="3", lots=lots)
    made = await lots_of(floor, bread)
    assert left(made) == {order["number"]: "5", "B-2": "3"}
    until = date.fromisoformat(floor.today) + timedelta(days=5)
    assert made["B-2"]["expires_on"] == until.isoformat()
    of_flour = await lots_of(floor, flour)
    assert left(of_flour) == {"LATE": "8", "SOON": "0", "BAD": "9"}
    assert left(await lots_of(floor, bran)) == {order["number"]: "8"}
    assert await traced(floor, of_flour["SOON"], "forward") == {"SOON", order["number"], "B-2"}
    assert await traced(floor, made["B-2"], "backward") == {"SOON", "LATE", "B-2"}
    assert await traced(floor, of_flour["BAD"], "forward") == {"BAD"}
    recalled = await floor.desk.see(f"/v1/lots/{of_flour['SOON']['id']}/recall")
    assert (recalled["on_hand"], recalled["holdable"]) == ("16", "16")  # bread and bran
    assert (await floor.costs(order))["material"] == "8.00"


async def test_material_in_lots_comes_back_into_the_lots_it_left(floor, problem):
    """E65, E62: only what the order has of a lot comes back of it; a lot must be named."""
    oil = await in_lots(floor, ("A", "5", 9, "released"), ("B", "5", 9, "released"))
    soap = (await floor.desk.item())["sku"]
    await floor.bill(soap, (oil, "1"))
    order = await floor.released(soap, "5")

    def line(quantity, *lots):
        named = [{"number": lot, "quantity": quantity} for lot in lots]
        return [{"sku": oil, "quantity": quantity, "lots": named}]

    await floor.acts(order, "issue", lines=line("3", "B"))
    problem(await floor.asks(order, "return-material", lines=line("2", "A")), 409, "not_issued")
    problem(await floor.asks(order, "return-material", lines=line("2")), 422, "lots_needed")
    await floor.acts(order, "return-material", lines=line("2", "B"))
    assert left(await lots_of(floor, oil)) == {"A": "5", "B": "4"}
    assert (await floor.costs(order))["material"] == "1.00"
    soaps = {"sku": soap, "quantity": "1", "lots": [{"number": "X", "quantity": "1"}]}
    problem(await floor.asks(order, "issue", lines=[soaps]), 422, "lots_not_kept")
