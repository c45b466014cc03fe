"""What production is expected to bring can be promised, until it is here or given up (E37)."""

from datetime import timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.business_day


def week(floor, number):
    """A day in week 1 (today), 2, ..."""
    return str(floor.office.today + timedelta(days=7 * (number - 1)))


async def promisable(floor, sku):
    path = f"/v1/availability?sku={sku}&quantity=1&on={floor.today}"
    shown = await floor.desk.see(path)
    days = {week(floor, number): number for number in range(1, 9)}
    return {days[one["on"]]: int(one["quantity"]) for one in shown["promisable"]}


async def incoming(floor, sku):
    path = f"/v1/availability?sku={sku}&quantity=1&on={floor.today}"
    return (await floor.desk.see(path))["incoming"]


async def ordered(floor, sku, quantity, on):
    """A customer's order for the day."""
    [item] = (await floor.desk.see(f"/v1/items?sku={sku}"))["items"]
    customer = await floor.desk.customer()
    line = {"item_id": item["id"], "external_line_id": "1", "quantity": quantity}
    line["unit_price"] = {"amount": "10", "currency": "CNY"}
    body = {"customer_id": customer["id"], "lines": [line], "requested_on": on}
    return await floor.desk.add("/v1/sales-orders", **body)


async def test_v8_available_to_promise_with_production(floor):
    """E37 with V8, receipts made instead of bought; each order promised, and 45 in week 2."""
    part, lamp = await floor.stocked("1.00"), await floor.stocked("2.00", "100")
    await floor.bill(lamp, (part, "1"))
    made: list[Any] = []
    for number in (2, 4):
        days = {"start_on": floor.today, "due_on": week(floor, number)}
        order = await floor.planned(lamp, "80", **days)
        assert await incoming(floor, lamp) == str(80 * len(made))
        await floor.acts(order, "firm")
        made.append(order)
    assert await promisable(floor, lamp) == {1: 100, 2: 80, 4: 80}
    for number, quantity in ((1, "60"), (2, "50"), (3, "20"), (4, "30")):
        await ordered(floor, lamp, quantity, week(floor, number))
    assert await promisable(floor, lamp) == {1: 0, 2: 50, 4: 50}
    assert await incoming(floor, lamp) == "160"

    # A later due day is promised later, and week 4 takes of week 2.
    reply = await floor.desk.merge(f"{floor.path}/{made[1]['id']}", {"due_on": week(floor, 5)})
    assert reply.is_success, reply.text
    assert await promisable(floor, lamp) == {1: 0, 2: 20, 5: 80}
    await floor.acts(made[0], "release")
    await floor.acts(made[0], "report", good="30")
    assert await incoming(floor, lamp) == "130"
    await floor.acts(made[0], "finish", accept_short=True)
    assert await incoming(floor, lamp) == "80"
    await floor.acts(made[1], "cancel")
    assert await incoming(floor, lamp) == "0"


async def test_what_is_made_is_not_suggested_to_be_bought(floor):
    """E41: an order in work answers the need; cut short, it is suggested again."""
    part, lamp = await floor.stocked("1.00"), (await floor.desk.item())["sku"]
    await floor.bill(lamp, (part, "1"))
    await ordered(floor, lamp, "10", week(floor, 3))
    path = f"/v1/purchase-suggestions?sku={lamp}&state=open"
    assert [one["quantity"] for one in (await floor.desk.see(path))["items"]] == ["10"]
    order = await floor.released(lamp, "10", due_on=week(floor, 2))
    assert (await floor.desk.see(path))["items"] == []
    supply = f"/v1/supply-suggestions?sku={lamp}"
    assert (await floor.desk.see(supply))["suggestions"] == []
    await floor.acts(order, "report", good="4", finish=True, accept_short=True)
    [again] = (await floor.desk.see(supply))["suggestions"]
    assert (again["source"], again["quantity"]) == ("make", "6")


async def test_pieces_lost_or_made_again_are_expected_once(floor):
    """E37, E60: of 10 scrap is expected no more, and what is made again of the order that does."""
    part, lamp = await floor.stocked("1.00"), (await floor.desk.item())["sku"]
    await floor.bill(lamp, (part, "1"))
    order = await floor.released(lamp, "10")
    reports = [({"good": "4"}, "6"), ({"scrap": "2"}, "4"), ({"good": "1", "rework": "3"}, "0")]
    for said, left in reports:
        await floor.acts(order, "report", reason="Cracks", **said)
        assert await incoming(floor, lamp) == left
    again = await floor.desk.see(f"{floor.path}?rework_of_id={order['id']}")
    await floor.acts(again["items"][0], "firm")
    assert await incoming(floor, lamp) == "3"
