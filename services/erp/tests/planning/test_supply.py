"""One answer of plan and shortages: each need once, as the item's policy says (E41)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from erp.stock.service.demand import cancel_demand, change_ordered_quantity

from .test_forecasts import wanted
from .test_making import received
from .test_plans import ORDERS, PARAMETERS, Shop

pytestmark = pytest.mark.business_day

SUPPLY, MADE = "/v1/supply-suggestions", "/v1/production-orders"


@pytest.fixture
async def shop(office):
    made = Shop(office.desk)
    await made.set_up()
    return made


async def seen(shop, item):
    """Source, origin and quantity of what is suggested of the item."""
    found = (await shop.desk.see(f"{SUPPLY}?sku={item['sku']}"))["suggestions"]
    return [(one["source"], one["origin"], one["quantity"]) for one in found]


async def change(shop, line, quantity=None):
    async with shop.erp.database.transaction() as work:
        if quantity is None:
            await cancel_demand(work, [line.order_line_id])
        else:
            await change_ordered_quantity(work, {line.order_line_id: Decimal(quantity)})


async def test_an_order_short_of_stock_is_made_or_bought_as_the_policy_says(shop):
    """E41: at once and without a plan; changed and cancelled, the suggestion follows."""
    day = shop.day(20)
    bolt, table = await wanted(shop, shop.bolt, 33, day), await wanted(shop, shop.table, 4, day)
    assert await seen(shop, shop.bolt) == [("buy", "shortage", "40")]
    assert await seen(shop, shop.table) == [("make", "shortage", "4")]
    found = (await shop.desk.see(f"{SUPPLY}?sku={shop.table['sku']}"))["suggestions"][0]
    assert (found["due_on"], found["release_on"]) == (str(day), str(day - timedelta(days=3)))
    [bought] = (await shop.desk.see(f"{SUPPLY}?sku={shop.bolt['sku']}&source=buy"))["suggestions"]
    assert bought["supplier_number"] == shop.supplier["number"]
    wanted_path = f"/v1/purchase-suggestions?state=open&sku={shop.bolt['sku']}"
    [old] = (await shop.desk.see(wanted_path))["items"]
    assert (bought["purchase_suggestion_id"], bought["quantity"]) == (old["id"], old["quantity"])

    # A production order that is only planned answers the need as well.
    days = {"start_on": str(shop.day(2)), "due_on": str(day)}
    made = await shop.desk.add(MADE, sku=shop.table["sku"], quantity="3", **days)
    assert await seen(shop, shop.table) == [("make", "shortage", "1")]
    assert (await shop.erp.post(f"{MADE}/{made['id']}/cancel", None)).is_success
    await shop.desk.merge(f"{PARAMETERS}/{shop.parameters['id']}", {"policy": "buy"})
    assert [one[0] for one in await seen(shop, shop.table)] == ["buy"]
    await shop.desk.merge(f"{PARAMETERS}/{shop.parameters['id']}", {"policy": "make_to_order"})
    assert [one[0] for one in await seen(shop, shop.table)] == ["make"]

    await change(shop, table, 6)
    assert await seen(shop, shop.table) == [("make", "shortage", "6")]
    await change(shop, table)
    await change(shop, bolt)
    assert (await seen(shop, shop.table), await seen(shop, shop.bolt)) == ([], [])


async def test_what_a_plan_wants_is_not_suggested_twice(shop):
    """E41: the plan's order answers the need; what comes beyond it is short, what goes is off."""
    day = shop.day(30)
    line = await wanted(shop, shop.bolt, 33, day)
    [planned] = await shop.planned(shop.bolt)
    assert await seen(shop, shop.bolt) == [("buy", "plan", "40")]
    await wanted(shop, shop.bolt, 15, day)
    assert await seen(shop, shop.bolt) == [("buy", "plan", "40"), ("buy", "shortage", "10")]
    await change(shop, line, 20)
    assert await seen(shop, shop.bolt) == [("buy", "plan", "27"), ("buy", "shortage", "10")]
    await change(shop, line)
    assert await seen(shop, shop.bolt) == [("buy", "plan", "7"), ("buy", "shortage", "10")]
    assert [one["quantity"] for one in await shop.planned(shop.bolt)] == ["20"]
    [planned] = await shop.orders(shop.bolt)
    assert await seen(shop, shop.bolt) == [("buy", "plan", "20")]
    reply = await shop.erp.post(f"{ORDERS}/order", {"ids": [planned["id"]]})
    assert reply.status_code == 201, reply.text
    assert await seen(shop, shop.bolt) == []


async def test_what_was_reserved_already_is_not_made_for_an_order_that_wants_less(shop):
    """E41: of 100 are 60 reserved and 40 planned; with 70 wanted 10 are left, with 60 nothing."""
    item, day = await shop.desk.item(name="Nut"), shop.day(30)
    await received(shop, item, "60")
    ordered = await wanted(shop, item, 100, day)
    assert [one["quantity"] for one in await shop.planned(item)] == ["40"]
    await change(shop, ordered, 70)
    assert await seen(shop, item) == [("buy", "plan", "10")]
    await change(shop, ordered, 60)
    assert await seen(shop, item) == []


async def test_what_is_past_due_is_due_when_it_can_be_here(shop):
    """E37, E54: needed tomorrow, five days to come: ordered for then, or for the day agreed."""
    await wanted(shop, shop.bolt, 10, shop.day(1))
    [bolt] = await shop.planned(shop.bolt)
    assert (bolt["due_on"], bolt["past_due_days"]) == (str(shop.day(1)), 4)
    placed = await shop.erp.post(f"{ORDERS}/order", {"ids": [bolt["id"]]})
    [made] = placed.json()["purchase_order_ids"]
    [line] = (await shop.desk.see(f"/v1/purchase-orders/{made}"))["lines"]
    assert line["due_on"] == str(shop.day(5))
    await wanted(shop, shop.bolt, 10, shop.day(6))
    await shop.planned(shop.bolt)
    [bolt] = [one for one in await shop.orders(shop.bolt) if one["state"] == "planned"]
    body = {"ids": [bolt["id"]], "due_on": str(shop.day(2))}
    placed = await shop.erp.post(f"{ORDERS}/order", body)
    [made] = placed.json()["purchase_order_ids"]
    [line] = (await shop.desk.see(f"/v1/purchase-orders/{made}"))["lines"]
    assert line["due_on"] == str(shop.day(2))


async def test_what_a_plan_orders_and_waits_for_approval_is_neither_planned_nor_promised(shop):
    """E41, E71: it covers the need while it waits; closed, it is wanted again."""
    conditions = [{"fact": "supplier_id", "values": [shop.supplier["id"]]}]
    step = {"approvers": "role", "role": "accountant"}
    await shop.desk.add(
        "/v1/approval-rules",
        kind="purchase",
        name="All of them",
        position=1,
        conditions=conditions,
        steps=[step],
    )
    await shop.wanted(shop.bolt, 20, 9)
    [planned] = await shop.planned(shop.bolt)
    made = await shop.desk.add(f"{ORDERS}/order", ids=[planned["id"]])
    [order_id] = made["purchase_order_ids"]
    order = await shop.desk.see(f"/v1/purchase-orders/{order_id}")
    assert (order["state"], order["approval"]["state"]) == ("pending_approval", "pending")
    assert await seen(shop, shop.bolt) == []
    assert await shop.planned(shop.bolt) == []
    promise = await shop.desk.see(f"/v1/earliest-promise?sku={shop.bolt['sku']}&quantity=1")
    assert [one["origin"] for one in promise["parts"]] == ["buy"]
    assert (await shop.erp.post(f"/v1/purchase-orders/{order_id}/close", None)).is_success
    assert [one[2] for one in await seen(shop, shop.bolt)] == ["20"]
    assert [one["quantity"] for one in await shop.planned(shop.bolt)] == ["20"]
