"""Forecasts as demands of a plan: consumed by orders once, and calculated from history."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.planning.rules.forecasts import Forecast, Ordered, forecast_demands, left_of
from erp.stock.lines import DemandLine
from erp.stock.service.allocating import allocate_lines
from erp.stock.service.demand import cancel_demand

from .test_plans import PARAMETERS, Shop

pytestmark = pytest.mark.business_day

FORECASTS = "/v1/demand-forecasts"


def left(forecasts, orders, **days):
    return {one.ref: quantity for one, quantity in left_of(forecasts, orders, **days)}


def test_an_order_consumes_its_own_period_first_then_earlier_then_later_ones():
    """E53: never both of an order and the forecast it fulfils."""
    three = [Forecast(name, "", at, at + 6, 100) for name, at in (("a", 1), ("b", 8), ("c", 15))]
    assert left(three, [Ordered("x", 8, 30)]) == {"a": 100, "b": 70, "c": 100}
    assert left(three, [Ordered("x", 14, 130)]) == {"a": 100, "b": 0, "c": 100}
    assert left(three, [Ordered("x", 14, 130)], backward=7) == {"a": 70, "b": 0, "c": 100}
    assert left(three, [Ordered("x", 14, 130)], forward=1) == {"a": 100, "b": 0, "c": 70}
    both = {"backward": 7, "forward": 7}
    assert left(three, [Ordered("x", 14, 230)], **both) == {"a": 0, "b": 0, "c": 70}
    # What another order needs of its own period is not taken by one that comes first.
    orders = [Ordered("x", 7, 150), Ordered("y", 9, 100)]
    assert left(three, orders, **both) == {"a": 0, "b": 0, "c": 100}
    assert left(three, orders, forward=14) == {"a": 0, "b": 0, "c": 50}


def test_a_customers_own_forecast_comes_before_the_one_for_all():
    some = [Forecast("own", "x", 1, 30, 40), Forecast("all", "", 1, 30, 100)]
    orders = [Ordered("x", 5, 60), Ordered("y", 6, 10)]
    assert left(some, orders) == {"own": 0, "all": 70}


def test_what_is_left_is_needed_week_by_week_from_today_on():
    month = Forecast("m", "", 1, 28, 100)
    assert [(one.day, one.quantity) for one in forecast_demands("i", [(month, 100)], 1)] == [
        *((1, 25), (8, 25), (15, 25), (22, 25)),
    ]
    assert [(one.day, one.quantity) for one in forecast_demands("i", [(month, 10)], 20)] == [
        *((20, 7), (27, 3)),
    ]
    assert forecast_demands("i", [(month, 10)], 29) == []


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(1, 60)), max_size=12),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_forecasts_and_orders_are_never_counted_twice(quantities, orders, backward, forward):
    """E53: what is consumed is no more than what was ordered, and no more than was expected."""
    periods = [Forecast(str(at), "", at * 7, at * 7 + 6, one) for at, one in enumerate(quantities)]
    ordered = [Ordered("x", day, quantity) for day, quantity in orders]
    some = left_of(periods, ordered, backward=backward, forward=forward)
    assert all(0 <= rest <= one.quantity for one, rest in some)
    consumed = sum(quantities) - sum(rest for _, rest in some)
    assert consumed <= sum(one.quantity for one in ordered)
    assert some == left_of(periods, ordered[::-1], backward=backward, forward=forward)
    needed = forecast_demands("i", some, 0)
    assert sum(one.quantity for one in needed) == sum(rest for _, rest in some)


@pytest.fixture
async def shop(desk):
    made = Shop(desk)
    await made.set_up()
    return made


async def wanted(shop, item, quantity, day):
    line = DemandLine(uuid4(), uuid4(), UUID(item["id"]), Decimal(quantity), day)
    async with shop.erp.database.transaction() as work:
        await allocate_lines(work, [line])
    return line


async def test_a_plan_takes_what_orders_leave_of_a_forecast(shop, problem):
    """E53, E47: 70 are expected, 30 of them ordered: 70 in all; canceled, still 70."""
    desk, item = shop.desk, await shop.desk.item(name="Lamp")
    first = shop.day(14)
    period = {"from_on": str(first), "to_on": str(first + timedelta(days=6))}
    made = await desk.add(FORECASTS, sku=item["sku"], quantity="70", **period)
    assert (made["source"], made["customer_number"]) == ("entered", None)
    again = {"sku": item["sku"], "quantity": "5", "from_on": period["to_on"]}
    again |= {"to_on": str(first + timedelta(days=20))}
    problem(await shop.erp.post(FORECASTS, again), 409, "overlapping_forecast")
    backwards = again | {"from_on": str(shop.day(3)), "to_on": str(shop.day(2))}
    problem(await shop.erp.post(FORECASTS, backwards), 422, "reversed_forecast_days")
    half = again | {"quantity": "0.5"}
    problem(await shop.erp.post(FORECASTS, half), 422, "fraction_of_unit")

    [planned] = await shop.planned(item)
    assert (planned["quantity"], planned["due_on"]) == ("70", str(first))
    why = await desk.see(f"/v1/planned-orders/{planned['id']}/reasons")
    assert [(one["kind"], one["forecast_id"]) for one in why["demands"]] == [
        ("forecast", made["id"])
    ]
    line = await wanted(shop, item, 30, first + timedelta(days=3))
    assert sorted(one["quantity"] for one in await shop.planned(item)) == ["30", "40"]
    async with shop.erp.database.transaction() as work:
        await cancel_demand(work, [line.order_line_id])
    assert [one["quantity"] for one in await shop.planned(item)] == ["70"]

    # An order before the period consumes it where the parameters say so.
    await wanted(shop, item, 20, first - timedelta(days=4))
    assert sorted(one["quantity"] for one in await shop.planned(item)) == ["20", "70"]
    await desk.add(PARAMETERS, sku=item["sku"], forecast_forward_days=7)
    assert sorted(one["quantity"] for one in await shop.planned(item)) == ["20", "50"]
    reply = await desk.merge(f"{FORECASTS}/{made['id']}", {"quantity": "0"})
    assert reply.is_success
    assert [one["quantity"] for one in await shop.planned(item)] == ["20"]


async def test_forecasts_are_calculated_tested_and_stored_where_none_is(shop, problem):
    """Six whole weeks of 10, 20 ... 60: Holt sees the trend, and what is entered stays."""
    desk, item = shop.desk, await shop.desk.item(name="Bulb")
    monday = shop.today - timedelta(days=shop.today.weekday())
    for weeks in range(1, 7):
        await wanted(shop, item, 70 - 10 * weeks, monday - timedelta(weeks=weeks))
    entered = {"from_on": str(monday + timedelta(weeks=2)), "quantity": "5"}
    entered |= {"to_on": str(monday + timedelta(weeks=2, days=1))}
    await desk.add(FORECASTS, sku=item["sku"], **entered)
    asked = {"skus": [item["sku"]], "bucket": "week", "past": 8, "ahead": 3, "hold_out": 3}
    reply = await shop.erp.post(f"{FORECASTS}/calculate", asked)
    assert reply.status_code == 200, reply.text
    [found] = reply.json()["items"]
    assert found["past"] == ["0", "0", "10", "20", "30", "40", "50", "60"]
    best = found["methods"][0]
    assert (best["method"], best["expected"], best["mae"]) == ("holt", ["70", "80", "90"], "0")
    assert {one["method"] for one in found["methods"]} >= {"holt", "exponential_smoothing"}
    listed = (await desk.see(f"{FORECASTS}?sku={item['sku']}"))["items"]
    assert len(listed) == 1
    for _ in range(2):
        reply = await shop.erp.post(f"{FORECASTS}/calculate", asked | {"store": True})
        [found] = reply.json()["items"]
        assert [one["stored"] for one in found["periods"]] == [True, True, False]
    listed = (await desk.see(f"{FORECASTS}?sku={item['sku']}&source=holt&sort=from_on"))["items"]
    assert [(one["from_on"], one["quantity"]) for one in listed] == [
        (str(monday), "70"),
        (str(monday + timedelta(weeks=1)), "80"),
    ]
    # What somebody corrects is theirs, and what was only noted is still calculated.
    for one, change in zip(listed, ({"quantity": "500"}, {"note": "Fair"}), strict=True):
        assert (await desk.merge(f"{FORECASTS}/{one['id']}", change)).is_success
    reply = await shop.erp.post(f"{FORECASTS}/calculate", asked | {"store": True})
    [found] = reply.json()["items"]
    assert [one["stored"] for one in found["periods"]] == [False, True, False]
    kept = await desk.see(f"{FORECASTS}/{listed[0]['id']}")
    assert (kept["quantity"], kept["source"]) == ("500", "entered")
    problem(
        await shop.erp.post(f"{FORECASTS}/calculate", {"skus": ["?"]}), 422, "missing_reference"
    )


async def test_a_past_forecast_that_is_consumed_takes_nothing_of_later_orders(shop):
    """E53: 100 are expected of each of three periods; 100 were ordered first, then 150."""
    desk, item = shop.desk, await shop.desk.item(name="Shade")
    for first, last in ((-27, -1), (0, 20), (21, 41)):
        period = {"from_on": str(shop.day(first)), "to_on": str(shop.day(last))}
        await desk.add(FORECASTS, sku=item["sku"], quantity="100", **period)
    await desk.add(PARAMETERS, sku=item["sku"], forecast_backward_days=15, forecast_forward_days=25)
    await wanted(shop, item, 100, shop.day(-26))
    await wanted(shop, item, 150, shop.day(5))
    assert sum(int(one["quantity"]) for one in await shop.planned(item)) == 250 + 50
