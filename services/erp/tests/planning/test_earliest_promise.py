"""When so many could be there, asked of a running ERP (E37)."""

import pytest

from .test_forecasts import wanted
from .test_making import received
from .test_plans import PARAMETERS, Shop

pytestmark = pytest.mark.business_day

PROMISE = "/v1/earliest-promise"


@pytest.fixture
async def shop(office):
    made = Shop(office.desk)
    await made.set_up()
    return made


async def asked(shop, item, quantity, days=0):
    """The answer, and of each part: item, quantity, origin, days from today, which it goes into."""
    found = await shop.desk.see(
        f"{PROMISE}?sku={item['sku']}&quantity={quantity}&on={shop.day(days)}"
    )
    names = {one["sku"]: name for name, one in (("table", shop.table), ("leg", shop.leg))}
    parts = [
        (names[one["sku"]], one["quantity"], one["origin"], one["part_of"])
        for one in found["parts"]
    ]
    return found, parts


async def test_what_is_free_is_promised_and_the_rest_made_of_what_is_bought(shop):
    """E37: two are there for today; three more need 15 legs in five days and are made in three."""
    await received(shop, shop.table, "2")
    found, parts = await asked(shop, shop.table, 2)
    assert (found["promised_on"], parts) == (str(shop.day(0)), [("table", "2", "stock", None)])
    found, parts = await asked(shop, shop.table, 4)
    assert parts == [
        ("table", "2", "stock", None),
        ("table", "2", "make", None),
        ("leg", "10", "buy", 2),
    ]
    assert (found["promised_on"], found["lacking"]) == (str(shop.day(8)), "0")
    [_, made, leg] = found["parts"]
    assert (made["begins_on"], leg["begins_on"]) == (str(shop.day(5)), str(shop.day(0)))


async def test_who_may_not_see_bills_is_not_told_what_goes_into_an_item(shop):
    seller = await shop.erp.as_("stock.read")
    found = (await seller.get(f"{PROMISE}?sku={shop.table['sku']}&quantity=2")).json()
    assert [one["origin"] for one in found["parts"]] == ["make"]
    assert found["promised_on"] == str(shop.day(8))


async def test_an_older_promise_is_kept_also_that_of_a_firm_production_order(shop):
    """E37: what orders wait for, and what firm orders will need, is nobody else's."""
    await received(shop, shop.leg, "20")
    await received(shop, shop.table, "2")
    await wanted(shop, shop.table, 2, shop.day(10))
    _, parts = await asked(shop, shop.table, 1)
    assert parts == [("table", "1", "make", None), ("leg", "10", "stock", 1)]
    days = {"start_on": str(shop.day(1)), "due_on": str(shop.day(4))}
    order = await shop.desk.add(
        "/v1/production-orders", sku=shop.table["sku"], quantity="4", **days
    )
    reply = await shop.erp.post(f"/v1/production-orders/{order['id']}/firm", None)
    assert reply.is_success, reply.text
    found, parts = await asked(shop, shop.table, 5, days=4)
    assert parts[0][:3] == ("table", "4", "receipt")
    assert ("leg", "10", "buy", 2) in parts
    assert found["promised_on"] == str(shop.day(8))


async def test_what_cannot_be_asked_or_promised_is_said(shop, problem):
    nobody = await shop.desk.item(name="Never bought")
    found = await shop.desk.see(f"{PROMISE}?sku={nobody['sku']}&quantity=3")
    assert (found["promised_on"], found["lacking"], found["parts"]) == (None, "3", [])
    client = shop.desk.client
    problem(await client.get(f"{PROMISE}?sku=NOWHERE-1"), 404, "not_found")
    half = await client.get(f"{PROMISE}?sku={nobody['sku']}&quantity=0.5")
    problem(half, 422, "fraction_of_unit")
    await shop.desk.merge(f"{PARAMETERS}/{shop.parameters['id']}", {"lot_maximum": "2"})
    many = await client.get(f"{PROMISE}?sku={shop.table['sku']}&quantity=1000000")
    problem(many, 422, "promise_too_large")


async def test_in_parts_says_how_many_are_there_on_which_day(shop):
    """E37: 2 lie there, legs for 2 more lie there, the rest waits for legs that are bought."""
    await received(shop, shop.table, "2")
    await received(shop, shop.leg, "10")
    path = f"{PROMISE}?sku={shop.table['sku']}&quantity=6"
    found = await shop.desk.see(f"{path}&in_parts=true")
    whole = await shop.desk.see(path)
    shown = [(one["on"], one["quantity"]) for one in found["by_day"]]
    assert shown == [(str(shop.day(0)), "2"), (str(shop.day(3)), "2"), (str(shop.day(8)), "2")]
    assert found["promised_on"] == whole["promised_on"] == str(shop.day(8))
    assert whole["by_day"] == [{"on": str(shop.day(8)), "quantity": "6"}]
    assert (await shop.erp.client.get(f"{path}&in_parts=7")).status_code == 422
