"""Orders that must not lose value, material or word: rework, batches, serials, events."""

import pytest

pytestmark = pytest.mark.business_day

PATH = "/v1/production-orders"


async def made(floor, cost="20.00", quantity="1000", **facts):
    """SKU of an item that is made of one part, and of the part."""
    sku = (await floor.desk.item(**facts))["sku"]
    part = await floor.stocked(cost, quantity)
    await floor.bill(sku, (part, "1"))
    return sku, part


async def test_a_rework_order_keeps_its_pieces_and_their_value(floor, problem):
    """E62, E63: it is neither cancelled nor made larger; as scrap its value leaves."""
    sku, _ = await made(floor)
    order = await floor.released(sku, "4")
    await floor.acts(order, "report", good="3", rework="1", reason="Scratched")
    [again] = (await floor.desk.see(f"{PATH}?rework_of_id={order['id']}"))["items"]
    document = problem(await floor.asks(again, "cancel"), 409, "rework_has_pieces")
    assert document["facts"]["value"] == "20"
    path = f"{PATH}/{again['id']}"
    reply = await floor.desk.change(path, {"quantity": "20"}, revision=again["version"])
    assert problem(reply, 409, "order_fixed")["facts"]["fields"] == "quantity"
    await floor.acts(again, "release")
    problem(await floor.asks(again, "cancel"), 409, "rework_has_pieces")
    last = {"scrap": "1", "reason": "Broken", "finish": True, "accept_short": True}
    await floor.acts(again, "report", **last)
    await floor.acts(again, "close")
    assert "work_in_progress" not in await floor.costs(again)


async def test_orders_released_at_once_do_not_share_their_material(floor, problem):
    """E61: 10 pieces are not the material of two orders of one batch."""
    sku, part = await made(floor, quantity="10")
    orders = [await floor.acts(await floor.planned(sku, "10"), "firm") for _ in range(2)]
    body = {"order_ids": [one["id"] for one in orders], "require_material": True}
    reply = await floor.erp.post(f"{PATH}/release-batch", body)
    assert part in problem(reply, 409, "material_short")["facts"]["missing"]
    assert (await floor.desk.see(f"{PATH}/{orders[0]['id']}"))["state"] == "firm"


async def test_serials_belong_to_good_pieces_and_to_the_order_they_were_issued_to(floor, problem):
    """E28, E61: none is dropped, none comes back from another order; by-products have none."""
    part = (await floor.desk.item(tracking="serial"))["sku"]
    cost = {"amount": "5.00", "currency": "CNY"}
    line = {"sku": part, "quantity": "2", "unit_cost": cost, "serials": ["a", "b"]}
    await floor.does("/v1/stock-receipts", lines=[line])
    sku = (await floor.desk.item(tracking="serial"))["sku"]
    await floor.bill(sku, (part, "1"))
    saw = await floor.centre()
    steps = ({"sequence": n, "work_centre": saw, "run_minutes": "1"} for n in (10, 20))
    await floor.routing(sku, *steps)
    first, second = [await floor.released(sku, "1") for _ in range(2)]
    for body in ({"operation": 10, "good": "1"}, {"minutes": "1", "operation": 20}):
        reply = await floor.asks(first, "report", serials=["x"], **body)
        assert "/serials" in str(problem(reply, 422, "invalid_input"))
    for order, serial in ((first, "a"), (second, "b")):
        lines = [{"sku": part, "quantity": "1", "serials": [serial]}]
        await floor.acts(order, "issue", lines=lines)
    other = [{"sku": part, "quantity": "1", "serials": ["b"]}]
    problem(await floor.asks(first, "return-material", lines=other), 409, "serial_not_issued")
    await floor.acts(second, "return-material", lines=other)
    done, wood = (await floor.desk.item())["sku"], await floor.stocked("1.00")
    beside = [{"sku": part, "quantity": "1", "cost_share": "0.1"}]
    await floor.bill(done, (wood, "1"), by_products=beside)
    reply = await floor.asks(await floor.planned(done, "1"), "firm")
    problem(reply, 409, "by_product_by_serial")


async def test_an_event_names_what_was_counted(floor):
    """Who filters by `changed` sees good pieces, and the bill that an order is firm with."""
    sku, _ = await made(floor)
    order = await floor.released(sku, "4")
    await floor.acts(order, "report", good="3")
    events = await floor.desk.events_of(order["id"])
    assert "bill_of_material_id" in events[-2]["payload"]["changed"]
    assert events[-1]["payload"]["changed"] == ["good", "progress_percent", "state", "steps"]
    history = (await floor.desk.see(f"{PATH}/{order['id']}/history"))["items"]
    assert "good" in str(history[0])
